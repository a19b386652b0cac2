"""CTC posteriors and a path through them → text, word times and confidence.

Legend: T frames, V vocabulary.

CTC is peaky: a symbol's probability rises for a frame or two near its onset and the end of a
sound is not marked. Word starts are usable as they are; a word's end is therefore taken as the
onset of what follows, and jamo times are approximate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from speakor_common.text import from_jamo


@dataclass(frozen=True)
class Word:
    """A recognised word with start and end in seconds and confidence 0-1."""

    text: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True)
class Hypothesis:
    """Text of one clip and its words; ``words`` is empty for models without frame posteriors."""

    text: str
    words: tuple[Word, ...] = ()

    def followed_by(self, later: Hypothesis, seconds: float) -> Hypothesis:
        """This one and, ``seconds`` after its start, another one, as one."""
        shifted = (
            replace(w, start_s=round(w.start_s + seconds, 3), end_s=round(w.end_s + seconds, 3))
            for w in later.words
        )
        return Hypothesis(f"{self.text} {later.text}".strip(), (*self.words, *shifted))


@dataclass(frozen=True)
class _Symbol:
    text: str
    frame: int
    confidence: float


def read_path(
    path: np.ndarray,
    log_probabilities: np.ndarray,
    symbols: list[str],
    blank: int,
    delimiter: str,
    seconds_per_frame: float,
    duration_s: float,
) -> Hypothesis:
    """Text of a path: repeats merged, blanks dropped.

    Args:
        path: int, shape = (T,), symbol index of each frame.
        log_probabilities: float32, shape = (T, V), natural logarithm.
        symbols: vocabulary by index; special tokens as ``""``.
        blank: index of the CTC blank.
        delimiter: symbol between words, ``|``.
        duration_s: length of the clip, the end of its last word.
    """
    # Confidence from entropy: raw maximum probability is overconfident (arXiv 2212.08703).
    probabilities = np.exp(log_probabilities)
    entropy = -(probabilities * log_probabilities).sum(axis=1) / np.log(log_probabilities.shape[1])
    run: list[_Symbol] = []
    previous = blank
    for frame, index in enumerate(path):
        if index != blank and index != previous and symbols[index]:
            run.append(_Symbol(symbols[index], frame, float(1 - entropy[frame])))
        previous = index
    return _assemble(run, delimiter, seconds_per_frame, duration_s)


def _assemble(
    run: list[_Symbol], delimiter: str, seconds_per_frame: float, duration_s: float
) -> Hypothesis:
    words: list[Word] = []
    current: list[_Symbol] = []
    for symbol in [*run, None]:
        if symbol is not None and symbol.text != delimiter:
            current.append(symbol)
            continue
        if current:
            end = duration_s if symbol is None else symbol.frame * seconds_per_frame
            words.append(
                Word(
                    text=from_jamo("".join(s.text for s in current)),
                    start_s=round(current[0].frame * seconds_per_frame, 3),
                    end_s=round(min(end, duration_s), 3),
                    confidence=round(min(s.confidence for s in current), 4),
                )
            )
        current = []
    return Hypothesis(" ".join(word.text for word in words), tuple(words))
