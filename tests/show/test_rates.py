"""Figures of error rates show every group and condition, with intervals."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from speakor_common.batching import conditions
from speakor_common.evaluation import error_tables, summary
from speakor_common.show import palette, plots, rates, report


@pytest.fixture
def metrics(table):
    return summary.summarise_predictions(table)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_figures_have_labelled_axes(tmp_path, table, metrics):
    confusions = error_tables.jamo_confusions(table)
    axes = [
        rates.rates_by_group(summary.breakdown(summary.with_counts(table), "l1"), "l1", "t"),
        rates.model_comparison(report.comparison_table(metrics)),
        rates.confusion_map(error_tables.confusion_matrix(confusions, "coda"), "t"),
    ]
    for ax in axes:
        assert ax.get_ylabel() and ax.get_title(loc="left")
        assert plots.save_figure(ax, tmp_path / "f.png").stat().st_size > 5000


def test_each_model_has_a_bar_with_its_value(metrics):
    ax = rates.model_comparison(report.comparison_table(metrics))
    assert [text.get_text() for text in ax.texts] == ["0.000", "0.250"]
    assert "n = 6" in ax.get_title(loc="left")


def test_small_groups_are_grey(table):
    ax = rates.rates_by_group(summary.breakdown(summary.with_counts(table), "l1"), "l1", "t")
    grey = plt.matplotlib.colors.to_rgba(palette.TOO_FEW)
    assert [bar.get_facecolor() for bar in ax.patches] == [grey, grey]


def test_groups_stand_in_order_and_no_bar_is_cut_off(table):
    counted = summary.with_counts(table.assign(duration_s=[12.0, 1.0] * (len(table) // 2)))
    groups = {column: summary.breakdown(counted, column) for column in ("l1", "duration_bin")}
    assert groups["duration_bin"]["duration_bin"].tolist() == ["0-2 s", "10-20 s"]
    figure = rates.breakdowns(groups, "exp05")
    highest = max(group["wer"].max() for group in groups.values())
    assert figure.axes[0].get_ylim()[1] > highest
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["first language", "duration"]


def test_noise_is_a_line_a_kind_and_the_rest_are_bars(table):
    degraded = [table.assign(condition=name) for name in (conditions.CLEAN, *conditions.CONDITIONS)]
    rows = report.condition_table(summary.summarise_predictions(pd.concat(degraded)))
    left, right = rates.conditions(rows[rows["experiment"] == "exp01"]).axes
    assert [len(line.get_xdata()) for line in left.lines] == [4, 4, 4]
    assert left.get_legend() is not None
    assert right.get_xticklabels()[0].get_text() == conditions.CLEAN


def test_confusions_of_nothing_say_so():
    ax = rates.confusion_map(pd.DataFrame(), "t")
    assert ax.texts[0].get_text() == "no syllables were aligned"


def test_there_is_a_panel_a_part_of_the_syllable(table):
    figure = rates.confusion_panels(error_tables.jamo_confusions(table), "exp01")
    titles = [ax.get_title(loc="left") for ax in figure.axes if ax.get_title(loc="left")]
    assert titles == ["exp01: onset errors", "exp01: vowel errors", "exp01: coda errors"]
