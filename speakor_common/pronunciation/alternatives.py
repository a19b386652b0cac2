"""What could have been said instead, sound by sound, judged on a native listener's posteriors.

Legend: T frames, V vocabulary.

A listener that only writes down its best guess hides what it was unsure of. Here every sound of
the intended pronunciation is asked about: how much better does another sound in its place explain
the audio? It is goodness of pronunciation (Witt & Young, 2000) for CTC: each alternative is scored
over all its alignments, as in arXiv 2507.16838, within the stretch from the syllable before to the
syllable after. What learners are known to say for a sound counts too (:mod:`.confusions`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from speakor_common.decoding.ctc_lattice import align_labels, forward_scores
from speakor_common.pronunciation.confusions import ADDED, SOUND_ONLY, Confusions
from speakor_common.pronunciation.deviations import Place
from speakor_common.text import ONSETS, PARTS, PRONOUNCED_CODAS, VOWELS, split_syllable

_SOUNDS = (ONSETS, VOWELS, PRONOUNCED_CODAS)  # of the parts, in their order
_AS_ONSET = dict(zip("ᆨᆫᆮᆯᆷᆸ", "ᄀᄂᄃᄅᄆᄇ", strict=True))
_ADDED_VOWELS = "ᅮᅳᅵ"  # put after a coda by speakers whose language has none: 밥 → 바부
_MARGIN = 2  # frames around a stretch; a CTC symbol may come a little early or late

Syllable = tuple[str, str, str]  # onset, vowel and coda as conjoining jamo; the coda may be empty


@dataclass(frozen=True)
class Alternative:
    """The most probable other sound at one place.

    Attributes:
        syllable: position in the pronunciation, from 0, spaces not counted.
        part: onset, vowel or coda.
        intended: conjoining jamo, ``""`` for an added vowel.
        heard: conjoining jamo, ``""`` for an omitted coda.
        gain: natural log likelihood of the alternative over the intended sound's.
        expected: log odds that a learner says it, before listening.
        log_odds: both together.
        frame: where the syllable begins.
        next_frame: where the following one does.
    """

    syllable: int
    part: str
    intended: str
    heard: str
    gain: float
    expected: float
    log_odds: float
    frame: int
    next_frame: int


@dataclass(frozen=True)
class Question:
    """What could have been said at one syllable.

    Attributes:
        position: of the syllable.
        part: onset, vowel or coda; :data:`ADDED` for a vowel added after the coda; ``""`` where
            it is the intended syllable itself, with which the others are compared.
        intended, heard: conjoining jamo.
        labels: of the syllable so said, between its neighbours as intended.
    """

    position: int
    part: str
    intended: str
    heard: str
    labels: list[int]


class Spelling:
    """A pronunciation as the symbols of a listener.

    Attributes:
        syllables: of all words.
        labels: symbols of each syllable; the last one of a word is followed by the delimiter.
    """

    def __init__(self, pronunciation: str, symbols: Sequence[str], delimiter: str) -> None:
        self._index = {symbol: number for number, symbol in enumerate(symbols)}
        self._delimiter = self._index[delimiter]
        self.syllables: list[Syllable] = []
        self.labels: list[list[int]] = []
        for word in pronunciation.split():
            if self.labels:
                self.labels[-1].append(self._delimiter)
            for character in word:
                syllable = split_syllable(character)
                self.syllables.append(syllable)
                self.labels.append(self._spell(syllable))

    def _spell(self, syllable: Syllable) -> list[int]:
        return [self._index[jamo] for jamo in syllable if jamo]

    def said_as(self, position: int, said: Sequence[Syllable]) -> list[int]:
        """Symbols from the syllable before ``position`` to the one after, with ``said`` there."""
        here = self.labels[position]
        before = self.labels[position - 1] if position > 0 else []
        after = self.labels[position + 1] if position + 1 < len(self.labels) else []
        spelled = [label for syllable in said for label in self._spell(syllable)]
        delimiter = here[-1:] if here[-1] == self._delimiter else []
        return [*before, *spelled, *delimiter, *after]

    def starts(self, log_probabilities: np.ndarray, blank: int) -> list[int]:
        """First frame of each syllable, and the number of frames.

        Raises:
            AudioError: too few frames for the text.
        """
        flat = [label for labels in self.labels for label in labels]
        frames = align_labels(log_probabilities, flat, blank)
        begins = np.cumsum([0, *map(len, self.labels[:-1])])
        return [*frames[begins].tolist(), len(log_probabilities)]


def best_alternatives(
    pronunciation: str,
    posteriors_by_speed: Sequence[np.ndarray],
    symbols: Sequence[str],
    blank: int,
    delimiter: str,
    confusions: Confusions = SOUND_ONLY,
) -> list[Alternative]:
    """For each sound the other one that was most probably said, however improbable.

    Args:
        pronunciation: pronounced Hangul, words separated by spaces.
        posteriors_by_speed: log posteriors of the clip as spoken, which frames refer to, and,
            where wanted, at other speeds, over which gains are averaged; float32, shape = (T, V)
            with a T of its own for each speed, of a listener with a vocabulary of jamo.
        symbols: vocabulary by index.
        confusions: what learners are known to say for a sound.

    Raises:
        AudioError: the clip has too few frames for the text.
        TextError: a character is no syllable.
    """
    spelling = Spelling(pronunciation, symbols, delimiter)
    if not spelling.syllables:
        return []
    questions = list(_questions(spelling))

    # Score every question at every speed, within the frames of its syllable and its neighbours.
    scores = []
    starts_by_speed = []
    for log_probabilities in posteriors_by_speed:
        starts = spelling.starts(log_probabilities, blank)
        spans = [_span(starts, question.position) for question in questions]
        labels = [question.labels for question in questions]
        scores.append(forward_scores(log_probabilities, labels, blank, spans))
        starts_by_speed.append(starts)

    mean_scores = np.mean(scores, axis=0)
    return _best(questions, mean_scores, spelling.syllables, starts_by_speed[0], confusions)


def _questions(spelling: Spelling) -> Iterator[Question]:
    """Each syllable as intended, and with each other sound in the place of one of its own."""
    for position, syllable in enumerate(spelling.syllables):
        yield Question(position, "", "", "", spelling.said_as(position, [syllable]))
        for part, intended, heard, said in _variants(syllable):
            yield Question(position, part, intended, heard, spelling.said_as(position, said))


def _variants(syllable: Syllable) -> Iterator[tuple[str, str, str, list[Syllable]]]:
    """``(part, intended, heard, syllables said)`` of everything else that could be said."""
    # Another sound, or no coda.
    for number, sounds in enumerate(_SOUNDS):
        for sound in sounds:
            if sound != syllable[number]:
                said = (*syllable[:number], sound, *syllable[number + 1 :])
                yield PARTS[number], syllable[number], sound, [said]

    # A coda that got a vowel of its own.
    onset = _AS_ONSET.get(syllable[2])
    if onset is not None:
        for vowel in _ADDED_VOWELS:
            yield ADDED, "", vowel, [(*syllable[:2], ""), (onset, vowel, "")]


def _span(starts: list[int], position: int) -> tuple[int, int]:
    """Frames from the syllable before to the end of the one after.

    Args:
        starts: first frame of each syllable, and the number of frames.
    """
    last = len(starts) - 1
    first_frame = starts[max(0, position - 1)] - _MARGIN
    end_frame = starts[min(position + 2, last)] + _MARGIN
    return max(0, first_frame), min(starts[-1], end_frame)


def _best(
    questions: list[Question],
    scores: np.ndarray,
    syllables: list[Syllable],
    starts: list[int],
    confusions: Confusions,
) -> list[Alternative]:
    """The most probable alternative of every place."""
    as_intended = {
        question.position: score
        for question, score in zip(questions, scores, strict=True)
        if not question.part
    }

    best: dict[Place, Alternative] = {}
    for question, score in zip(questions, scores, strict=True):
        position = question.position
        gain = float(score - as_intended[position])
        if not question.part or not np.isfinite(gain):
            continue

        # What was heard, and what learners are known to say; for an added vowel, after this coda.
        added = question.part == ADDED
        counted_as = syllables[position][2] if added else question.intended
        expected = confusions.log_odds(question.part, counted_as, question.heard)
        log_odds = confusions.weights.combined(gain, expected)

        place = (position, "coda" if added else question.part)
        if place not in best or log_odds > best[place].log_odds:
            best[place] = Alternative(
                syllable=position,
                part=place[1],
                intended=question.intended,
                heard=question.heard,
                gain=gain,
                expected=expected,
                log_odds=log_odds,
                frame=starts[position],
                next_frame=starts[position + 1],
            )
    return list(best.values())
