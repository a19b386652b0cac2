"""Counting what learners say, and weighing it against what is heard."""

import numpy as np
import pytest
from datasets import Dataset

from speakor_common.errors import TrainingError
from speakor_common.pronunciation.calibration import (
    annotated_truths,
    best_threshold,
    fit_weights,
    spoken_sounds,
)
from speakor_common.pronunciation.confusions import count_confusions
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.pronunciation.truth import Truth, truth_of


def test_counting_takes_every_intended_sound_and_what_was_said_for_it():
    said = Truth(
        "밤 가",
        (
            Deviation(0, "vowel", "substitution", "ㅏ", "ㅓ"),
            Deviation(0, "coda", "insertion", "", "ㅜ"),
            Deviation(1, "onset", "omission", "ㄱ", ""),
            Deviation(1, "coda", "insertion", "", "ㄴ"),
        ),
    )
    assert list(spoken_sounds([said])) == [
        ("onset", "ᄇ", "ᄇ"),
        ("vowel", "ᅡ", "ㅓ"),
        ("added", "ᆷ", "ㅜ"),
        ("coda", "ᆷ", "ᆷ"),
        ("onset", "ᄀ", "ㅇ"),
        ("vowel", "ᅡ", "ᅡ"),
        ("coda", "", "ㄴ"),
    ]


@pytest.mark.parametrize(
    ("text", "made_from", "planted", "part", "counted"),
    [
        # What the standard allows is no confusion: 주의 is [주의] or [주이].
        ("주의", "주의", ("vowel", "ㅢ", "ㅣ"), "vowel", {"ㅜ": {"ㅜ": 1}, "ㅣ": {"ㅣ": 1}}),
        # Made from [여권], allowed is [여꿘]: what was said for ㄲ is not known.
        ("여권", "여권", ("onset", "ㄱ", "ㅋ"), "onset", {"ㅇ": {"ㅇ": 1}}),
    ],
)
def test_confusions_are_counted_on_the_truth(text, made_from, planted, part, counted):
    truth = truth_of(text, made_from, [Deviation(1, planted[0], "substitution", *planted[1:])])
    assert count_confusions(spoken_sounds([truth]))[part] == counted


def test_only_what_is_annotated_is_counted_and_the_rest_is_said(caplog):
    rows = [
        (
            "u0",
            '[{"syllable": 0, "part": "vowel", "kind": "substitution", '
            '"intended": "ㅏ", "spoken": "ㅓ"}]',
        ),
        ("u1", "[]"),
        ("u2", ""),
    ]
    split = Dataset.from_list(
        [
            {"utterance_id": name, "text": "가", "intended": "가", "deviations": noted}
            for name, noted in rows
        ]
    )
    counts = count_confusions(spoken_sounds(annotated_truths(split).known.values()))
    assert counts["vowel"] == {"ㅏ": {"ㅏ": 1, "ㅓ": 1}}
    assert "counted on 2 utterances: 1 utterances are not annotated" in caplog.text
    with pytest.raises(TrainingError, match=r"it is known what was said \(1 utterances are not"):
        annotated_truths(split.select([2]))


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


def test_no_threshold_finds_deviations_at_none_of_the_sounds():
    scores = np.array([0.0, 1.0, 2.0])
    assert best_threshold(scores, np.array([False, False, True]), known=50) == 2.0


@pytest.mark.parametrize("wrong", [np.zeros(4, bool), np.ones(4, bool)])
def test_weights_need_right_and_wrong_sounds(wrong):
    with pytest.raises(TrainingError, match=f"{wrong.sum()} of 4 sounds are known"):
        fit_weights(np.arange(4.0), np.arange(4.0), wrong, int(wrong.sum()))
