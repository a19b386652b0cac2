"""The best CTC path among those that spell Korean: every onset has its vowel, every vowel its onset.

Legend: T frames, V vocabulary.

The strongest jamo of each frame can add up to what is no syllable (기자ㅣㅂ니다, where the silent
onset ㅇ was missed). Hangul's grammar is small enough for an exact Viterbi search: a word is a
sequence of onset, vowel and at most one coda. No language model is involved, so what a learner
said is not replaced by what is usual, only by what can be written.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from transformers import PreTrainedTokenizerBase

from speakor_common.text import CODAS, ONSETS, VOWELS

_ONSET, _VOWEL, _CODA, _OTHER = range(4)  # other: word delimiter, and anything that is no jamo
# A blank remembers what it follows. After a coda or a delimiter the same may come next, so one state serves both.
_AFTER_ONSET, _AFTER_VOWEL, _AFTER_REST = range(3)


def vocabulary(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Symbols by index; special tokens, which are never text, as ``""``."""
    special = {tokenizer.pad_token, tokenizer.unk_token, tokenizer.bos_token, tokenizer.eos_token}
    return ["" if symbol in special else symbol for symbol, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]


def path_finder(symbols: list[str], blank: int) -> Callable[[np.ndarray], np.ndarray]:
    """How to read posteriors (float32, (T, V), natural logarithm) as a path (int64, (T,)) without a language model.

    Legal syllables for a vocabulary of jamo; the strongest symbol of each frame for any other.
    """
    if set(ONSETS) & set(symbols):
        return LegalSyllables(symbols, blank).path
    return lambda log_probabilities: log_probabilities.argmax(axis=1)


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

    def path(self, log_probabilities: np.ndarray) -> np.ndarray:
        """Symbol index of every frame, int64, shape = (T,), of the most probable legal path.

        Args:
            log_probabilities: float32, shape = (T, V), natural logarithm.
        """
        strongest = log_probabilities.argmax(axis=1)
        return strongest if self.is_legal(strongest) else self._search(log_probabilities.astype(np.float64))

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

    def _search(self, scores: np.ndarray) -> np.ndarray:
        frames, size = scores.shape
        emitted = scores[:, self._blank].copy()
        scores[:, self._never] = -np.inf
        symbol = np.full(size, -np.inf)  # best score of a path that ends in each symbol,
        gap = np.array([-np.inf, -np.inf, 0.0])  # and in a blank after onset, vowel, or the rest
        states = np.arange(size + 3)
        back = np.empty((frames, size + 3), np.int32)
        for frame in range(frames):
            best, where = self._best(symbol)
            arrive, origin = _arrivals(best, where, gap, size)
            came, source = arrive[self._kinds], origin[self._kinds]
            back[frame] = states
            moved = came > symbol
            back[frame, :size][moved] = source[moved]
            rest = max(_CODA, _OTHER, key=best.__getitem__)
            for state, kind in ((_AFTER_ONSET, _ONSET), (_AFTER_VOWEL, _VOWEL), (_AFTER_REST, rest)):
                if best[kind] > gap[state]:
                    gap[state], back[frame, size + state] = best[kind], where[kind]
            symbol = np.maximum(symbol, came) + scores[frame]
            gap += emitted[frame]
        return self._trace(symbol, gap, back)

    def _best(self, symbol: np.ndarray) -> tuple[list[float], list[int]]:
        """Score and index of the best symbol of each kind."""
        where = [int(members[symbol[members].argmax()]) if len(members) else 0 for members in self._members]
        return [float(symbol[i]) if len(m) else -np.inf for i, m in zip(where, self._members, strict=True)], where

    def _trace(self, symbol: np.ndarray, gap: np.ndarray, back: np.ndarray) -> np.ndarray:
        last = np.concatenate([symbol, gap])
        last[self._members[_ONSET]] = -np.inf  # an onset is no end
        last[len(symbol) + _AFTER_ONSET] = -np.inf
        states = [int(last.argmax())]
        for row in back[:0:-1]:
            states.append(int(row[states[-1]]))
        path = np.array(states[::-1], np.int64)
        return np.where(path >= len(symbol), self._blank, path)


def _arrivals(best: list[float], where: list[int], gap: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """For a new symbol of each kind: score and state of the best predecessor.

    A symbol never follows itself here: repeating it needs a blank between.
    """
    before = {
        _ONSET: ((_VOWEL, _CODA, _OTHER), (_AFTER_VOWEL, _AFTER_REST)),
        _VOWEL: ((_ONSET,), (_AFTER_ONSET,)),
        _CODA: ((_VOWEL,), (_AFTER_VOWEL,)),
        _OTHER: ((_VOWEL, _CODA), (_AFTER_VOWEL, _AFTER_REST)),
    }
    scores, origins = np.empty(4), np.empty(4, np.int64)
    for kind, (symbols, gaps) in before.items():
        options = [(best[k], where[k]) for k in symbols] + [(float(gap[g]), size + g) for g in gaps]
        scores[kind], origins[kind] = max(options)
    return scores, origins


def _kind(symbol: str) -> int:
    return next((kind for kind, members in ((_ONSET, ONSETS), (_VOWEL, VOWELS), (_CODA, CODAS)) if symbol in members), _OTHER)
