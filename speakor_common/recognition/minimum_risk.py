"""Weights of a text's features from N-best lists: those expected to make the fewest word errors.

Legend: B clips, N texts of an N-best list, K features of a text (:class:`FeatureWeights`).

A grid over weights finds the fewest errors on the clips it sees, by luck as much as by merit. Here
weights make the texts of a clip more or less probable (a softmax of their weighted features), and
the expected number of word errors is minimised. It is smooth in the weights, so few clips suffice
(Smith & Eisner, 2006, "Minimum risk annealing for training log-linear models"). Where the lists
come from is left to :mod:`.decoder_tuning` and :mod:`.whisper_tuning`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

_RIDGE = 1e-4  # pulls weights of standardised features to zero, where two say the same
_START = 0.5  # of every weight
_NO_TEXT = -1e9  # log probability of what fills up shorter N-best lists
# Until the optimum is met to four decimals; some 25 evaluations for 120 clips.
_SEARCH = {"maxiter": 1000, "maxcor": 20, "ftol": 1e-14, "gtol": 1e-9}


@dataclass(frozen=True)
class ScoredNBest:
    """One validation clip's N-best list.

    Attributes:
        features: float64, shape = (N, K).
        errors: word errors of each text, int, shape = (N,).
        words: number of words of the reference.
        speaker: speakers are kept together in cross-validation.
        errors_without: word errors of what is written without language models.
    """

    features: np.ndarray
    errors: np.ndarray
    words: int
    speaker: str
    errors_without: int


def fit_weights(nbest: Sequence[ScoredNBest]) -> np.ndarray:
    """Weights with the smallest expected word errors.

    Returns:
        float64, shape = (K,), scaled so that the first is 1 where it is positive.
    """
    features, errors, mask = _padded(nbest)
    words = max(1, sum(clip.words for clip in nbest))

    # Standardised, so that one ridge suits all. A feature that never varies decides nothing.
    spread = features.reshape(-1, features.shape[2]).std(axis=0, ddof=1)
    spread[spread == 0] = 1.0
    features = features / spread

    def risk(weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Expected word error rate with its ridge, and its gradient."""
        # Probability of each text: a softmax over the clip's N-best list.
        logits = features @ weights + mask
        probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities /= probabilities.sum(axis=1, keepdims=True)

        # A text's share of the gradient is how much worse than expected it is.
        expected = (probabilities * errors).sum(axis=1, keepdims=True)
        shares = probabilities * (errors - expected)
        gradient = np.einsum("bn,bnk->k", shares, features) / words + 2 * _RIDGE * weights
        return expected.sum() / words + _RIDGE * (weights @ weights), gradient

    start = np.full(features.shape[2], _START)
    optimum = minimize(risk, start, jac=True, method="L-BFGS-B", options=_SEARCH).x
    weights = optimum / spread
    return weights / weights[0] if weights[0] > 0 else weights


def nbest_error_rate(nbest: Sequence[ScoredNBest], weights: np.ndarray) -> float:
    """Word errors of the texts that weights choose, over words of the references."""
    errors = sum(int(clip.errors[(clip.features @ weights).argmax()]) for clip in nbest)
    return errors / max(1, sum(clip.words for clip in nbest))


def cross_validated_error_rate(nbest: Sequence[ScoredNBest], folds: int = 4) -> float:
    """Error rate of clips whose speakers had no part in the weights.

    Of one speaker's clips it is that of the fitted clips themselves.
    """
    speakers = sorted({clip.speaker for clip in nbest})
    if len(speakers) < 2:
        return nbest_error_rate(nbest, fit_weights(nbest))

    weighted_rates = []
    for first in range(min(folds, len(speakers))):
        held_out = set(speakers[first::folds])
        inside = [clip for clip in nbest if clip.speaker in held_out]
        weights = fit_weights([clip for clip in nbest if clip.speaker not in held_out])
        words = sum(clip.words for clip in inside)
        weighted_rates.append(nbest_error_rate(inside, weights) * words)
    return sum(weighted_rates) / max(1, sum(clip.words for clip in nbest))


def _padded(nbest: Sequence[ScoredNBest]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """N-best lists filled up to the longest.

    Returns:
        Features relative to each list's first text, shape = (B, N, K); errors, shape = (B, N); and
        what makes filling improbable when added to weighted features, shape = (B, N); all float64.
    """
    longest = max(len(clip.errors) for clip in nbest)
    features = np.zeros((len(nbest), longest, nbest[0].features.shape[1]))
    errors = np.zeros((len(nbest), longest))
    mask = np.full((len(nbest), longest), _NO_TEXT)
    for row, clip in enumerate(nbest):
        count = len(clip.errors)
        features[row, :count] = clip.features - clip.features[:1]
        errors[row, :count] = clip.errors
        mask[row, :count] = 0.0
    return features, errors, mask
