"""Deviations of a transcript from a text: what can be said without posteriors of jamo.

For listeners that write words or letters of another kind. They hide what they were unsure of, and
one trained on spelling hides broken pronunciation rules too.
"""

from __future__ import annotations

from collections.abc import Sequence

from speakor_common.decoding.words import Word
from speakor_common.errors import TextError
from speakor_common.evaluation.alignment import Pair, align_syllables
from speakor_common.pronunciation.deviations import Deviation, kind_of
from speakor_common.text import PARTS, compatibility, is_syllable, split_syllable
from speakor_common.text.pronunciation import Pronunciations
from speakor_common.text.spoken_text import as_pronounced, nearest_form

# A transcript without words says neither when something was said nor how sure it is of it, so a
# deviation may be one or not.
_NOWHERE = Word("", 0.0, 0.0, 0.5)


def compare_transcript(
    allowed: Pronunciations, transcript: str, words: Sequence[Word] = (), spelled: bool = True
) -> tuple[str, list[Deviation]]:
    """Deviations of the native listener's transcript from what is allowed for a text.

    Args:
        words: the transcript's words with times, in order; a deviation has the confidence of its
            word. Without them times are 0, and confidences 0.5, because nothing is known.
        spelled: pass the transcript, too, through the pronunciation rules, because a model trained
            on spelling writes 합니다 for [함니다]. Not for one trained on labels as pronounced.

    Returns:
        The allowed form nearest to the transcript, and the deviations from it. A syllable that was
        added stands at the one it was said before, or at the last one.

    Raises:
        TextError: the text has no syllables, so nothing can deviate from it.
    """
    if len(allowed) == 0:
        raise TextError(f"{allowed.text!r}: expected a text with Hangul syllables, found none")
    spoken = as_pronounced(transcript) if spelled else transcript

    # The form that shares most with what was written, syllable by syllable.
    pairs = align_syllables(allowed.best, spoken)
    of_text = [pair.hypothesis for pair in pairs if pair.reference]
    form = nearest_form(allowed, of_text)

    # Its differences, with the times of the transcript's words.
    deviations: list[Deviation] = []
    word_of = [word for word in words for _ in word.text]  # of each syllable of the transcript
    last = len(allowed) - 1
    position = 0
    heard_position = 0
    for pair in align_syllables(form, spoken):
        word = word_of[min(heard_position, len(word_of) - 1)] if word_of else _NOWHERE
        deviations += _differences(pair, min(position, last), word)
        position += pair.reference != ""
        heard_position += pair.hypothesis != ""
    return form, deviations


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
    parts = zip(PARTS, split_syllable(syllable), strict=True)
    return [sound_letter(jamo, part) for part, jamo in parts]


def sound_letter(jamo: str, part: str) -> str:
    """Compatibility letter of a sound; the silent ㅇ before a vowel is none.

    >>> sound_letter("ᄋ", "onset"), sound_letter("ᆼ", "coda")
    ('', 'ㅇ')
    """
    letter = compatibility(jamo)
    return "" if part == "onset" and letter == "ㅇ" else letter
