"""Korean text: jamo, normalisation and pronunciation. Light: no torch, no pandas."""

from speakor_common.text.jamo import (
    CODAS,
    ONSETS,
    PARTS,
    PRONOUNCED_CODAS,
    VOWELS,
    compatibility,
    conjoining,
    from_jamo,
    is_syllable,
    split_syllable,
    to_jamo,
    to_nfc,
)
from speakor_common.text.normalise import (
    PUNCTUATION,
    DualForm,
    MarkHandling,
    alternatives,
    normalise_hypothesis,
    normalize_korean,
    strip_aihub_markup,
    unreadable_parts,
)
from speakor_common.text.pronunciation import Pronunciations, pronunciations

__all__ = [
    "CODAS",
    "ONSETS",
    "PARTS",
    "PRONOUNCED_CODAS",
    "PUNCTUATION",
    "VOWELS",
    "DualForm",
    "MarkHandling",
    "Pronunciations",
    "alternatives",
    "compatibility",
    "conjoining",
    "from_jamo",
    "is_syllable",
    "normalise_hypothesis",
    "normalize_korean",
    "pronunciations",
    "split_syllable",
    "strip_aihub_markup",
    "to_jamo",
    "to_nfc",
    "unreadable_parts",
]
