"""Deviations of one transcript from another: what can be said without posteriors of jamo.

For listeners that write words or letters of another kind. They hide what they were unsure of, and
one trained on spelling hides broken pronunciation rules too.
"""

from __future__ import annotations

from collections.abc import Sequence

from speakor_common.decoding.words import Word
from speakor_common.evaluation.alignment import Pair, align_syllables
from speakor_common.pronunciation.deviations import Deviation, kind_of
from speakor_common.text import PARTS, compatibility, is_syllable, split_syllable
from speakor_common.text.g2p import standard_pronunciation

_NOWHERE = Word("", 0.0, 0.0, 1.0)  # a transcript without word times


def compare_transcripts(
    intended: str, transcript: str, words: Sequence[Word] = ()
) -> list[Deviation]:
    """Deviations of the native listener's transcript from a text, both spelled.

    Both sides are passed through the pronunciation rules, because a model trained on spelling
    writes 합니다 for [함니다].

    Args:
        intended: foreign-speaker model's text, or a known script.
        transcript: the native listener's.
        words: the transcript's words with times, in order; without them times are 0.
    """
    deviations: list[Deviation] = []
    word_of = [word for word in words for _ in word.text]  # of each syllable of the transcript
    position = 0
    heard_position = 0
    pairs = align_syllables(standard_pronunciation(intended), standard_pronunciation(transcript))
    for pair in pairs:
        word = word_of[min(heard_position, len(word_of) - 1)] if word_of else _NOWHERE
        deviations += _differences(pair, position, word)
        position += pair.reference != ""
        heard_position += pair.hypothesis != ""
    return deviations


def _differences(pair: Pair, position: int, word: Word) -> list[Deviation]:
    """Differing parts of an aligned pair of syllables."""
    differences = []
    intended = _letters(pair.reference)
    heard = _letters(pair.hypothesis)
    for part, meant, spoken in zip(PARTS, intended, heard, strict=True):
        if meant != spoken:
            differences.append(
                Deviation(
                    syllable=position,
                    part=part,
                    kind=kind_of(meant, spoken),
                    intended=meant,
                    heard=spoken,
                    confidence=word.confidence,
                    start_s=word.start_s,
                    end_s=word.end_s,
                )
            )
    return differences


def _letters(syllable: str) -> list[str]:
    """Sounds of a syllable by part, ``""`` where there is none."""
    if not is_syllable(syllable):
        return [""] * len(PARTS)
    return [
        sound_letter(jamo, part) for part, jamo in zip(PARTS, split_syllable(syllable), strict=True)
    ]


def sound_letter(jamo: str, part: str) -> str:
    """Compatibility letter of a sound; the silent ㅇ before a vowel is none.

    >>> sound_letter("ᄋ", "onset"), sound_letter("ᆼ", "coda")
    ('', 'ㅇ')
    """
    letter = compatibility(jamo)
    return "" if part == "onset" and letter == "ㅇ" else letter
