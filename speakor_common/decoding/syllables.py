"""The best CTC path among those that spell Korean: every onset has its vowel, every vowel its onset.

Legend: B clips, T frames, V vocabulary.

The strongest jamo of each frame can add up to what is no syllable (기자ㅣㅂ니다, where the silent
onset ㅇ was missed). Hangul's grammar is small enough for an exact Viterbi search: a word is a
sequence of onset, vowel and at most one coda. No language model is involved, so what a learner
said is not replaced by what is usual, only by what can be written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from transformers import PreTrainedTokenizerBase

from speakor_common.text import CODAS, ONSETS, VOWELS

_ONSET, _VOWEL, _CODA, _OTHER = range(4)  # other: word delimiter, and anything that is no jamo
# A blank remembers what it follows. After a coda or a delimiter the same may come next, so one state serves both.
_AFTER_ONSET, _AFTER_VOWEL, _AFTER_REST = range(3)
_TOGETHER = 64  # clips searched at a time


def vocabulary(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Symbols by index; special tokens, which are never text, as ``""``."""
    special = {tokenizer.pad_token, tokenizer.unk_token, tokenizer.bos_token, tokenizer.eos_token}
    return [
        "" if symbol in special else symbol
        for symbol, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    ]


def path_finder(
    symbols: list[str], blank: int
) -> Callable[[Sequence[np.ndarray]], list[np.ndarray]]:
    """How to read clips' posteriors (float32, (T, V), natural logarithm) as paths (int64, (T,)) without a language model.

    Legal syllables for a vocabulary of jamo; the strongest symbol of each frame for any other.
    """
    if set(ONSETS) & set(symbols):
        return LegalSyllables(symbols, blank).paths
    return lambda clips: [log_probabilities.argmax(axis=1) for log_probabilities in clips]


