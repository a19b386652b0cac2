"""Which word, syllable and jamo of a reference became which of a hypothesis.

Alignments are by syllable, spaces apart, because Korean spacing varies among correct writers. A
substituted syllable is then compared onset with onset, vowel with vowel, coda with coda, the way
a teacher would describe it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Levenshtein

from speakor_common.text import PARTS, compatibility, is_syllable, split_syllable

NOTHING = "–"  # shown where a coda is absent
Operation = Literal["equal", "substitution", "deletion", "insertion"]
_OPERATION: dict[str, Operation] = {
    "equal": "equal",
    "replace": "substitution",
    "delete": "deletion",
    "insert": "insertion",
}


@dataclass(frozen=True)
class Pair:
    """One step of an alignment.

    Attributes:
        reference: a word or syllable, ``""`` for an insertion.
        hypothesis: the same, ``""`` for a deletion.
    """

    operation: Operation
    reference: str
    hypothesis: str


def align(reference: Sequence[str], hypothesis: Sequence[str]) -> list[Pair]:
    """Minimum-edit alignment of two sequences (of words, or of syllables if strings are given)."""
    pairs: list[Pair] = []
    for code in Levenshtein.opcodes(reference, hypothesis):
        operation = _OPERATION[code.tag]
        left = reference[code.src_start : code.src_end]
        right = hypothesis[code.dest_start : code.dest_end]

        # One side of an insertion or a deletion is empty.
        for i in range(max(len(left), len(right))):
            of_reference = left[i] if i < len(left) else ""
            of_hypothesis = right[i] if i < len(right) else ""
            pairs.append(Pair(operation, of_reference, of_hypothesis))
    return pairs


def align_syllables(reference: str, hypothesis: str) -> list[Pair]:
    """:func:`align` of syllables; spaces are left out."""
    return align(reference.replace(" ", ""), hypothesis.replace(" ", ""))


def align_words(reference: str, hypothesis: str) -> list[Pair]:
    """:func:`align` of words."""
    return align(reference.split(), hypothesis.split())


def jamo_pairs(pair: Pair) -> Iterator[tuple[str, str, str]]:
    """``(part, reference, hypothesis)`` of two aligned syllables, equal parts included.

    Nothing where one side is missing or is no syllable. Compatibility letters, – for no coda.
    """
    if not is_syllable(pair.reference) or not is_syllable(pair.hypothesis):
        return
    left = split_syllable(pair.reference)
    right = split_syllable(pair.hypothesis)
    for part, of_reference, of_hypothesis in zip(PARTS, left, right, strict=True):
        yield part, compatibility(of_reference) or NOTHING, compatibility(of_hypothesis) or NOTHING
