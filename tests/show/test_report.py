"""result.txt and report.html hold the numbers of metrics.json."""

import json
import re

import numpy as np
import pytest

from speakor_common.batching.conditions import CLEAN
from speakor_common.errors import ResultsError
from speakor_common.evaluation import summary
from speakor_common.show import plots, rates, report


@pytest.fixture
def metrics(table):
    return summary.summarise_predictions(table)


def test_result_text_starts_with_the_contract_lines(metrics):
    text = report.result_text(metrics, "sample", "make reproduce")
    assert re.match(r"WER: \d\.\d{6}\nCER: \d\.\d{6}\nsystem: exp05, whole syllables \(", text)
    assert "\ncommand: make reproduce\n" in text


def test_the_lead_read_plainly_comes_first_where_it_was_measured(metrics):
    plain = {"exp05 plain": metrics["exp01"]} | metrics
    lines = report.result_text(plain, "sample", "x").splitlines()
    assert lines[0] == "WER: 0.250000" and lines[2].startswith("system: exp05, read plainly (")
    systems = [line.split("  ", 2)[2].split(" (")[0] for line in lines[9:]]
    assert systems[:2] == ["exp05, read plainly", "exp05, whole syllables"]
    assert lines[11].split()[:2] == ["not", "measured"] and "exp01, read plainly" in lines[11]


def test_what_has_no_interval_has_a_dash_and_the_reason_everywhere(metrics, tmp_path):
    assert "\nWER 95 % interval: – 4 speakers < 5 (" in report.result_text(metrics, "sample", "x")
    assert "0.250 [– 4 speakers < 5]" in report.model_table(metrics, "sample")
    rows = report.comparison_table(metrics)
    assert rows["no_interval"].tolist() == ["4 speakers < 5"] * 2
    page = report.write_report(metrics, [], tmp_path / "r.html", "x").read_text(encoding="utf-8")
    assert "<td>–</td>" in page and "4 speakers &lt; 5" in page
    axes = rates.model_comparison(rows)
    assert "exp01\n– 4 speakers < 5" in [label.get_text() for label in axes.get_xticklabels()]


def test_what_was_not_evaluated_cannot_be_reported():
    with pytest.raises(ResultsError, match="no system has clean test results"):
        report.result_text({"exp05": {"real": {}}}, "sample", "x")


def test_models_are_compared_in_one_condition(metrics):
    rows = report.comparison_table(metrics).set_index("experiment")
    assert rows.loc["exp01", "wer"] == 0.25 and rows.loc["exp05", "wer"] == 0
    assert {"n", "wer_low", "wer_high", "cer", "repetition"} <= set(rows.columns)
    assert report.comparison_table(metrics, "unheard of").empty


def test_conditions_stand_in_their_order(metrics):
    rows = report.condition_table(metrics)
    assert rows["condition"].tolist() == [CLEAN, CLEAN]
    assert report.condition_grid(metrics).loc[CLEAN, "exp01"] == 0.25


def test_the_report_embeds_its_figures(metrics, tmp_path):
    json.dumps(metrics)
    figure = plots.save_figure(plots.histogram(np.arange(5), "x", "t"), tmp_path / "f.png")
    page = report.write_report(metrics, [figure], tmp_path / "r.html", "make <all>")
    text = page.read_text(encoding="utf-8")
    assert "0.25" in text and "data:image/png" in text and "make &lt;all&gt;" in text


def test_files_are_listed_without_notebooks_and_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    for name in ("b.csv", "a.json", "figures/c.png", "notebooks/05.ipynb"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"123")
    rows = report.file_table(report.result_files(tmp_path))
    assert rows["file"].tolist() == ["a.json", "b.csv", "figures/c.png"]
    assert set(rows["bytes"]) == {3}
    assert report.file_table([]).columns.tolist() == ["file", "bytes"]
