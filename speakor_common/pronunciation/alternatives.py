"""What could have been said instead, sound by sound, judged on a native listener's posteriors.

A listener that only writes down its best guess hides what it was unsure of. Here every sound of
the intended form is asked about: how much better does another sound in its place explain the
audio? It is goodness of pronunciation (Witt & Young, 2000) for CTC: each alternative is scored
over all its alignments, as in arXiv 2507.16838, within the stretch from the syllable before to the
syllable after. What learners are known to say for a sound counts too (:mod:`.confusions`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from speakor_common.pronunciation.aligned_form import AlignedForm, Jamo
from speakor_common.pronunciation.confusions import ADDED, RULE_MISSED, SOUND_ONLY, Confusions
from speakor_common.pronunciation.deviations import Place
from speakor_common.pronunciation.letter_sounds import LetterSounds
from speakor_common.text import ONSETS, PARTS, PRONOUNCED_CODAS, VOWELS, from_jamo

_SOUNDS = (ONSETS, VOWELS, PRONOUNCED_CODAS)  # of the parts, in their order
_AS_ONSET = dict(zip("ᆨᆫᆮᆯᆷᆸ", "ᄀᄂᄃᄅᄆᄇ", strict=True))
_ADDED_VOWELS = "ᅮᅳᅵ"  # put after a coda by speakers whose language has none: 밥 → 바부


@dataclass(frozen=True)
class Alternative:
    """The most probable other sound at one place.

    Attributes:
        syllable: position in the form, from 0, spaces not counted.
        part: onset, vowel or coda.
        intended: conjoining jamo, ``""`` for an added vowel.
        heard: conjoining jamo, ``""`` for an omitted coda.
        gain: natural log likelihood of the alternative over what is allowed there.
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
    """What could have been said at one syllable instead.

    Attributes:
        position: of the syllable.
        part: onset, vowel or coda; :data:`ADDED` for a vowel added after the coda.
        intended, heard: conjoining jamo.
        said: the syllable with the other sound, or the two it became.
    """

    position: int
    part: str
    intended: str
    heard: str
    said: list[Jamo]

    @property
    def place(self) -> Place:
        return self.position, "coda" if self.part == ADDED else self.part


def best_alternatives(
    form: AlignedForm,
    allows: Callable[[str], bool] = lambda spoken: False,
    confusions: Confusions = SOUND_ONLY,
    unasked: Collection[int] = (),
    by_letter: Sequence[LetterSounds] = (),
) -> list[Alternative]:
    """For each sound the other one that was most probably said, however improbable.

    Args:
        form: what was intended.
        allows: whether Hangul without spaces is another allowed form; what leads there is no
            alternative, and an alternative has to explain the audio better than it.
        confusions: what learners are known to say for a sound.
        unasked: syllables that nothing is asked about.
        by_letter: for each syllable the sounds its letters stand for; saying those is a rule
            missed, however rarely one sound is said for the other elsewhere.
    """
    asked = [number for number in range(len(form.syllables)) if number not in unasked]
    questions = [item for number in asked for item in _questions(number, form.syllables[number])]
    if not questions:
        return []

    # How probable each syllable is as intended, and with each other sound.
    intended = [form.stretch(number, number, [form.syllables[number]]) for number in asked]
    as_intended = dict(zip(asked, form.scores(intended), strict=True))
    instead = [form.stretch(item.position, item.position, item.said) for item in questions]
    scores = form.scores(instead)

    # The best of each place.
    by_place: dict[Place, list[tuple[Question, float]]] = {}
    for question, score in zip(questions, scores, strict=True):
        gain = float(score - as_intended[question.position])
        if np.isfinite(gain):
            by_place.setdefault(question.place, []).append((question, gain))
    best = []
    for candidates in by_place.values():
        weighed = [_weighed(item, gain, form, confusions, by_letter) for item, gain in candidates]
        best.append(_best(weighed, form, allows, confusions))
    return [alternative for alternative in best if alternative is not None]


def _questions(position: int, syllable: Jamo) -> Iterator[Question]:
    """Every other sound in the place of each of a syllable's own."""
    # Another sound, or no coda.
    for number, sounds in enumerate(_SOUNDS):
        for sound in sounds:
            if sound != syllable[number]:
                said = (*syllable[:number], sound, *syllable[number + 1 :])
                yield Question(position, PARTS[number], syllable[number], sound, [said])

    # A coda that got a vowel of its own.
    onset = _AS_ONSET.get(syllable[2])
    if onset is not None:
        for vowel in _ADDED_VOWELS:
            said = [(*syllable[:2], ""), (onset, vowel, "")]
            yield Question(position, ADDED, "", vowel, said)


@dataclass(frozen=True)
class _Weighed:
    """A question with its evidence, see :class:`Alternative`."""

    question: Question
    gain: float
    expected: float
    log_odds: float


def _weighed(
    question: Question,
    gain: float,
    form: AlignedForm,
    confusions: Confusions,
    by_letter: Sequence[LetterSounds],
) -> _Weighed:
    """What is heard, and what learners are known to say."""
    # An added vowel is counted by the coda it follows.
    coda = form.syllables[question.position][2]
    intended = coda if question.part == ADDED else question.intended
    expected = confusions.log_odds(question.part, intended, question.heard)

    # A missed rule depends on the word, so counts of sounds do not know it.
    letters = by_letter[question.position].get(question.part, ()) if by_letter else ()
    if question.heard in letters:
        expected = max(expected, RULE_MISSED)
    return _Weighed(question, gain, expected, confusions.weights.combined(gain, expected))


def _best(
    candidates: list[_Weighed],
    form: AlignedForm,
    allows: Callable[[str], bool],
    confusions: Confusions,
) -> Alternative | None:
    """The most probable sound of one place that is not allowed; ``None`` where all are."""
    # What another allowed sound has over the intended one, however rarely learners say it. Only a
    # sound that explains the audio better can have a lead, so only those are looked up.
    better = [item for item in candidates if item.gain > 0 and allows(_spoken(form, item.question))]
    lead = max((item.gain for item in better), default=0.0)

    # The likeliest of the others, less that.
    likeliest = sorted(candidates, key=lambda item: item.log_odds, reverse=True)
    best = next((item for item in likeliest if not allows(_spoken(form, item.question))), None)
    if best is None:
        return None
    question = best.question
    gain = best.gain - lead
    return Alternative(
        syllable=question.position,
        part=question.place[1],
        intended=question.intended,
        heard=question.heard,
        gain=gain,
        expected=best.expected,
        log_odds=confusions.weights.combined(gain, best.expected),
        frame=form.starts[question.position],
        next_frame=form.starts[question.position + 1],
    )


def _spoken(form: AlignedForm, question: Question) -> str:
    """The form with another sound, in Hangul without spaces."""
    syllables = form.form.replace(" ", "")
    said = from_jamo("".join(jamo for syllable in question.said for jamo in syllable))
    return syllables[: question.position] + said + syllables[question.position + 1 :]
