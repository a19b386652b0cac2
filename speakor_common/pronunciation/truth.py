"""What was really said, where it is known, in the terms of the allowed pronunciations.

Who annotated an utterance noted deviations from one pronunciation of its text; for the sample it is
the one that its speech was synthesised from. The standard often allows others, and what leads to
one of them (주의 as [주이]) was not said wrong. And where that one pronunciation is itself not
allowed, every speaker of the sample says it wrong without a deviation noted; such sounds are left
out of all counts.

An utterance that nobody annotated is another thing than one in which nothing deviates: of the first
nothing is known. So is an annotation that contradicts its text; it is left out with a reason.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from speakor_common.errors import CorpusError, TextError
from speakor_common.pronunciation.deviations import Deviation, Place, kind_of
from speakor_common.text import PARTS, conjoining, from_jamo, is_syllable, split_syllable
from speakor_common.text.pronunciation import pronunciations
from speakor_common.text.spoken_text import nearest_form

_SILENT = "ᄋ"  # the onset of a syllable that begins with its vowel


@dataclass(frozen=True)
class Truth:
    """What was said in one utterance.

    Attributes:
        pronunciation: the allowed form nearest to it.
        deviations: from that form; none where all was said as meant.
        unknown: places where nothing is known of what was said there, relative to that form.
    """

    pronunciation: str
    deviations: tuple[Deviation, ...]
    unknown: frozenset[Place] = frozenset()


@dataclass(frozen=True)
class Truths:
    """What was said in a corpus, as far as somebody annotated it.

    Attributes:
        known: by utterance id.
        not_annotated: utterances of which nobody says what was said.
        unusable: what is wrong with an annotation, by utterance id.
    """

    known: Mapping[str, Truth]
    not_annotated: Collection[str] = ()
    unusable: Mapping[str, str] = field(default_factory=dict)

    @property
    def left_out(self) -> str:
        """What is not counted, and why, for people to read; empty where all is known."""
        parts = []
        if self.not_annotated:
            parts.append(f"{len(self.not_annotated)} utterances are not annotated")
        if self.unusable:
            identifier, reason = next(iter(self.unusable.items()))
            parts.append(
                f"{len(self.unusable)} annotations cannot be used, such as that of {identifier}: "
                f"{reason}"
            )
        return "; ".join(parts)


def read_truths(
    utterance_ids: Sequence[str],
    texts: Sequence[str],
    intended: Sequence[str],
    deviations: Sequence[str],
) -> Truths:
    """What was said in each utterance, from a prepared split's columns.

    Args:
        intended: the pronunciation that deviations are from, in jamo; where it is empty, the
            best one that is allowed.
        deviations: JSON, a list of labels (:meth:`.Deviation.to_label`), ``[]`` where nothing
            deviates; ``""`` where nobody annotated the utterance.
    """
    known = {}
    not_annotated = []
    unusable = {}
    columns = zip(utterance_ids, texts, intended, deviations, strict=True)
    for identifier, text, made_from, noted in columns:
        if not noted:
            not_annotated.append(identifier)
            continue
        try:
            meant = from_jamo(made_from) or pronunciations(text).best
            known[identifier] = truth_of(text, meant, _noted(noted))
        except (CorpusError, TextError) as error:
            unusable[identifier] = str(error)
    return Truths(known, not_annotated, unusable)


def _noted(deviations: str) -> list[Deviation]:
    """Deviations of a label.

    Raises:
        CorpusError: something else stands there.
    """
    try:
        return [Deviation.from_label(dict(label)) for label in json.loads(deviations)]
    except (ValueError, TypeError) as error:
        problem = " ".join(str(error).split())
        raise CorpusError(
            f"expected a list of deviations as labels hold them, found {deviations[:60]!r}: "
            f"{problem[:200]}"
        ) from error


def truth_of(text: str, made_from: str, planted: Sequence[Deviation]) -> Truth:
    """What was said in an annotated utterance.

    Args:
        text: what was meant, spelled.
        made_from: the pronunciation that deviations are from, in Hangul; the sample's speech was
            synthesised from it.
        planted: deviations from that pronunciation.

    Raises:
        CorpusError: the pronunciation is not one of the text, or a deviation not one from it.
        TextError: a deviation's letter stands in no such part of a syllable, or the text cannot
            be read aloud.
    """
    # The sounds the speech was made from, and those that were said: a vowel added after a coda
    # changes none of them.
    allowed = pronunciations(text)
    sounds_made_from = _sounds(made_from, len(allowed))
    _check_places(planted, sounds_made_from)
    said = [list(syllable) for syllable in sounds_made_from]
    for deviation in planted:
        if not deviation.adds_vowel:
            silent = _SILENT if deviation.part == "onset" else ""
            sound = conjoining(deviation.heard, deviation.part) or silent
            said[deviation.syllable][PARTS.index(deviation.part)] = sound

    # The same in the terms of the nearest allowed form.
    form = nearest_form(allowed, [from_jamo("".join(syllable)) for syllable in said])
    intended = [split_syllable(c) for c in form.replace(" ", "")]

    # Where the utterance was made from a sound that is not allowed, nothing is known.
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
        is_wrong = deviation.adds_vowel or deviation.place not in right
        if is_wrong and deviation.place not in unknown:
            deviations.append(deviation)
    return Truth(form, tuple(deviations), frozenset(unknown))


def _sounds(made_from: str, count: int) -> list[tuple[str, str, str]]:
    """Sounds of the syllables of a pronunciation, of which a text has so many."""
    syllables = made_from.replace(" ", "")
    if len(syllables) != count or not all(map(is_syllable, syllables)):
        raise CorpusError(f"{made_from!r} is no pronunciation of a text of {count} syllables")
    return [split_syllable(character) for character in syllables]


def _check_places(planted: Sequence[Deviation], sounds: Sequence[tuple[str, str, str]]) -> None:
    """See that deviations are from these sounds, at most one at each.

    Raises:
        CorpusError: says which is not.
    """
    places = set()
    for deviation in planted:
        described = json.dumps(deviation.to_label(), ensure_ascii=False)
        if deviation.place in places:
            raise CorpusError(f"a second deviation at one place: {described}")
        places.add(deviation.place)

        # A vowel is added after a coda; everything else is said for what stands there.
        if deviation.syllable >= len(sounds):
            raise CorpusError(f"no such syllable, of {len(sounds)}: {described}")
        meant = sounds[deviation.syllable][PARTS.index(deviation.part)]
        silent = _SILENT if deviation.part == "onset" else ""
        intended = conjoining(deviation.intended, deviation.part) or silent
        fits = meant != "" if deviation.adds_vowel else meant == intended
        if deviation.kind != kind_of(deviation.intended, deviation.heard) or not fits:
            raise CorpusError(f"not from what was meant, {from_jamo(meant)!r}: {described}")
