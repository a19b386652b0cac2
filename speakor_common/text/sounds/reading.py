"""One analysis of a text turned into what may be heard at each of its seams and vowels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from speakor_common.text.morphology import Morpheme
from speakor_common.text.sounds import (
    lexical,
    numeral_sounds,
    phrase_rules,
    sound_rules,
    vowel_rules,
    word_rules,
)
from speakor_common.text.sounds.sound_rules import Contact, Meeting, Syllable
from speakor_common.text.sounds.utterance import Utterance
from speakor_common.text.sounds.word_rules import Options, options

_NOUNS_IN_LM = ("삶", "앎")  # nouns of their own, whose ㄹ is heard: 삶이 [살미]


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


@dataclass(frozen=True)
class _Analysed:
    """A text with one analysis of it; lists by the number of the syllable.

    Attributes:
        spelled: its syllables as they were written, without spaces.
        starts, ends: the first and the last morpheme a syllable belongs to.
        known: what the lexicon says.
    """

    utterance: Utterance
    spelled: str
    syllables: Sequence[Syllable]
    starts: Sequence[Morpheme | None]
    ends: Sequence[Morpheme | None]
    known: lexical.Known


def read(utterance: Utterance, spelled: str, morphemes: Sequence[Morpheme]) -> Reading:
    """Apply the rules to one analysis of a text that is not empty.

    Args:
        spelled: the syllables of the text as they were written, without spaces.
    """
    starts, ends = _covering(len(utterance.syllables), morphemes)
    text = _Analysed(
        utterance,
        spelled,
        _nominalised(utterance.syllables, ends, morphemes),
        starts,
        ends,
        lexical.look_up(utterance, spelled, morphemes),
    )

    # A seam before the first syllable, one between any two, one after the last.
    last = len(text.syllables) - 1
    between = [_seam(text, number) for number in range(last)]
    seams = [
        (Contact("", text.syllables[0].onset),),
        *(found.contacts for found in between),
        (sound_rules.end(text.syllables[last]),),
    ]
    vowels = [_vowels(text, number) for number in range(last + 1)]
    return Reading(seams, vowels, {n for n, found in enumerate(between) if not found.sure})


def merge(readings: Sequence[Reading], word_ends: frozenset[int]) -> Reading:
    """What any of the readings allows; where they differ inside a word it is not sure.

    Between words every reading has several outcomes, all of them right, so none is unsure there.
    Vowels are those of the best: 예의 is no 예 with a particle because it could be one.
    """
    best = readings[0]
    for other in readings[1:]:
        best.unsure |= other.unsure

        # What is new comes last; what is missing makes the best doubtful as well.
        for number, contacts in enumerate(other.seams):
            heard = {contact[:2] for contact in best.seams[number]}
            new = tuple(contact for contact in contacts if contact[:2] not in heard)
            if (new or len(contacts) != len(heard)) and number not in word_ends:
                best.unsure.add(number - 1)
            best.seams[number] += new
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
        # The analyser takes it for a final ending where the text stops there.
        number = morpheme.end - 1
        made = morpheme.tag in ("ETN", "EF") and morpheme.form == "ᆷ" and ends[number] is morpheme
        if made and found[number].coda == "ㄻ" and found[number].text not in _NOUNS_IN_LM:
            found[number] = found[number]._replace(coda="ㅁ")
    return found


def _seam(text: _Analysed, number: int) -> Options:
    """What may be heard between a syllable and the next."""
    first, second = text.syllables[number : number + 2]
    before, after = text.ends[number], text.starts[number + 1]

    # The next may belong to the same word, to the next phrase, or to the next word.
    word, next_word = text.utterance.word_of[number : number + 2]
    if word == next_word:
        return text.known.seams.get(number) or _in_word(text, number)
    if word in text.utterance.phrases:
        return Options((sound_rules.pause(first, second),))
    return phrase_rules.across(before, after, first, second)


def _in_word(text: _Analysed, number: int) -> Options:
    first, second = text.syllables[number : number + 2]
    before, after = text.ends[number], text.starts[number + 1]
    if before is None or after is None:
        return options(first, second, Meeting())

    # Numerals come before all else: the analyser cuts the same number in different ways.
    if numeral_sounds.is_numeral(before) and numeral_sounds.is_numeral(after):
        return numeral_sounds.in_numeral(first, second, text.spelled[number + 1 : number + 3])
    if before is after:
        return word_rules.inside(before, number - before.start, first, second)
    if numeral_sounds.is_numeral(before) and after.tag in ("NNB", "NNG"):
        ways = numeral_sounds.ways_before_counter(before, after, first, second)
        return options(first, second, *ways)
    return word_rules.between(before, after, first, second)


def _vowels(text: _Analysed, number: int) -> tuple[str, ...]:
    """Everything a vowel may be, what the lexicon says first."""
    syllable, morpheme = text.syllables[number], text.starts[number]
    word_of = text.utterance.word_of
    initial = number == 0 or word_of[number - 1] != word_of[number]
    genitive = morpheme is not None and morpheme.tag == "JKG"
    found = vowel_rules.vowels(syllable, initial, genitive)

    # §22 depends on the stem before an ending.
    before = None if initial else text.ends[number - 1]
    if before is not None and morpheme is not None and before is not morpheme:
        previous = text.syllables[number - 1]
        found = word_rules.vowel_variants(before, morpheme, previous, syllable) or found
    return tuple(dict.fromkeys((*text.known.vowels.get(number, ()), *found)))
