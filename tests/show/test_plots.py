"""Figures of general use have labels, Hangul and a sentence below them."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from speakor_common.show import plots


def test_hangul_has_glyphs_in_figures():
    plots.use_hangul_font()
    family = mpl.rcParams["font.family"]
    found = [mpl.font_manager.findfont(name, fallback_to_default=False) for name in family]
    assert "hangul-regular" in found[0] and "Nanum" in found[1]  # the second for rare syllables


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.histogram([1, 2, 3], "x", "t"),
        lambda: plots.horizontal_bars(pd.Series({"나": 2, "가": 1}), "x", "t"),
        lambda: plots.heat_map(pd.DataFrame({"하": [1, 5]}, index=["VN", "JP"]), "t"),
    ],
)
def test_a_figure_is_titled_and_saved(draw, tmp_path):
    ax = draw()
    assert ax.get_title(loc="left") == "t"
    assert plots.save_figure(ax, tmp_path / "figures" / "f.png").stat().st_size > 5000
    plt.close(ax.figure)


def test_bars_keep_the_order_of_the_series_from_the_top():
    ax = plots.horizontal_bars(pd.Series({"나": 2, "가": 1}), "x", "t")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["가", "나"]  # upwards
    plt.close(ax.figure)


def test_numbers_of_a_heat_map_can_be_read_on_their_colour():
    ax = plots.heat_map(pd.DataFrame({"하": [1, 10]}), "t")
    assert [(text.get_text(), text.get_color()) for text in ax.texts] == [
        ("1", "black"),
        ("10", "white"),
    ]
    plt.close(ax.figure)


def test_a_figure_is_shown_with_its_finding_below_and_drawn_once(tmp_path, monkeypatch):
    displayed = []
    monkeypatch.setattr("IPython.display.display", displayed.append)
    figure = plots.histogram([1, 2], "x", "t").figure
    plots.show_figure(figure, tmp_path / "f.png", "**Finding.** n = 2.")
    assert displayed[0] is figure
    assert displayed[1].data == "**Finding.** n = 2."
    assert (tmp_path / "f.png").is_file()
    assert not plt.fignum_exists(figure.number)