class LegalSyllables:
    """Viterbi search over (symbol or blank) under the grammar of Hangul syllables.

    Args:
        symbols: vocabulary by index, conjoining jamo; special tokens as ``""`` are never chosen.
        blank: index of the CTC blank.
    """

    def __init__(self, symbols: list[str], blank: int) -> None:
        self._blank = blank
        self._kinds = np.array([_kind(symbol) for symbol in symbols])
        self._members = [np.flatnonzero(self._kinds == kind) for kind in range(4)]
        self._members[_OTHER] = np.array([i for i in self._members[_OTHER] if symbols[i]], np.int64)
        self._never = [index for index, symbol in enumerate(symbols) if not symbol]

    def paths(self, clips: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Symbol index of every frame, int64, shape = (T,), of each clip's most probable legal path.

        Args:
            clips: float32, shape = (T, V) with a T of each clip's own, natural logarithm.
        """
        found = [log_probabilities.argmax(axis=1) for log_probabilities in clips]
        illegal = [position for position, path in enumerate(found) if not self.is_legal(path)]
        illegal.sort(key=lambda position: -len(clips[position]))
        for start in range(0, len(illegal), _TOGETHER):
            group = illegal[start : start + _TOGETHER]
            for position, path in zip(
                group, self._search([clips[position] for position in group]), strict=True
            ):
                found[position] = path
        return found

    def is_legal(self, path: np.ndarray) -> bool:
        """Whether the symbols of a path, repeats merged and blanks dropped, are whole syllables."""
        changes = np.flatnonzero(np.diff(path, prepend=-1))
        symbols = path[changes]
        symbols = symbols[symbols != self._blank]
        if np.isin(symbols, self._never).any():
            return False
        kinds = np.concatenate([[_OTHER], self._kinds[symbols], [_OTHER]])
        before, after = kinds[:-1], kinds[1:]
        vowel_follows_onset = (before == _ONSET) == (after == _VOWEL)
        return bool((vowel_follows_onset & ((after != _CODA) | (before == _VOWEL))).all())

    def _search(self, clips: list[np.ndarray]) -> list[np.ndarray]:
        """Paths of clips, the longest first: those that have a frame left are always the upper rows."""
        scores = np.zeros((len(clips[0]), len(clips), clips[0].shape[1]))
        for row, clip in enumerate(clips):
            scores[: len(clip), row] = clip
        lengths = np.array([len(clip) for clip in clips])
        emitted = scores[..., self._blank].copy()
        scores[..., self._never] = -np.inf
        size = scores.shape[-1]
        # Best score of a path that ends in each symbol, and in a blank after onset, vowel, or the rest.
        states = np.full((len(clips), size + 3), -np.inf)
        states[:, size + _AFTER_REST] = 0.0
        back = np.empty((len(scores), len(clips), size + 3), np.int32)
        for frame in range(len(scores)):
            count = int((lengths > frame).sum())
            back[frame, :count] = self._step(
                states[:count], scores[frame, :count], emitted[frame, :count]
            )
        return [self._trace(states[row], back[: len(clip), row]) for row, clip in enumerate(clips)]

    def _step(self, states: np.ndarray, scores: np.ndarray, emitted: np.ndarray) -> np.ndarray:
        """Bring scores of states (B, V + 3) one frame on, in place; where each came from."""
        rows, size = np.arange(len(states)), scores.shape[1]
        best, where = self._best(states[:, :size])
        arrive, origin = _arrivals(rows, best, where, states[:, size:], size)
        back = np.broadcast_to(np.arange(size + 3), states.shape).copy()
        symbols, gaps = states[:, :size], states[:, size:]
        came = arrive[:, self._kinds]
        moved = came > symbols
        np.copyto(back[:, :size], origin[:, self._kinds], where=moved)
        np.copyto(symbols, came, where=moved)
        rest = np.where(best[:, _CODA] >= best[:, _OTHER], _CODA, _OTHER)
        for gap, kind in ((_AFTER_ONSET, _ONSET), (_AFTER_VOWEL, _VOWEL), (_AFTER_REST, rest)):
            moved = best[rows, kind] > gaps[:, gap]
            np.copyto(gaps[:, gap], best[rows, kind], where=moved)
            np.copyto(back[:, size + gap], where[rows, kind], where=moved)
        symbols += scores
        gaps += emitted[:, None]
        return back

    def _best(self, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Score and index of the best symbol of each kind: (B, 4) each."""
        best, where = np.full((len(symbols), 4), -np.inf), np.zeros((len(symbols), 4), np.int64)
        for kind, members in enumerate(self._members):
            if len(members):
                where[:, kind] = members[symbols[:, members].argmax(axis=1)]
                best[:, kind] = symbols[np.arange(len(symbols)), where[:, kind]]
        return best, where

    def _trace(self, last: np.ndarray, back: np.ndarray) -> np.ndarray:
        size = len(last) - 3
        last[self._members[_ONSET]] = -np.inf  # an onset is no end
        last[size + _AFTER_ONSET] = -np.inf
        states = [int(last.argmax())]
        for row in back[:0:-1]:
            states.append(int(row[states[-1]]))
        path = np.array(states[::-1], np.int64)
        return np.where(path >= size, self._blank, path)


# What may come before a symbol of each kind: symbols, and blanks that remember what they follow. A symbol never follows itself
# here: repeating it needs a blank between.
_BEFORE = (
    ((_VOWEL, _CODA, _OTHER), (_AFTER_VOWEL, _AFTER_REST)),
    ((_ONSET,), (_AFTER_ONSET,)),
    ((_VOWEL,), (_AFTER_VOWEL,)),
    ((_VOWEL, _CODA), (_AFTER_VOWEL, _AFTER_REST)),
)


def _arrivals(
    rows: np.ndarray, best: np.ndarray, where: np.ndarray, gaps: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """For a new symbol of each kind: score and state of the best predecessor, (B, 4) each."""
    scores, origins = np.empty(best.shape), np.empty(best.shape, np.int64)
    for kind, (symbols, blanks) in enumerate(_BEFORE):
        options = np.concatenate([best[:, symbols], gaps[:, blanks]], axis=1)
        states = np.concatenate(
            [where[:, symbols], np.broadcast_to(size + np.array(blanks), (len(rows), len(blanks)))],
            axis=1,
        )
        chosen = options.argmax(axis=1)
        scores[:, kind], origins[:, kind] = options[rows, chosen], states[rows, chosen]
    return scores, origins


def _kind(symbol: str) -> int:
    return next(
        (
            kind
            for kind, members in ((_ONSET, ONSETS), (_VOWEL, VOWELS), (_CODA, CODAS))
            if symbol in members
        ),
        _OTHER,
    )
