"""Uncertainty of error rates: bootstrap intervals clustered by speaker, and paired comparison.

Utterances of one speaker share a voice and an accent, so they are not independent: whole
speakers are drawn with replacement (Bisani & Ney, 2004, with speakers as units). A rate is a
ratio of sums, so a resample needs only each speaker's error and reference counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy.stats import bootstrap

RESAMPLES = 1000


@dataclass(frozen=True)
class Interval:
    """A rate or difference with its 95 % interval, n utterances and number of speakers."""

    value: float
    low: float
    high: float
    n: int
    speakers: int

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True)
class Comparison:
    """Rate of A minus rate of B on the same utterances.

    Attributes:
        significant: the 95 % interval of the difference excludes 0.
    """

    difference: Interval
    significant: bool

    def to_dict(self) -> dict:
        return self.difference.to_dict() | {"significant": self.significant}


def rate_interval(
    errors: Sequence[int], lengths: Sequence[int], speakers: Sequence[str], seed: int = 0
) -> Interval:
    """95 % percentile interval of sum(errors) / sum(lengths).

    Args:
        errors, lengths: counts of each utterance.
        speakers: speaker of each utterance; resampled as wholes.
    """
    per_speaker = _sums_by_speaker(speakers, errors, lengths)

    def rate(errors, lengths, axis=-1):
        return errors.sum(axis) / np.maximum(lengths.sum(axis), 1)

    low, high = _percentiles(per_speaker, rate, seed)
    value = sum(errors) / max(sum(lengths), 1)
    return Interval(value, low, high, len(errors), per_speaker.shape[1])


def paired_comparison(
    errors_a: Sequence[int],
    errors_b: Sequence[int],
    lengths: Sequence[int],
    speakers: Sequence[str],
    seed: int = 0,
) -> Comparison:
    """Difference in rate between two models on the same utterances; negative means A errs less."""
    per_speaker = _sums_by_speaker(speakers, errors_a, errors_b, lengths)

    def difference(errors_a, errors_b, lengths, axis=-1):
        return (errors_a.sum(axis) - errors_b.sum(axis)) / np.maximum(lengths.sum(axis), 1)

    low, high = _percentiles(per_speaker, difference, seed)
    value = (sum(errors_a) - sum(errors_b)) / max(sum(lengths), 1)
    interval = Interval(value, low, high, len(lengths), per_speaker.shape[1])
    return Comparison(interval, significant=bool(low > 0 or high < 0))


def _sums_by_speaker(speakers: Sequence[str], *counts: Sequence[int]) -> np.ndarray:
    """Sums of each row of counts for every speaker: int64, shape = (rows, speakers)."""
    _, index = np.unique(np.asarray(speakers), return_inverse=True)
    sums = [np.bincount(index, weights=np.asarray(row, float)) for row in counts]
    return np.stack(sums).astype(np.int64)


def _percentiles(per_speaker: np.ndarray, statistic: Callable, seed: int) -> tuple[float, float]:
    """Bounds of the 95 % percentile bootstrap; nan for a single speaker, who has no spread."""
    if per_speaker.shape[1] < 2:
        return float("nan"), float("nan")
    result = bootstrap(
        tuple(per_speaker),
        statistic,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(seed),
        batch=100,
    )
    interval = result.confidence_interval
    return float(interval.low), float(interval.high)
