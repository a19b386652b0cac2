"""One form of a text, aligned with a recording, and how probable stretches of it are.

Legend: T frames, V vocabulary.

A *form* is a pronunciation in Hangul, words separated by spaces. A *stretch* is a few syllables of
it, as intended or as they may have been said instead, between their neighbours; it is scored over
all its alignments with the frames from the neighbour before to the neighbour after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speakor_common.decoding.ctc_lattice import align_labels, forward_scores
from speakor_common.text import split_syllable

_MARGIN = 2  # frames around a stretch; a CTC symbol may come a little early or late

Jamo = tuple[str, str, str]  # onset, vowel and coda as conjoining jamo; the coda may be empty


@dataclass(frozen=True)
class ClipPosteriors:
    """What a listener with a vocabulary of jamo makes of one clip.

    Attributes:
        by_speed: log posteriors of the clip as spoken, which frames refer to, and, where wanted,
            at other speeds, over which scores are averaged; float32, shape = (T, V), with a T of
            its own for each speed.
        symbols: vocabulary by index.
        blank: index of the CTC blank.
        delimiter: symbol between words.
    """

    by_speed: Sequence[np.ndarray]
    symbols: Sequence[str]
    blank: int
    delimiter: str


@dataclass(frozen=True)
class Stretch:
    """Syllables ``first`` to ``last`` of a form, said somehow, between their neighbours.

    Attributes:
        labels: symbols from the syllable before ``first`` to the one after ``last``.
    """

    first: int
    last: int
    labels: list[int]


class AlignedForm:
    """A form as the symbols of a listener, and where in a clip its syllables begin.

    Attributes:
        form: as given.
        syllables: of all words.
        starts: first frame of each syllable of the clip as spoken, and its number of frames.

    Raises:
        AudioError: the clip has too few frames for the form.
        TextError: a character is no syllable.
    """

    def __init__(self, form: str, clip: ClipPosteriors) -> None:
        self.form = form
        self._clip = clip
        self._index = {symbol: number for number, symbol in enumerate(clip.symbols)}
        self._delimiter = self._index[clip.delimiter]

        # Symbols of each syllable; the last one of a word is followed by the delimiter.
        self.syllables: list[Jamo] = []
        self._labels: list[list[int]] = []
        for word in form.split():
            if self._labels:
                self._labels[-1].append(self._delimiter)
            for character in word:
                self.syllables.append(split_syllable(character))
                self._labels.append(self._spell(self.syllables[-1:]))

        self._starts_by_speed = [self._align(posteriors) for posteriors in clip.by_speed]
        self.starts = self._starts_by_speed[0]

    def _spell(self, syllables: Sequence[Jamo]) -> list[int]:
        return [self._index[jamo] for syllable in syllables for jamo in syllable if jamo]

    def _align(self, log_probabilities: np.ndarray) -> list[int]:
        labels = [label for of_syllable in self._labels for label in of_syllable]
        frames = align_labels(log_probabilities, labels, self._clip.blank)
        begins = np.cumsum([0, *map(len, self._labels)])[:-1]
        return [*frames[begins].tolist(), len(log_probabilities)]

    def stretch(self, first: int, last: int, said: Sequence[Jamo]) -> Stretch:
        """``said`` in the place of syllables ``first`` to ``last``.

        Words end where they do in the form; ``said`` may hold a syllable more than it replaces if
        it replaces a single one.
        """
        # A delimiter stands after each syllable that ends a word.
        spelled = []
        for position in range(first, last + 1):
            here = said if first == last else [said[position - first]]
            spelled += self._spell(here)
            if self._labels[position][-1] == self._delimiter:
                spelled.append(self._delimiter)

        before = self._labels[first - 1] if first > 0 else []
        after = self._labels[last + 1] if last + 1 < len(self._labels) else []
        return Stretch(first, last, [*before, *spelled, *after])

    def scores(self, stretches: Sequence[Stretch]) -> np.ndarray:
        """Natural log probability of each stretch, a mean over speeds: float64, shape = (N,)."""
        labels = [stretch.labels for stretch in stretches]
        by_speed = []
        for log_probabilities, starts in zip(
            self._clip.by_speed, self._starts_by_speed, strict=True
        ):
            spans = [_span(starts, stretch) for stretch in stretches]
            by_speed.append(forward_scores(log_probabilities, labels, self._clip.blank, spans))
        return np.mean(by_speed, axis=0)

    def score(self) -> float:
        """Natural log probability of the whole form in the clip as spoken."""
        labels = [label for of_syllable in self._labels for label in of_syllable]
        return float(forward_scores(self._clip.by_speed[0], [labels], self._clip.blank)[0])


def _span(starts: Sequence[int], stretch: Stretch) -> tuple[int, int]:
    """Frames from the syllable before a stretch to the end of the one after it."""
    end = len(starts) - 1
    first_frame = starts[max(0, stretch.first - 1)] - _MARGIN
    end_frame = starts[min(stretch.last + 2, end)] + _MARGIN
    return max(0, first_frame), min(starts[-1], end_frame)
