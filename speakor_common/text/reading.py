"""One analysis of a text turned into what may be heard at each of its seams and vowels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from speakor_common.text import (
    lexical,
    numeral_sounds,
    phrase_rules,
    sound_rules,
    vowel_rules,
    word_rules,
)
from speakor_common.text.morphology import Morpheme
from speakor_common.text.sound_rules import Contact, Meeting, Syllable
from speakor_common.text.utterance import Utterance
from speakor_common.text.word_rules import Options, options

_MODIFIED_NOUNS = ("삶", "앎")  # nouns of their own; other ㄻ before a particle is ㅁ (§ 만듦이)


@dataclass
class Reading:
    """What one analysis allows.

    Attributes:
        seams: N + 1, as in :class:`.spoken_forms.SpokenForms`.
        vowels: N.
        unsure: syllables after which a seam stands that the rules do not settle.
    """

    seams: list[tuple[Contact, ...]]
    vowels: list[tuple[str, ...]]
    unsure: set[int] = field(default_factory=set)


def read(utterance: Utterance, spelled: str, morphemes: Sequence[Morpheme]) -> Reading:
    """Apply the rules to one analysis.

    Args:
        spelled: the syllables of the text as they were written, without spaces.
    """
    count = len(utterance.syllables)
    starts, ends = _covering(count, morphemes)
    syllables = _nominalised(utterance.syllables, ends, morphemes)
    known = lexical.look_up(utterance, spelled, morphemes)
    last_of_word = {end - 1: number for number, (_, end) in enumerate(utterance.words)}

    reading = Reading([(Contact("", syllables[0].onset),)], [])
    for number, syllable in enumerate(syllables):
        reading.vowels.append(_vowels(number, syllables, starts, ends, known, utterance))
        if number == count - 1:
            reading.seams.append((sound_rules.end(syllable),))
            continue

        # What follows belongs to the same word, to the next phrase, or to the next word.
        following = syllables[number + 1]
        before, after = ends[number], starts[number + 1]
        if number not in last_of_word:
            found = known.seams.get(number) or _in_word(
                number, syllable, following, before, after, spelled
            )
        elif last_of_word[number] in utterance.phrases:
            found = Options((sound_rules.pause(syllable, following),))
        else:
            found = phrase_rules.across(before, after, syllable, following)
        reading.seams.append(found.contacts)
        if not found.sure:
            reading.unsure.add(number)
    return reading


def merge(readings: Sequence[Reading], word_ends: frozenset[int]) -> Reading:
    """What any of the readings allows; where they differ inside a word it is not sure.

    Between words every reading has several outcomes, all of them right, so none is unsure there.
    Vowels are those of the best: 예의 is no 예 with a particle because it could be one.
    """
    best = readings[0]
    for other in readings[1:]:
        for number, contacts in enumerate(other.seams):
            heard = {contact[:2] for contact in best.seams[number]}
            new = tuple(contact for contact in contacts if contact[:2] not in heard)
            if (new or len(contacts) != len(heard)) and number not in word_ends:
                best.unsure.add(number - 1)
            best.seams[number] += new
        best.unsure |= other.unsure
    return best


def _covering(
    count: int, morphemes: Sequence[Morpheme]
) -> tuple[list[Morpheme | None], list[Morpheme | None]]:
    """The first and the last morpheme each syllable belongs to."""
    first: list[Morpheme | None] = [None] * count
    last: list[Morpheme | None] = [None] * count
    for morpheme in morphemes:
        for number in range(morpheme.start, morpheme.end):
            first[number] = first[number] or morpheme
            last[number] = morpheme
    return first, last


def _nominalised(
    syllables: Sequence[Syllable],
    ends: Sequence[Morpheme | None],
    morphemes: Sequence[Morpheme],
) -> list[Syllable]:
    """힘듦이 [힘드미]: the ㄹ of a stem is not heard where -ㅁ makes a noun of it."""
    found = list(syllables)
    for morpheme in morphemes:
        number = morpheme.end - 1
        made = morpheme.tag in ("ETN", "EF") and morpheme.form == "ᆷ" and ends[number] is morpheme
        if made and found[number].coda == "ㄻ" and found[number].text not in _MODIFIED_NOUNS:
            found[number] = found[number]._replace(coda="ㅁ")
    return found


def _in_word(
    number: int,
    first: Syllable,
    second: Syllable,
    before: Morpheme | None,
    after: Morpheme | None,
    spelled: str,
) -> Options:
    if before is None or after is None:
        return options(first, second, Meeting())

    # Numerals come before all else: Kiwi cuts one number now so, now otherwise.
    if numeral_sounds.is_numeral(before) and numeral_sounds.is_numeral(after):
        return numeral_sounds.in_numeral(first, second, spelled[number + 1 : number + 3])
    if before is after:
        return word_rules.inside(before, number - before.start, first, second)
    if numeral_sounds.is_numeral(before) and after.tag in ("NNB", "NNG"):
        ways = numeral_sounds.ways_before_counter(before, after, first, second)
        return options(first, second, *ways)
    return word_rules.between(before, after, first, second)


def _vowels(
    number: int,
    syllables: Sequence[Syllable],
    starts: Sequence[Morpheme | None],
    ends: Sequence[Morpheme | None],
    known: lexical.Known,
    utterance: Utterance,
) -> tuple[str, ...]:
    """Everything a vowel may be, the lexicon's first."""
    morpheme = starts[number]
    initial = number in utterance.bounds
    genitive = morpheme is not None and morpheme.tag == "JKG"
    found = vowel_rules.vowels(syllables[number], initial, genitive)

    # §22 depends on what stands before.
    if not initial and number > 0 and morpheme is not None and ends[number - 1] is not None:
        before = ends[number - 1]
        if before is not morpheme or morpheme.end - morpheme.start == 1:
            pair = syllables[number - 1], syllables[number]
            found = word_rules.vowel_variants(before, morpheme, *pair) or found
    return tuple(dict.fromkeys((*known.vowels.get(number, ()), *found)))
