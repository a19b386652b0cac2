"""The choice by validation: weights first, on the same clips, then how they are read."""

import pytest

from speakor_common.pipeline.validation_choice import best_by_validation


def run(wer, clips="drawn", fingerprint=None, with_models=None):
    """A run.json; ``with_models`` is the rate with language models and without, on their clips."""
    facts = {"best_validation_wer": wer, "data_sha256": {"valid": clips}}
    if fingerprint:
        facts["fingerprint"] = fingerprint
    if with_models:
        better, without = with_models
        facts |= {"decoding": {}, "best_validation_wer": better, "greedy_validation_wer": wer}
        facts["decoder_validation"] = {"clips": 9, "wer": better, "wer_without": without}
    return facts


def test_the_lowest_rate_on_the_same_clips_is_chosen():
    assert best_by_validation({"exp01": run(0.4), "exp05": run(0.3)}, "exp05") == "exp05"
    assert best_by_validation({"exp01": run(0.2), "exp05": run(0.3)}, "exp05") == "exp01"


def test_rates_on_other_clips_are_not_compared_and_named(caplog):
    runs = {"exp01": run(0.4), "exp02": run(0.1, clips="all"), "exp05": run(0.3)}
    assert best_by_validation(runs, "exp05") == "exp05"
    assert "not compared with exp01, exp05" in caplog.text and caplog.text.endswith("exp02\n")
    assert best_by_validation(runs, "exp02") == "exp02"
    assert best_by_validation(runs, "not trained") == "exp05"


@pytest.mark.parametrize(
    ("with_models", "chosen"),
    [
        ((0.45, 0.6), "exp06"),  # harder clips than those exp05 was validated on
        ((0.25, 0.2), "exp05"),  # and easier ones
        ((0.3, 0.3), "exp05"),
    ],
)
def test_language_models_are_compared_with_the_same_weights_on_the_same_clips(with_models, chosen):
    runs = {
        "exp05": run(0.3, fingerprint="a"),
        "exp06": run(0.3, fingerprint="a", with_models=with_models),
        "exp01": run(0.4, fingerprint="b"),
    }
    assert best_by_validation(runs, "exp05") == chosen


def test_weights_that_exist_only_with_language_models_can_be_the_best():
    runs = {
        "exp05": run(0.3, fingerprint="a"),
        "one-cycle": run(0.2, fingerprint="b", with_models=(0.5, 0.4)),
    }
    assert best_by_validation(runs, "exp05") == "one-cycle"


def test_runs_of_earlier_versions_are_compared_among_themselves():
    old = {"exp01": {"best_validation_wer": 0.4}, "exp05": {"best_validation_wer": 0.5}}
    assert best_by_validation(old, "exp05") == "exp01"
    decoded = {"best_validation_wer": 0.1, "greedy_validation_wer": 0.4, "decoding": {}}
    with_models = old | {"exp06": decoded | {"fingerprint": "a"}}
    with_models["exp01"] = with_models["exp01"] | {"fingerprint": "a"}
    assert best_by_validation(with_models, "exp05") == "exp01"
