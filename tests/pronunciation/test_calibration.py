"""Counting what learners say, and weighing it against what is heard."""

import numpy as np
import pytest

from speakor_common.pronunciation.calibration import fit_weights, spoken_sounds
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.text import to_jamo


def test_counting_takes_every_intended_sound_and_what_was_said_for_it():
    known = [
        Deviation(0, "vowel", "substitution", "ㅏ", "ㅓ"),
        Deviation(0, "coda", "insertion", "", "ㅜ"),
        Deviation(1, "onset", "omission", "ㄱ", ""),
    ]
    assert list(spoken_sounds([to_jamo("밤 가")], [known])) == [
        ("onset", "ᄇ", "ᄇ"),
        ("vowel", "ᅡ", "ㅓ"),
        ("added", "ᆷ", "ㅜ"),
        ("coda", "ᆷ", "ᆷ"),
        ("onset", "ᄀ", "ㅇ"),
        ("vowel", "ᅡ", "ᅡ"),
        ("coda", "", ""),
    ]


@pytest.fixture(scope="module")
def simulated():
    """Evidence on 20,000 sounds, and which of them are wrong with known odds."""
    draws = np.random.default_rng(1)
    gains, expected = draws.normal(size=(2, 20_000))
    log_odds = 0.5 * gains + 1.5 * expected - 2
    return gains, expected, draws.random(20_000) < 1 / (1 + np.exp(-log_odds))


def test_weights_are_those_of_the_regression_that_made_the_data(simulated):
    gains, expected, wrong = simulated
    weights = fit_weights(gains, expected, wrong, int(wrong.sum()))
    assert (weights.heard, weights.expected, weights.offset) == pytest.approx(
        (0.5, 1.5, -2.0), abs=0.1
    )


@pytest.mark.parametrize("missed", [0, 2_000])
def test_the_threshold_has_the_best_f1_of_all_known_deviations(simulated, missed):
    gains, expected, wrong = simulated
    known = int(wrong.sum()) + missed
    weights = fit_weights(gains, expected, wrong, known)
    log_odds = weights.combined(gains, expected)
    probabilities = 1 / (1 + np.exp(-log_odds))

    def f1(minimum):
        reported = probabilities > minimum
        return 2 * (reported & wrong).sum() / (reported.sum() + known)

    assert f1(weights.minimum) >= max(map(f1, np.arange(0.02, 1.0, 0.02))) - 0.002
