"""Uncertainty of error rates: bootstrap intervals clustered by speaker, and paired comparison.

Utterances of one speaker share a voice and an accent, so they are not independent: whole
speakers are drawn with replacement (Bisani & Ney, 2004, with speakers as units). A rate is a
ratio of sums, so a resample needs only each speaker's error and reference counts.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """Rate of A minus rate of B on the same utterances; ``significant`` if the interval excludes 0."""

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
    per_speaker = _by_speaker(speakers, errors, lengths)
    low, high = _percentiles(
        per_speaker, lambda e, n, axis=-1: e.sum(axis) / np.maximum(n.sum(axis), 1), seed
    )
    return Interval(
        sum(errors) / max(sum(lengths), 1), low, high, len(errors), per_speaker.shape[1]
    )


def paired_comparison(
    errors_a: Sequence[int],
    errors_b: Sequence[int],
    lengths: Sequence[int],
    speakers: Sequence[str],
    seed: int = 0,
) -> Comparison:
    """Difference in rate between two models on the same utterances; negative means A errs less."""
    per_speaker = _by_speaker(speakers, errors_a, errors_b, lengths)

    def difference(a, b, n, axis=-1):
        return (a.sum(axis) - b.sum(axis)) / np.maximum(n.sum(axis), 1)

    low, high = _percentiles(per_speaker, difference, seed)
    value = (sum(errors_a) - sum(errors_b)) / max(sum(lengths), 1)
    interval = Interval(value, low, high, len(lengths), per_speaker.shape[1])
    return Comparison(interval, bool(low > 0 or high < 0))


def _by_speaker(speakers: Sequence[str], *counts: Sequence[int]) -> np.ndarray:
    """Sums a speaker: int64, shape = (counts, speakers)."""
    _, index = np.unique(np.asarray(speakers), return_inverse=True)
    return np.stack(
        [np.bincount(index, weights=np.asarray(row, float)).astype(np.int64) for row in counts]
    )


def _percentiles(per_speaker: np.ndarray, statistic, seed: int) -> tuple[float, float]:
    """Bounds of the 95 % percentile bootstrap; a single speaker has no spread, so its bounds are nan."""
    if per_speaker.shape[1] < 2:
        return float("nan"), float("nan")
    result = bootstrap(
        tuple(per_speaker), statistic, paired=True, vectorized=True, n_resamples=RESAMPLES,
        method="percentile", rng=np.random.default_rng(seed), batch=100,
    )  # fmt: skip
    return float(result.confidence_interval.low), float(result.confidence_interval.high)
