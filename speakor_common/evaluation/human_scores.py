"""Scores of ours against scores that people gave the same utterances.

Three questions, each with a number: do both put utterances in the same order (Spearman's rank
correlation), do both give the same grade (quadratic weighted kappa, Cohen 1968, by which essay and
speech scoring is judged), and how far do people agree among themselves? The last is the ceiling:
no score can be expected to agree with one person better than another person does. Where only one
score an utterance was handed out, as in AI Hub 71469 to 71490, there is no ceiling to compare
with, and that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import rankdata, spearmanr
from sklearn.metrics import cohen_kappa_score

from speakor_common.errors import ResultsError

FEWEST = 3  # utterances; with two every order is perfect or reversed
ONE_RATER = "one score an utterance"


@dataclass(frozen=True)
class Agreement:
    """How far two scores of the same utterances agree.

    Attributes:
        n: utterances that both scored.
        spearman: rank correlation, -1 to 1; NaN where one score is the same for all.
        qwk: quadratic weighted kappa of the grades, 1 where all are equal, 0 as by chance; NaN
            where both give one and the same grade to all.
    """

    n: int
    spearman: float
    qwk: float


@dataclass(frozen=True)
class AgainstPeople:
    """Our scores against people's, and people's against each other.

    Attributes:
        ours: with the mean of the raters.
        ceiling: mean over pairs of raters; ``None`` where there are none.
        no_ceiling: why there is none, ``""`` where there is one.
    """

    ours: Agreement
    ceiling: Agreement | None
    no_ceiling: str = ""


def compare_with_people(
    ours: Sequence[float], raters: Sequence[Sequence[float]], highest: int, lowest: int = 0
) -> AgainstPeople:
    """Agreement of our scores with people's.

    Args:
        ours: any scale; a higher score is a better utterance. NaN: not scored.
        raters: one sequence a rater, as long as ``ours``; NaN where he did not rate.
        highest, lowest: of the raters' grades.

    Raises:
        ResultsError: no rater, lengths that differ, or fewer than :data:`FEWEST` utterances that
            were scored twice.
    """
    scores = np.asarray(ours, dtype=float)
    given = np.asarray(raters, dtype=float)
    if given.ndim != 2 or not len(given) or given.shape[1] != len(scores):
        raise ResultsError(
            f"people's scores have shape {given.shape}; expected (raters, {len(scores)})"
        )

    # ours, brought to grades that are as frequent as people's
    rated = ~np.isnan(given).all(axis=0) & ~np.isnan(scores)
    people = np.array([np.nanmean(column) for column in given[:, rated].T])
    graded = grades_like(scores[rated], people)
    agreement = _agreement(scores[rated], people, graded, lowest, highest)

    # people's
    pairs = [
        _pair(first, second, lowest, highest)
        for first, second in combinations(given, 2)
        if (~np.isnan(first) & ~np.isnan(second)).sum() >= FEWEST
    ]
    if not pairs:
        reason = ONE_RATER if len(given) == 1 else f"no two raters share {FEWEST} utterances"
        return AgainstPeople(agreement, None, reason)
    ceiling = Agreement(
        round(float(np.mean([pair.n for pair in pairs]))),
        float(np.mean([pair.spearman for pair in pairs])),
        float(np.mean([pair.qwk for pair in pairs])),
    )
    return AgainstPeople(agreement, ceiling)


def grades_like(scores: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Scores of any scale as grades that are as frequent as those of people, in our order.

    Utterances with one score get one grade.

    Args:
        scores, people: shape = (utterances,), without NaN.

    Returns:
        values of ``people``; the best of ours gets the best of theirs.
    """
    places = rankdata(scores, method="average")
    return np.sort(people)[np.round(places).astype(int) - 1]


def _pair(first: np.ndarray, second: np.ndarray, lowest: int, highest: int) -> Agreement:
    """Two raters on what both rated."""
    both = ~np.isnan(first) & ~np.isnan(second)
    return _agreement(first[both], second[both], first[both], lowest, highest)


def _agreement(
    scores: np.ndarray, people: np.ndarray, graded: np.ndarray, lowest: int, highest: int
) -> Agreement:
    if len(scores) < FEWEST:
        raise ResultsError(
            f"{len(scores)} utterances have two scores; at least {FEWEST} are needed"
        )
    constant = len(set(scores)) == 1 or len(set(people)) == 1
    order = float("nan") if constant else float(spearmanr(scores, people).statistic)

    first, second = _whole(graded, lowest, highest), _whole(people, lowest, highest)
    if len({*first, *second}) == 1:
        return Agreement(len(scores), order, float("nan"))
    grades = list(range(lowest, highest + 1))
    kappa = cohen_kappa_score(first, second, labels=grades, weights="quadratic")
    return Agreement(len(scores), order, float(kappa))


def _whole(grades: np.ndarray, lowest: int, highest: int) -> np.ndarray:
    """Grades as whole numbers, halves upwards."""
    return np.clip(np.floor(grades + 0.5), lowest, highest).astype(int)
