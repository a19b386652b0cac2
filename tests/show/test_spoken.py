"""Laundering and detection as people read them."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from speakor_common.show import report, spoken

SHARES = {"corrected": 0.75, "kept": 0.25, "mangled": 0.0}
BOUNDS = {"corrected_95": [0.5, 0.9], "kept_95": [0.1, 0.5], "mangled_95": [0.0, 0.0]}
ENTRY = {"n": 8, "unwritable": 1, "speakers": 6} | SHARES | BOUNDS
GROUP = {"l1": "VN", "n": 8, "unwritable": 1, "speakers": 6} | SHARES


@pytest.fixture
def metrics():
    rates = {"wer": 0.1, "wer_95": [0.05, 0.2], "cer": 0.05, "cer_95": [0.02, 0.08], "n": 40}
    rates |= {"cer_no_space": 0.04, "swer": 0.1, "jer": 0.02}
    entry = ENTRY | {"breakdowns": {"l1": [GROUP]}}
    listener = ENTRY | {"corrected": 0.0, "kept": 1.0, "breakdowns": {}}
    clean = {"clean": rates | {"laundering": entry}}
    return {"exp05": clean, "base": {"clean": rates}, "listener": {"laundering": listener}}


def test_models_and_the_listener_have_a_row(metrics):
    table = spoken.laundering_table(metrics).set_index("model")
    assert list(table.index) == ["exp05", "listener"]
    assert table.loc["exp05", ["corrected", "corrected_low"]].tolist() == [0.75, 0.5]
    by_language = spoken.laundering_table(metrics, "l1")
    assert by_language[["model", "l1", "n"]].values.tolist() == [["exp05", "VN", 8]]
    assert pd.isna(by_language["kept_low"].iloc[0])


def test_the_finding_names_every_model_and_what_was_left_out(metrics):
    finding = spoken.finding_laundering(spoken.laundering_table(metrics))
    assert "(n = 8, 6 speakers; 1 more cannot be written)" in finding
    assert "exp05 corrects 0.75 [0.50, 0.90], keeps 0.25 [0.10, 0.50] and mangles 0.00" in finding
    assert "listener corrects 0.00" in finding


def test_where_nothing_is_known_nothing_is_shown():
    nothing = spoken.laundering_table({"exp05": {"clean": {}}})
    assert nothing.empty and "nobody knows" in spoken.finding_laundering(nothing)
    assert "No deviations" in spoken.laundering_bars(nothing).get_title(loc="left")
    assert spoken.listener_sentence({}) == ""
    assert spoken.feedback_overview(pd.DataFrame()).empty
    plt.close("all")


def test_bars_fill_the_whole(metrics):
    ax = spoken.laundering_bars(spoken.laundering_table(metrics))
    lengths = [patch.get_width() for patch in ax.patches]
    assert sum(lengths) == pytest.approx(2) and len(lengths) == 6
    assert "0.75" in {text.get_text() for text in ax.texts}
    plt.close("all")


def test_the_table_of_models_has_a_column_only_where_something_is_known(metrics):
    text = report.model_table(metrics, "smoke").splitlines()
    assert text[0].endswith("| Corrected [95 %] |") and text[1].count("---") == 5
    assert any(line.endswith("| 0.750 [0.500, 0.900] |") for line in text)
    assert any(line.endswith("| – |") for line in text)
    assert (
        "corrects 0.000 [0.500, 0.900] and keeps 1.000 [0.100, 0.500]"
        in spoken.listener_sentence(metrics)
    )
    del metrics["listener"]
    metrics["exp05"]["clean"].pop("laundering")
    assert "Corrected" not in report.model_table(metrics, "smoke")
    assert "corrected" not in report.comparison_table(metrics)


def test_the_report_shows_it_where_it_is_known(metrics, tmp_path):
    page = report.write_report(metrics, [], tmp_path / "r.html", "make").read_text()
    assert "<h2>Laundering</h2>" in page and "0.75" in page
    page = report.write_report({"base": metrics["base"]}, [], tmp_path / "r.html", "make")
    assert "Laundering" not in page.read_text()


@pytest.fixture
def scores():
    """Rates of the listener and of one yardstick."""
    rates = {"n": 4, "speakers": 2, "planted": 10, "reported": 6, "precision": 0.8}
    rates |= {"recall": 0.5, "f1": 0.62, "f1_low": 0.5, "f1_high": 0.7, "frr": 0.01, "der": 0.1}
    rates |= {"false_per_1000": 12.0}
    rows = [
        {"system": system, "group": group, "l1": "all"} | rates
        for system in ("listener", "no audio")
        for group in ("all", "seen", "unseen")
    ]
    return pd.DataFrame(rows)


def test_feedback_is_scored_or_said_to_have_nothing_to_score(scores):
    assert "no known deviations" in spoken.finding_feedback(pd.DataFrame())
    sentence = spoken.finding_feedback(scores)
    assert "Of 10 known deviations 50% are reported; 80% of the 6 reported" in sentence
    assert "F1 0.62 [0.50, 0.70] (n = 4 utterances, 2 speakers)" in sentence
    assert "Kinds unseen in training: 10 known" in sentence
    assert "nobody noted" not in sentence
    assert sentence.endswith("F1 of the yardsticks: no audio 0.62 [0.50, 0.70].")

    partly = spoken.finding_feedback(scores.assign(not_annotated=3, unusable=1))
    assert "Of 4 more utterances nobody noted what was said." in partly


def test_the_overview_leaves_first_languages_out(scores):
    more = pd.concat([scores, scores.assign(l1="VN")])
    overview = spoken.feedback_overview(more)
    assert len(overview) == 6
    assert overview.loc[("listener", "all"), "f1"] == "0.62 [0.50, 0.70]"
    assert overview.loc[("listener", "all"), "recall"] == "0.50 [– 2 speakers < 5]"
