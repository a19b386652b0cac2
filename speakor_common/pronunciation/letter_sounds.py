"""The sounds of a text read letter by letter: what is said where a pronunciation rule is missed.

Learners who know the letters but not the rule say 국물 as [국물] for [궁물], 맛없다 as [마섭따] for
[마덥따], 문법 as [문법] for [문뻡]. Such errors depend on the word and not on the sound, so counts
of which sound is said for which (:mod:`.confusions`) do not know them.
"""

from __future__ import annotations

from collections.abc import Iterator

from speakor_common.text import PARTS, conjoining, is_syllable, to_nfc
from speakor_common.text.sounds.sound_rules import (
    SILENT,
    Contact,
    Meeting,
    Syllable,
    closed,
    end,
    meet,
    pause,
    split,
)

LetterSounds = dict[str, frozenset[str]]  # part → conjoining jamo


def letter_sounds(text: str) -> list[LetterSounds]:
    """For each syllable of a text the sounds that its letters, and its neighbours', stand for.

    >>> letter_sounds("맛이")[1]["onset"] == {"ᄃ", "ᄉ", "ᄋ"}
    True
    """
    syllables = [split(character) for character in to_nfc(text) if is_syllable(character)]
    sounds = []
    for number, syllable in enumerate(syllables):
        before = syllables[number - 1] if number > 0 else None
        after = syllables[number + 1] if number + 1 < len(syllables) else None

        # What the seams on both sides leave of the onset and of the coda.
        onsets = {syllable.onset}
        codas = {end(syllable).coda}
        if before is not None:
            onsets |= {contact.onset for contact in _contacts(before, syllable)}
        if after is not None:
            codas |= {contact.coda for contact in _contacts(syllable, after)}

        letters = (onsets, {syllable.vowel}, codas)
        sounds.append(
            {
                part: frozenset(conjoining(letter, part) for letter in of_part)
                for part, of_part in zip(PARTS, letters, strict=True)
            }
        )
    return sounds


def _contacts(first: Syllable, second: Syllable) -> Iterator[Contact]:
    """How two syllables meet for a reader who knows no rule but that a coda may move on."""
    yield pause(first, second)
    if second.onset == SILENT:
        yield meet(first, second, Meeting())  # as it is spelled: 맛없다 [마섭따]
        alone = closed(first)
        if alone not in ("", "ㅇ"):
            yield Contact("", alone)  # as it is said alone: 닭이 [다기]
