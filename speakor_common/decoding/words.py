"""From symbols of frames to a hypothesis: text, words, their times and confidence.

Legend: T frames, V vocabulary.

CTC is peaky: a symbol's probability rises for a frame or two near its onset, and the end of a
sound is not marked. Starts of words are usable as they are; a word's end is therefore taken as the
onset of what follows, and times of single jamo are approximate. Which symbols the frames get is
decided by a decoder (:mod:`.syllables`, :mod:`.beam`, :mod:`.rescoring`).
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
    """Text of one clip.

    Attributes:
        text: in the project's text form.
        words: empty for models without frame posteriors.
        raw: what the model wrote, for models that write digits and punctuation; else empty.
    """

    text: str
    words: tuple[Word, ...] = ()
    raw: str = ""

    def followed_by(self, later: Hypothesis, seconds: float) -> Hypothesis:
        """This hypothesis and one whose clip begins ``seconds`` later, joined."""
        shifted = [
            replace(
                word,
                start_s=round(word.start_s + seconds, 3),
                end_s=round(word.end_s + seconds, 3),
            )
            for word in later.words
        ]
        text = f"{self.text} {later.text}".strip()

        # Where only one of the two has a raw text, the other's text is what its model wrote.
        raw = ""
        if self.raw or later.raw:
            raw = f"{self.raw or self.text} {later.raw or later.text}".strip()
        return Hypothesis(text, (*self.words, *shifted), raw)


@dataclass(frozen=True)
class _Symbol:
    """One symbol of the output, the first frame it was found in, and the confidence there."""

    text: str
    frame: int
    confidence: float


def to_hypothesis(
    frame_symbols: np.ndarray,
    log_probabilities: np.ndarray,
    symbols: list[str],
    blank: int,
    delimiter: str,
    seconds_per_frame: float,
    duration_s: float,
) -> Hypothesis:
    """What symbols of frames spell: repeats merged, blanks dropped, split into words.

    Args:
        frame_symbols: symbol index of each frame, int, shape = (T,).
        log_probabilities: float32, shape = (T, V), natural logarithm.
        symbols: vocabulary by index; special tokens as ``""``.
        blank: index of the CTC blank.
        delimiter: symbol between words, ``|``.
        duration_s: length of the clip, the end of its last word.
    """
    # Confidence from entropy: the largest probability itself is overconfident (arXiv 2212.08703).
    probabilities = np.exp(log_probabilities)
    entropy = -(probabilities * log_probabilities).sum(axis=1) / np.log(log_probabilities.shape[1])

    output: list[_Symbol] = []
    previous = blank
    for frame, index in enumerate(frame_symbols):
        if index not in (blank, previous) and symbols[index]:
            output.append(_Symbol(symbols[index], frame, float(1 - entropy[frame])))
        previous = index

    # A delimiter ends the word before it; the end of the clip ends the last one. The last frame may
    # reach beyond the samples.
    words: list[Word] = []
    current: list[_Symbol] = []
    for symbol in output:
        if symbol.text != delimiter:
            current.append(symbol)
            continue
        if current:
            end_s = min(symbol.frame * seconds_per_frame, duration_s)
            words.append(_word(current, end_s, seconds_per_frame))
        current = []
    if current:
        words.append(_word(current, duration_s, seconds_per_frame))
    return Hypothesis(" ".join(word.text for word in words), tuple(words))


def _word(symbols: list[_Symbol], end_s: float, seconds_per_frame: float) -> Word:
    """A word of these symbols, as sure as its least sure symbol."""
    return Word(
        text=from_jamo("".join(symbol.text for symbol in symbols)),
        start_s=round(symbols[0].frame * seconds_per_frame, 3),
        end_s=round(end_s, 3),
        confidence=round(min(symbol.confidence for symbol in symbols), 4),
    )
