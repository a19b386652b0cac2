"""Our scores against people's."""

import numpy as np
import pytest

from speakor_common.errors import ResultsError
from speakor_common.evaluation.human_scores import (
    ONE_RATER,
    compare_with_people,
    grades_like,
)

PEOPLE = [0, 1, 2, 3, 4, 5]


def test_the_same_order_on_another_scale_agrees_wholly():
    found = compare_with_people([-9, 10, 20, 21, 80, 1e6], [PEOPLE], highest=5)
    assert (found.ours.n, found.ours.spearman, found.ours.qwk) == (6, 1, 1)
    assert found.ceiling is None and found.no_ceiling == ONE_RATER


def test_the_reversed_order_disagrees_wholly():
    ours = compare_with_people(PEOPLE[::-1], [PEOPLE], highest=5).ours
    assert ours.spearman == -1 and ours.qwk == pytest.approx(-1)


def test_kappa_is_that_of_its_definition():
    """1 - sum(w O) / sum(w E) with w the squared distance of grades."""
    first, second = np.array([0, 0, 1, 2, 2, 1]), np.array([0, 1, 1, 2, 0, 2])
    found = compare_with_people(first, [first, second], highest=2).ceiling
    distances = np.subtract.outer(range(3), range(3)) ** 2
    observed = np.zeros((3, 3))
    np.add.at(observed, (first, second), 1)
    expected = np.outer(observed.sum(1), observed.sum(0)) / len(first)
    kappa = 1 - (distances * observed).sum() / (distances * expected).sum()
    assert found.qwk == pytest.approx(kappa)


def test_people_are_the_ceiling():
    draw = np.random.default_rng(1)
    quality = draw.uniform(0, 5, 400)
    raters = [np.clip(np.round(quality + draw.normal(0, 0.5, 400)), 0, 5) for _ in range(3)]
    noisy = compare_with_people(quality + draw.normal(0, 3, 400), raters, highest=5)
    good = compare_with_people(quality, raters, highest=5)
    assert noisy.ours.qwk < noisy.ceiling.qwk < good.ours.qwk
    assert noisy.ours.spearman < noisy.ceiling.spearman < good.ours.spearman
    assert good.ceiling.n == 400


def test_what_one_side_did_not_score_is_left_out():
    missing = np.nan
    found = compare_with_people(
        [1, 2, missing, 4, 5], [[1, 2, 3, missing, 5], [missing, 2, 3, missing, 5]], highest=5
    )
    assert found.ours.n == 3 and found.ours.spearman == 1
    assert found.ceiling.n == 3
    apart = compare_with_people(
        [1, 2, 3, 4], [[1, 2, missing, missing], [missing, 2, 3, 4]], highest=5
    )
    assert apart.ceiling is None and apart.no_ceiling == "no two raters share 3 utterances"


def test_where_everything_is_alike_there_is_no_agreement_to_measure():
    found = compare_with_people([1, 1, 1], [[2, 2, 2]], highest=5).ours
    assert np.isnan(found.spearman) and np.isnan(found.qwk)


@pytest.mark.parametrize(
    ("ours", "raters", "complaint"),
    [
        ([1, 2], [[1, 2]], "2 utterances have two scores; at least 3"),
        ([1, 2, 3], [[1, 2]], r"shape \(1, 2\); expected \(raters, 3\)"),
        ([1, 2, 3], [], "expected"),
    ],
)
def test_what_cannot_be_compared_is_said(ours, raters, complaint):
    with pytest.raises(ResultsError, match=complaint):
        compare_with_people(ours, raters, highest=5)


def test_grades_are_as_frequent_as_peoples_and_ties_stay_together():
    people = np.array([1.0, 5, 5, 2])
    assert grades_like(np.array([0.1, 0.9, 0.8, 0.2]), people).tolist() == [1, 5, 5, 2]
    assert len(set(grades_like(np.array([7, 7, 7, 7]), people))) == 1
