"""What was really said, where it is known, in the terms of the allowed pronunciations.

The sample's deviations were planted into one pronunciation of each text, the one its speech was
synthesised from. The standard often allows others, and some of them were planted (주의 as [주이]):
then nothing was said wrong. And where that one pronunciation is itself not allowed, every speaker
of the sample says it wrong without a deviation noted; such sounds are left out of the count.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from speakor_common.pronunciation.deviations import Deviation, Place
from speakor_common.text import PARTS, conjoining, from_jamo, split_syllable
from speakor_common.text.pronunciation import pronunciations
from speakor_common.text.spoken_text import nearest_form

_SILENT = "ᄋ"  # the onset of a syllable that begins with its vowel


@dataclass(frozen=True)
class Truth:
    """What was said in one utterance.

    Attributes:
        pronunciation: the allowed form nearest to it.
        deviations: from that form.
        unknown: places where nothing is known of what was said there, relative to that form.
    """

    pronunciation: str
    deviations: tuple[Deviation, ...]
    unknown: frozenset[Place] = frozenset()


def read_planted(
    utterance_ids: Sequence[str], deviations: Sequence[str]
) -> dict[str, list[Deviation]]:
    """Known deviations by utterance, from a prepared split's columns.

    Empty for a corpus that has none.
    """
    if not any(deviations):
        return {}
    planted = {}
    for identifier, text in zip(utterance_ids, deviations, strict=True):
        planted[identifier] = [Deviation.from_label(label) for label in json.loads(text or "[]")]
    return planted


def truth_of(text: str, made_from: str, planted: Sequence[Deviation]) -> Truth:
    """What was said in an utterance of the sample.

    Args:
        text: what was meant, spelled.
        made_from: the pronunciation that its speech was synthesised from, in Hangul.
        planted: deviations from that pronunciation.
    """
    # The sounds the speech was made from, and those that were said: a vowel added after a coda
    # changes none of them.
    sounds_made_from = [split_syllable(c) for c in made_from.replace(" ", "")]
    said = [list(syllable) for syllable in sounds_made_from]
    for deviation in planted:
        if deviation.kind != "insertion":
            silent = _SILENT if deviation.part == "onset" else ""
            sound = conjoining(deviation.heard, deviation.part) or silent
            said[deviation.syllable][PARTS.index(deviation.part)] = sound

    # The same in the terms of the nearest allowed form.
    spoken = [from_jamo("".join(syllable)) for syllable in said]
    form = nearest_form(pronunciations(text), spoken)
    intended = [split_syllable(c) for c in form.replace(" ", "")]

    # Where the sample was made from a sound that is not allowed, nothing is known.
    unknown = set()
    right = set()
    for syllable, sounds in enumerate(intended):
        for number, part in enumerate(PARTS):
            if said[syllable][number] == sounds[number]:
                right.add((syllable, part))
            elif sounds_made_from[syllable][number] != sounds[number]:
                unknown.add((syllable, part))

    deviations = []
    for deviation in planted:
        is_added = deviation.kind == "insertion"
        if deviation.place not in unknown and (is_added or deviation.place not in right):
            deviations.append(deviation)
    return Truth(form, tuple(deviations), frozenset(unknown))


def read_truths(
    utterance_ids: Sequence[str],
    texts: Sequence[str],
    intended: Sequence[str],
    deviations: Sequence[str],
) -> dict[str, Truth]:
    """What was said in each utterance, from a prepared split's columns.

    Empty for a corpus of which it is not known.

    Args:
        intended: the pronunciation that deviations are from, in jamo; where it is empty, the
            best one that is allowed.
    """
    planted = read_planted(utterance_ids, deviations)
    if not planted:
        return {}
    return {
        identifier: truth_of(
            text, from_jamo(made_from) or pronunciations(text).best, planted[identifier]
        )
        for identifier, text, made_from in zip(utterance_ids, texts, intended, strict=True)
    }
