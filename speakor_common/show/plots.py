"""Figures of general use: a table in, axes out, and how a figure is saved and shown.

Every figure of the project goes through here, so that Hangul has glyphs, labels carry units
and colours suit colour-blind readers. Figures of one subject are in the module of that
subject; figures of error rates are in :mod:`speakor_common.show.rates`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from speakor_common.show import fonts, palette

_DOTS_PER_INCH = 130  # of saved figures


@lru_cache(maxsize=1)
def use_hangul_font() -> None:
    """Give figures the look of pages, once: their font, which has Hangul, colours and sizes."""
    import koreanize_matplotlib  # noqa: F401 - importing registers the font for rare syllables

    for file in fonts.font_files().values():
        matplotlib.font_manager.fontManager.addfont(file)
    sizes = palette.FIGURE_SIZES
    matplotlib.rcParams |= {
        "font.family": [fonts.FAMILY, fonts.REST_IN_FIGURES],
        "font.size": sizes["label"],
        "axes.titlesize": sizes["title"],
        "axes.titleweight": 600,
        "axes.titlelocation": "left",
        "axes.titlepad": 10,
        "axes.labelsize": sizes["label"],
        "axes.labelcolor": palette.QUIET,
        "axes.edgecolor": palette.QUIET,
        "axes.linewidth": 0.8,
        "axes.prop_cycle": matplotlib.cycler(color=palette.SERIES),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.unicode_minus": False,
        "grid.color": palette.LINE,
        "xtick.labelsize": sizes["tick"],
        "ytick.labelsize": sizes["tick"],
        "xtick.color": palette.QUIET,
        "ytick.color": palette.QUIET,
        "text.color": palette.INK,
        "legend.frameon": False,
        "legend.fontsize": sizes["tick"],
        "figure.dpi": 110,
    }


def ensure_axes(ax: Axes | None, width: float = 7, height: float = 3.6) -> Axes:
    """``ax``, or new axes of that size (inches) that can write Hangul."""
    use_hangul_font()
    return ax if ax is not None else plt.subplots(figsize=(width, height), layout="constrained")[1]


def heat_map(
    table: pd.DataFrame,
    title: str,
    unit: str = "utterances",
    ax: Axes | None = None,
    cmap: str = "Blues",
) -> Axes:
    """A small matrix as a heat map with its numbers written in; ``unit`` labels the colour bar."""
    ax = ensure_axes(ax, 1.6 + 0.9 * table.shape[1], 1.4 + 0.55 * table.shape[0])
    image = ax.imshow(table.to_numpy(float), cmap=cmap, aspect="auto", vmin=0)

    # The upper half of the scale is dark and takes white numbers.
    middle = float(table.to_numpy().max()) / 2
    style = {"ha": "center", "va": "center", "fontsize": 9}
    for y, row in enumerate(table.to_numpy()):
        for x, value in enumerate(row):
            ax.text(x, y, f"{value:g}", color="white" if value > middle else "black", **style)

    # Names of rows and columns, and the scale.
    ax.set_xticks(range(table.shape[1]), table.columns)
    ax.set_yticks(range(table.shape[0]), table.index)
    ax.set(title=title, xlabel=table.columns.name, ylabel=table.index.name)
    ax.figure.colorbar(image, ax=ax, label=unit)
    ax.spines[:].set_visible(False)
    return ax


def histogram(
    values: Sequence[float],
    xlabel: str,
    title: str,
    bins: int | Sequence[int] = 40,
    ax: Axes | None = None,
) -> Axes:
    """One distribution with its median marked; ``values`` are of utterances."""
    ax = ensure_axes(ax)
    series = pd.Series(list(values), dtype=float)
    median = series.median()

    # Bars, and the median across them.
    ax.hist(series, bins=bins, color=palette.SKY)
    ax.axvline(
        median,
        color=palette.VERMILION,
        linestyle="--",
        label=f"median {median:.1f} (n = {len(series)})",
    )
    ax.set(xlabel=xlabel, ylabel="utterances", title=title)
    ax.legend()
    return ax


def horizontal_bars(table: pd.Series, xlabel: str, title: str, ax: Axes | None = None) -> Axes:
    """Bars of a series from top to bottom, in its order."""
    ax = ensure_axes(ax, 7, max(2.4, 0.24 * len(table) + 1))
    names = [str(key) for key in table.index]
    ax.barh(names[::-1], table.to_numpy()[::-1], color=palette.BLUE)
    ax.set(xlabel=xlabel, title=title)
    return ax


def save_figure(figure: Figure | Axes, path: Path) -> Path:
    """Write a figure as PNG, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _figure_of(figure).savefig(path, dpi=_DOTS_PER_INCH)
    return path


def show_figure(figure: Figure | Axes, path: Path, finding: str) -> None:
    """Save a figure, display it here and now, and below it the sentence that says what it shows."""
    from IPython.display import Markdown, display

    save_figure(figure, path)
    display(_figure_of(figure))
    plt.close(_figure_of(figure))  # or the notebook would draw it again at the cell's end
    display(Markdown(finding))


def _figure_of(figure: Figure | Axes) -> Figure:
    return figure if isinstance(figure, Figure) else figure.figure
