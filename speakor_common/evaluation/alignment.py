"""Which word, syllable and jamo of a reference became which of a hypothesis.

Alignments are by syllable, spaces apart, because Korean spacing varies among correct writers. A
substituted syllable is then compared onset with onset, vowel with vowel, coda with coda, the way
a teacher would describe it. :func:`align_sounds` weighs these parts already when it aligns, for
texts as pronounced, in which most syllables may differ in one sound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rapidfuzz.distance import Levenshtein, Postfix, Prefix

from speakor_common.text import PARTS, compatibility, is_syllable, split_syllable

_GAP = 2  # sounds that a missing or an added syllable counts as; most have no coda

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


def align_sounds(reference: str, hypothesis: str) -> list[Pair]:
    """Alignment of syllables, spaces apart, in which the fewest sounds differ.

    >>> [pair.hypothesis for pair in align_sounds("바블", "바부를")]
    ['바', '부', '를']
    >>> [pair.operation for pair in align_sounds("밥", "바부")]
    ['substitution', 'insertion']
    """
    left = reference.replace(" ", "")
    right = hypothesis.replace(" ", "")

    # What both begin and end with costs nothing, and is most of what they hold.
    shared = Prefix.similarity(left, right)
    begin = [Pair("equal", syllable, syllable) for syllable in left[:shared]]
    left = left[shared:]
    right = right[shared:]
    shared = Postfix.similarity(left, right)
    end = [Pair("equal", syllable, syllable) for syllable in left[len(left) - shared :]]
    between = _fewest_differences(left[: len(left) - shared], right[: len(right) - shared])
    return begin + between + end


def _fewest_differences(left: str, right: str) -> list[Pair]:
    """:func:`align_sounds` of texts without spaces, by dynamic programming."""
    # Costs of every beginning of the one against every beginning of the other.
    costs = [[_GAP * column for column in range(len(right) + 1)]]
    for row, syllable in enumerate(left, start=1):
        above = costs[-1]
        line = [_GAP * row]
        for column, other in enumerate(right, start=1):
            paired = above[column - 1] + _differing(syllable, other)
            line.append(min(paired, above[column] + _GAP, line[-1] + _GAP))
        costs.append(line)

    # The way back; of two equally good ones that which pairs syllables.
    pairs: list[Pair] = []
    row = len(left)
    column = len(right)
    while row or column:
        cost = costs[row][column]
        if row and column:
            paired = costs[row - 1][column - 1] + _differing(left[row - 1], right[column - 1])
            if cost == paired:
                row, column = row - 1, column - 1
                operation = "equal" if left[row] == right[column] else "substitution"
                pairs.append(Pair(operation, left[row], right[column]))
                continue
        if row and cost == costs[row - 1][column] + _GAP:
            row -= 1
            pairs.append(Pair("deletion", left[row], ""))
        else:
            column -= 1
            pairs.append(Pair("insertion", "", right[column]))
    return pairs[::-1]


@lru_cache(maxsize=100_000)
def _differing(syllable: str, other: str) -> int:
    """How many parts of two characters differ; all, where one of them is no syllable."""
    if syllable == other:
        return 0
    if not is_syllable(syllable) or not is_syllable(other):
        return len(PARTS)
    parts = zip(split_syllable(syllable), split_syllable(other), strict=True)
    return sum(a != b for a, b in parts)


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
