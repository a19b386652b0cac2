"""Weights of least risk: an optimum, and measured on other speakers than they were found on."""

import numpy as np
from scipy.optimize import approx_fprime

from speakor_common.recognition import minimum_risk
from speakor_common.recognition.minimum_risk import (
    ScoredNBest,
    cross_validated_error_rate,
    fit_weights,
    nbest_error_rate,
)


def nbest(seed, speaker, clips=20, preferred=-2.0):
    """Lists where the second feature knows the errors and the first prefers wrong texts.

    The third feature says nothing.
    """
    random = np.random.default_rng(seed)
    lists = []
    for _ in range(clips):
        errors = random.permutation(4)
        features = [errors + random.normal(0, 0.3, 4), preferred * errors, np.ones(4)]
        lists.append(ScoredNBest(np.column_stack(features), errors, 5, speaker, 3))
    return lists


def test_weights_follow_the_feature_that_is_right():
    lists = nbest(0, "a")
    weights = fit_weights(lists)
    assert nbest_error_rate(lists, weights) == 0
    assert nbest_error_rate(lists, np.array([1.0, 0, 0])) > 0
    assert weights[1] > abs(weights[2])
    assert np.array_equal(weights, fit_weights(lists))


def test_weights_are_where_no_small_step_lowers_the_expected_errors():
    random = np.random.default_rng(3)
    lists = []
    for count in (1, 4, 9, 6, 30):  # lists of different lengths
        errors = random.integers(0, 4, count)
        features = np.column_stack(
            [random.normal(-50, 3, count), random.normal(errors, 2), -errors]
        )
        lists.append(ScoredNBest(features, errors, 4, "a", 2))
    first = np.concatenate([each.features - each.features[0] for each in lists])
    longest = max(len(each.errors) for each in lists)
    padding = np.zeros((len(lists) * longest - len(first), 3))
    spread = np.concatenate([first, padding]).std(axis=0, ddof=1)

    def risk(weights):
        expected = 0.0
        for each in lists:
            logits = each.features @ (weights / spread)
            shares = np.exp(logits - logits.max())
            expected += shares @ each.errors / shares.sum()
        return expected / 20 + minimum_risk._RIDGE * weights @ weights

    found = fit_weights(lists) * spread
    scale = min((s for s in np.geomspace(0.01, 1000, 4000)), key=lambda s: risk(s * found))
    gradient = approx_fprime(scale * found, risk, 1e-6)
    assert np.abs(gradient).max() < 1e-4


def test_a_single_text_decides_nothing():
    lists = [ScoredNBest(np.ones((1, 3)), np.array([2]), 4, "a", 2)] * 3
    assert np.isfinite(fit_weights(lists)).all()
    assert nbest_error_rate(lists, fit_weights(lists)) == 0.5


def test_cross_validation_keeps_speakers_apart():
    good = nbest(1, "a")
    opposite = nbest(2, "b", preferred=2.0)
    assert cross_validated_error_rate(good) == 0
    assert cross_validated_error_rate([*good, *nbest(3, "c")]) == 0
    # Each speaker is decoded with what suits the other.
    assert cross_validated_error_rate(good + opposite) > 0.3
