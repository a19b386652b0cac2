"""Counts first, rates second: how far hypotheses are from their references.

At which levels texts are compared, and what the rates are called, says :mod:`.levels`.
Edit operations are counted by jiwer for every utterance and summed; a rate is a ratio of sums,
never a mean of utterance rates. Texts are compared as given, only composed (NFC) and with single
spaces: normalisation is the caller's decision and happens before.

Empty texts: an empty hypothesis deletes every reference token; tokens against an empty reference
are insertions. A corpus whose references are all empty has rate 0 where nothing was inserted, and
else as many as were inserted (jiwer's rule).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import jiwer
import numpy as np
import pandas as pd

from speakor_common.evaluation.levels import LEVELS, Level, TextPair
from speakor_common.text import to_nfc

OPERATIONS = ("hits", "substitutions", "deletions", "insertions")


@dataclass(frozen=True)
class Counts:
    """Edit operations between references and hypotheses at one level."""

    hits: int
    substitutions: int
    deletions: int
    insertions: int

    @property
    def reference_length(self) -> int:
        return self.hits + self.substitutions + self.deletions

    @property
    def errors(self) -> int:
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        if self.reference_length == 0:
            return float(self.insertions)
        return self.errors / self.reference_length


@dataclass(frozen=True)
class Score:
    """Error counts of a set of utterances; rates follow from them.

    Every level of :data:`LEVELS` is an attribute (``score.words``, a :class:`Counts`), and so is
    every rate (``score.wer``, a float).

    Attributes:
        n: utterances.
        counts: by level.
    """

    n: int
    counts: Mapping[str, Counts]

    def __getattr__(self, name: str) -> Counts | float:
        # Asked only for what is no field. While a copy is unpickled not even the fields are there.
        counts = self.__dict__.get("counts", {})
        rates = {LEVELS[level].rate: counted.rate for level, counted in counts.items()}
        for values in (counts, rates):
            if name in values:
                return values[name]
        raise AttributeError(f"a score has no {name!r}; it has {', '.join([*counts, *rates])}")

    @property
    def rates(self) -> dict[str, float]:
        """Each rate by its name."""
        return {LEVELS[level].rate: counted.rate for level, counted in self.counts.items()}

    @property
    def hits(self) -> int:
        return self.counts["words"].hits

    @property
    def substitutions(self) -> int:
        return self.counts["words"].substitutions

    @property
    def deletions(self) -> int:
        return self.counts["words"].deletions

    @property
    def insertions(self) -> int:
        return self.counts["words"].insertions

    def to_dict(self) -> dict:
        """Rates and counts for metrics.json."""
        counts = {level: asdict(counted) for level, counted in self.counts.items()}
        return {"n": self.n, **self.rates, "counts": counts}


def score(references: Sequence[str], hypotheses: Sequence[str]) -> Score:
    """Score hypotheses against references.

    Raises:
        ValueError: different numbers of references and hypotheses, or none.

    >>> result = score(["저는 학생입니다"], ["저는 학생임니다"])
    >>> result.wer, round(result.cer, 3), result.words.substitutions
    (0.5, 0.125, 1)
    """
    return sum_counts(utterance_counts(references, hypotheses))


def utterance_counts(
    references: Sequence[str], hypotheses: Sequence[str], levels: Iterable[str] = LEVELS
) -> pd.DataFrame:
    """Counts of every utterance, in the order given.

    Returns:
        one row an utterance; int64 columns ``<level>_<operation>`` for each of ``levels``.

    Raises:
        ValueError: different numbers of references and hypotheses, or none.
    """
    # Every reference needs its hypothesis.
    if len(references) != len(hypotheses):
        raise ValueError(
            f"{len(references)} references but {len(hypotheses)} hypotheses; "
            "give one hypothesis a reference"
        )
    if len(references) == 0:
        raise ValueError("nothing to score: no references were given")

    # Unicode form and repeated spaces are no difference.
    pairs = [
        (_single_spaced(reference), _single_spaced(hypothesis))
        for reference, hypothesis in zip(references, hypotheses, strict=True)
    ]

    # Align at each level, and count by utterance.
    columns = {}
    for name in levels:
        counts = _counts_at(LEVELS[name], pairs)
        for index, operation in enumerate(OPERATIONS):
            columns[f"{name}_{operation}"] = counts[:, index]
    return pd.DataFrame(columns)


def _single_spaced(text: str) -> str:
    return " ".join(to_nfc(text).split())


def _counts_at(level: Level, pairs: Sequence[TextPair]) -> np.ndarray:
    """Operations of every pair at one level: int64, shape = (pairs, 4)."""
    compared = [level.compared(*pair) for pair in pairs]
    output = level.align([pair[0] for pair in compared], [pair[1] for pair in compared])
    return np.array([_count_operations(chunks) for chunks in output.alignments], dtype=np.int64)


def _count_operations(chunks: list[jiwer.AlignmentChunk]) -> list[int]:
    """Tokens of an alignment by operation, in the order of :data:`OPERATIONS`."""
    totals = {"equal": 0, "substitute": 0, "delete": 0, "insert": 0}
    for chunk in chunks:
        in_reference = chunk.ref_end_idx - chunk.ref_start_idx
        in_hypothesis = chunk.hyp_end_idx - chunk.hyp_start_idx
        totals[chunk.type] += max(in_reference, in_hypothesis)
    return list(totals.values())


def sum_counts(table: pd.DataFrame) -> Score:
    """Sum a table of :func:`utterance_counts` at all levels into a score."""
    counts = {}
    for level in LEVELS:
        totals = [int(table[f"{level}_{operation}"].sum()) for operation in OPERATIONS]
        counts[level] = Counts(*totals)
    return Score(n=len(table), counts=counts)
