"""Weights of knowledge sources from validation clips, by the errors they are expected to cause.

Legend: N candidates of a clip, K knowledge sources.

A grid over weights finds the fewest errors on the clips it sees, by luck as much as by merit. Here each weighing makes
the candidates of a clip more or less probable (a softmax of their weighed scores), and the expected number of word
errors is made small; it is smooth in the weights, so few clips suffice (Smith & Eisner, 2006, "Minimum risk annealing
for training log-linear models").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

_RIDGE = 1e-4  # pulls weights of standardised scores towards zero, for sources that say the same
_STEPS = 200


@dataclass(frozen=True)
class Judged:
    """One clip's candidates.

    Attributes:
        scores: what each source says, float64, shape = (N, K).
        errors: word errors of each candidate, shape = (N,).
        words: of the reference.
        group: its speaker; groups are kept together in cross-validation.
    """

    scores: np.ndarray
    errors: np.ndarray
    words: int
    group: str


def fit(clips: Sequence[Judged]) -> np.ndarray:
    """Weights with the smallest expected errors: float64, shape = (K,), the first of them 1 where it is positive."""
    scores, errors, mask = _padded(clips)
    spread = scores.flatten(0, 1).std(0)
    spread = torch.where(spread > 0, spread, 1.0)  # a source that never varies decides nothing
    scores = scores / spread
    weights = torch.full((scores.shape[2],), 0.5, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=_STEPS, line_search_fn="strong_wolfe")
    total = max(1, sum(clip.words for clip in clips))

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        probabilities = (scores @ weights + mask).softmax(1)
        risk = (probabilities * errors).sum() / total + _RIDGE * weights.square().sum()
        risk.backward()
        return risk

    optimiser.step(closure)
    found = (weights.detach() / spread).numpy()
    return found / found[0] if found[0] > 0 else found


def error_rate(clips: Sequence[Judged], weights: np.ndarray) -> float:
    """Word errors of the candidates the weights choose, over reference words."""
    return sum(int(clip.errors[(clip.scores @ weights).argmax()]) for clip in clips) / max(
        1, sum(clip.words for clip in clips)
    )


def cross_validated(clips: Sequence[Judged], folds: int = 4) -> float:
    """Error rate of clips whose speakers had no part in the weights; of the fitted clips themselves if there is one speaker."""
    groups = sorted({clip.group for clip in clips})
    parts = [set(groups[i::folds]) for i in range(min(folds, len(groups)))]
    if len(parts) < 2:
        return error_rate(clips, fit(clips))
    rates = []
    for part in parts:
        inside = [clip for clip in clips if clip.group in part]
        weights = fit([clip for clip in clips if clip.group not in part])
        rates.append((error_rate(inside, weights), sum(clip.words for clip in inside)))
    return sum(rate * words for rate, words in rates) / max(1, sum(words for _, words in rates))


def _padded(clips: Sequence[Judged]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Scores relative to the first candidate, errors, and a mask that makes padding impossible: (B, N, K), (B, N), (B, N)."""
    widest = max(len(clip.errors) for clip in clips)
    scores = torch.zeros(len(clips), widest, clips[0].scores.shape[1], dtype=torch.float64)
    errors, mask = (
        torch.zeros(len(clips), widest, dtype=torch.float64),
        torch.full((len(clips), widest), -1e9, dtype=torch.float64),
    )
    for row, clip in enumerate(clips):
        count = len(clip.errors)
        scores[row, :count] = torch.as_tensor(clip.scores - clip.scores[:1])
        errors[row, :count] = torch.as_tensor(clip.errors)
        mask[row, :count] = 0.0
    return scores, errors, mask
