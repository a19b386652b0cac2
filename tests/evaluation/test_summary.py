"""metrics.json: counts, intervals, breakdowns and comparisons from predictions."""

import json

import pandas as pd
import pytest

from speakor_common.evaluation import summary
from tests.builders import predictions


def test_an_entry_has_counts_intervals_and_marks_small_groups():
    table = predictions(["저는 학생"] * 40, ["저는 학생", "저는 학교"] * 20)
    table["speaker_id"] = [f"S{i // 8}" for i in range(40)]
    entry = summary.summarise_predictions(table)["exp05"]["clean"]
    assert entry["n"] == 40
    assert entry["wer"] == 0.25
    assert entry["counts"]["words"]["substitutions"] == 20
    assert entry["wer_95"][0] <= 0.25 <= entry["wer_95"][1]
    assert entry["speakers"] == 5 and "no_interval" not in entry

    groups = entry["breakdowns"]["l1"]
    assert {group["l1"]: group["wer"] for group in groups} == {"VN": 0.0, "JP": 0.5}
    assert not groups[0]["small"]
    assert {group["no_interval"] for group in groups} == {""}
    assert all(group["small"] for group in entry["breakdowns"]["speaker_id"])


def test_only_clean_predictions_are_broken_down_and_bounds_of_few_speakers_are_null():
    table = predictions(["저는 학생"] * 4, ["저는 학교"] * 4).assign(speaker_id="S1")
    entry = summary.summarise_predictions(table)["exp05"]["clean"]
    assert entry["breakdowns"]["speaker_id"][0]["wer_low"] is None
    assert entry["breakdowns"]["speaker_id"][0]["no_interval"] == "1 speaker < 5"
    assert entry["wer_95"] is None and entry["no_interval"] == "1 speaker < 5"
    assert "NaN" not in json.dumps(entry)

    noisy = predictions(["저는"], ["저는"], condition="clipping")
    assert "flags" not in summary.summarise_predictions(noisy)["exp05"]["clipping"]


@pytest.mark.parametrize(
    ("seconds", "group"),
    [(0.0, "0-2 s"), (2.0, "0-2 s"), (2.1, "2-3 s"), (20.0, "10-20 s"), (500.0, "> 20 s")],
)
def test_durations_fall_into_their_group(seconds, group):
    table = summary.with_counts(predictions(["저는"], ["저는"]).assign(duration_s=seconds))
    assert table["duration_bin"].tolist() == [group]


def test_experiments_are_compared_on_what_both_have():
    references = ["저는 학생"] * 8
    first = predictions(references, ["저는 학생"] * 8, "a")
    second = predictions(references[:6], ["저는 학교"] * 6, "b")
    compared = summary.compare_experiments(pd.concat([first, second]), "a", "b")
    assert compared.difference.n == 6
    assert compared.difference.value == -0.5
    assert not compared.significant and compared.difference.no_interval == "4 speakers < 5"


def test_a_comparison_tells_what_speakers_can_detect():
    names = [f"S{i % 6}" for i in range(24)]
    first = predictions(["저는 학생"] * 24, ["저는 학생"] * 24, "a").assign(speaker_id=names)
    hypotheses = ["저는 학교"] * 20 + ["저는 학생"] * 4
    second = predictions(["저는 학생"] * 24, hypotheses, "b").assign(speaker_id=names)
    compared = summary.compare_experiments(pd.concat([first, second]), "a", "b")
    entry = summary.comparison_entry(compared)
    assert list(entry["detectable"]) == ["6", "20", "40", "80"]
    assert entry["detectable"]["80"] < entry["detectable"]["6"] and entry["significant"]
    assert entry["difference_95"][0] < entry["difference"] < entry["difference_95"][1] < 0
    assert "NaN" not in json.dumps(entry)
