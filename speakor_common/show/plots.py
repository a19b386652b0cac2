"""Figures: a DataFrame in, Axes out. Labels carry units, Hangul shows, colours suit colour-blind readers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from speakor_common.batching.conditions import CLEAN, NOISES, SNRS_DB, noise_name
from speakor_common.evaluation.alignment import confusion_matrix
from speakor_common.evaluation.summary import SMALL_GROUP
from speakor_common.text import PARTS

# Okabe & Ito (2008): distinguishable with every common colour vision.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")
LEVEL_ORDER = ("하", "중", "상")
_GROUPINGS = {
    "l1": "first language",
    "duration_bin": "duration",
    "rate_bin": "speaking rate",
    "length_bin": "length of the sentence",
}
_SPLIT_COLORS = {"train": COLORS[0], "valid": COLORS[1], "test": COLORS[3], "unused": "#999999"}


@lru_cache(maxsize=1)
def use_hangul_font() -> None:
    """Register the bundled NanumGothic once; matplotlib has no Hangul of its own."""
    import koreanize_matplotlib  # noqa: F401 - importing registers the font and makes it the default

    matplotlib.rcParams |= {
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.dpi": 110,
        "axes.unicode_minus": False,
    }


def ensure_axes(ax: Axes | None, width: float = 7, height: float = 3.6) -> Axes:
    """``ax``, or new axes of that size (inches) with Hangul to write."""
    use_hangul_font()
    return ax if ax is not None else plt.subplots(figsize=(width, height), layout="constrained")[1]


def durations(manifest: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Histogram of clip durations, one outline a split."""
    ax = ensure_axes(ax)
    for split, rows in manifest.groupby("split"):
        ax.hist(
            rows["duration_s"],
            bins=40,
            histtype="step",
            linewidth=1.8,
            color=_SPLIT_COLORS.get(split),
            label=f"{split} (n = {len(rows)})",
        )
    ax.set(xlabel="clip duration (s)", ylabel="clips", title="Clip durations")
    ax.legend()
    return ax


def grid(
    table: pd.DataFrame,
    title: str,
    unit: str = "utterances",
    ax: Axes | None = None,
    cmap: str = "Blues",
) -> Axes:
    """A small matrix as a heat map with its numbers written in."""
    ax = ensure_axes(ax, 1.6 + 0.9 * table.shape[1], 1.4 + 0.55 * table.shape[0])
    image = ax.imshow(table.to_numpy(float), cmap=cmap, aspect="auto", vmin=0)
    middle = float(table.to_numpy().max()) / 2
    for y, row in enumerate(table.to_numpy()):
        for x, value in enumerate(row):
            ax.text(
                x,
                y,
                f"{value:g}",
                ha="center",
                va="center",
                color="white" if value > middle else "black",
                fontsize=9,
            )
    ax.set_xticks(range(table.shape[1]), table.columns)
    ax.set_yticks(range(table.shape[0]), table.index)
    ax.set(title=title, xlabel=table.columns.name, ylabel=table.index.name)
    ax.figure.colorbar(image, ax=ax, label=unit)
    ax.spines[:].set_visible(False)
    return ax


def histogram(
    values: Sequence[float], xlabel: str, title: str, bins: int = 40, ax: Axes | None = None
) -> Axes:
    """One distribution with its median marked."""
    ax = ensure_axes(ax)
    series = pd.Series(list(values), dtype=float)
    ax.hist(series, bins=bins, color=COLORS[5])
    ax.axvline(
        series.median(),
        color=COLORS[3],
        linestyle="--",
        label=f"median {series.median():.1f} (n = {len(series)})",
    )
    ax.set(xlabel=xlabel, ylabel="utterances", title=title)
    ax.legend()
    return ax


def bars(table: pd.Series, xlabel: str, title: str, ax: Axes | None = None) -> Axes:
    """Horizontal bars of a series, in its order."""
    ax = ensure_axes(ax, 7, max(2.4, 0.24 * len(table) + 1))
    ax.barh([str(key) for key in table.index][::-1], table.to_numpy()[::-1], color=COLORS[0])
    ax.set(xlabel=xlabel, title=title)
    return ax


def learning_curves(
    logs: dict[str, pd.DataFrame], unfrozen_at: dict[str, float] | None = None
) -> Figure:
    """Loss and, where measured, validation WER by epoch, one colour an experiment; a dotted line where modules were unfrozen."""
    use_hangul_font()
    rates = any(log["wer"].notna().any() for log in logs.values())
    figure, axes = plt.subplots(
        1, 1 + rates, figsize=(11 if rates else 6, 3.8), layout="constrained", squeeze=False
    )
    left, right = axes[0, 0], axes[0, -1]
    for color, (name, log) in zip(COLORS, logs.items(), strict=False):
        left.plot(
            log["epoch"], log["train_loss"], color=color, marker=".", label=f"{name}, training"
        )
        evaluated = log.dropna(subset="validation_loss")  # not every row of a short run is
        left.plot(
            evaluated["epoch"], evaluated["validation_loss"], color=color, marker="o", fillstyle="none", linestyle="--",
            label=f"{name}, validation",
        )  # fmt: skip
        if log["wer"].notna().any():
            right.plot(
                log["epoch"], log["wer"], color=color, marker="o", markersize=3, label=f"{name} WER"
            )
            right.plot(log["epoch"], log["cer"], color=color, linestyle=":", label=f"{name} CER")
        if unfrozen_at and name in unfrozen_at:
            for ax in axes.flat:
                ax.axvline(unfrozen_at[name], color=color, linestyle=":", alpha=0.6)
    left.set(xlabel="epoch", ylabel="loss (mean a label)", title="Loss")
    if rates:
        right.set(
            xlabel="epoch",
            ylabel="error rate on validation",
            title="Validation error rates",
            ylim=(0, None),
        )
    for ax in axes.flat:
        if ax.get_legend_handles_labels()[0]:
            ax.legend(fontsize=8)
    return figure


def rates_by_group(table: pd.DataFrame, column: str, title: str, ax: Axes | None = None) -> Axes:
    """WER with 95 % intervals for each value of ``column``; groups marked small are grey."""
    ax = ensure_axes(ax)
    positions = range(len(table))
    low = (table["wer"] - table["wer_low"]).clip(lower=0).fillna(0)
    high = (table["wer_high"] - table["wer"]).clip(lower=0).fillna(0)
    colors = ["#BBBBBB" if small else COLORS[0] for small in table["small"]]
    ax.bar(positions, table["wer"], color=colors, yerr=[low, high], capsize=4, ecolor="#444444")
    ax.set_xticks(
        positions, [f"{value}\nn = {n}" for value, n in zip(table[column], table["n"], strict=True)]
    )
    ax.set(ylabel="WER", title=title, ylim=(0, None))
    return ax


def breakdowns(tables: dict[str, pd.DataFrame], experiment: str) -> Figure:
    """One panel a grouping, named by the column that holds its groups; see :func:`rates_by_group`."""
    use_hangul_font()
    rows = -(-len(tables) // 2)
    figure, axes = plt.subplots(
        rows, 2, figsize=(12, 3.2 * rows), layout="constrained", sharey=True, squeeze=False
    )
    for ax, (column, table) in zip(axes.flat, tables.items(), strict=False):
        rates_by_group(table, column, _GROUPINGS.get(column, column), ax)
        ax.tick_params(axis="x", labelsize=8)
    highest = max(float(table[["wer", "wer_high"]].max().max()) for table in tables.values())
    axes[0, 0].set_ylim(0, 1.05 * highest or None)
    for ax in axes.flat[len(tables) :]:
        ax.axis("off")
    figure.suptitle(
        f"{experiment}: WER by group, 95 % intervals; grey where there are fewer than {SMALL_GROUP} utterances"
    )
    return figure


def comparison(rows: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """WER of several models with intervals; columns ``experiment, wer, wer_low, wer_high, n``."""
    ax = ensure_axes(ax)
    error = [
        (rows["wer"] - rows["wer_low"]).clip(lower=0).fillna(0),
        (rows["wer_high"] - rows["wer"]).clip(lower=0).fillna(0),
    ]
    ax.bar(
        rows["experiment"],
        rows["wer"],
        yerr=error,
        capsize=4,
        color=list(COLORS[: len(rows)]),
        ecolor="#444444",
    )
    for x, value in enumerate(rows["wer"]):
        ax.text(
            x, value / 2, f"{value:.3f}", ha="center", va="center", color="white", fontweight="bold"
        )
    ax.set(
        ylabel="WER on the test split",
        title=f"Models on the same test utterances (n = {rows['n'].iloc[0]}), 95 % intervals",
    )
    return ax


def conditions(rows: pd.DataFrame) -> Figure:
    """WER against noise, a line a kind, and in every other condition; columns ``condition, wer, n`` of one experiment."""
    use_hangul_font()
    wer = rows.set_index("condition")["wer"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained", sharey=True)
    levels = [CLEAN, *(f"{snr} dB" for snr in SNRS_DB)]
    for color, kind in zip(COLORS, NOISES, strict=False):
        left.plot(
            levels,
            wer.reindex([CLEAN, *(noise_name(kind, snr) for snr in SNRS_DB)]),
            marker="o",
            color=color,
            label=kind,
        )
    left.set(
        xlabel="signal-to-noise ratio",
        ylabel="WER",
        title=f"Noise (n = {rows['n'].iloc[0]} clips each)",
        ylim=(0, None),
    )
    left.legend(title="noise")
    noisy = {noise_name(kind, snr) for kind in NOISES for snr in SNRS_DB}
    others = wer[[name not in noisy for name in wer.index]]
    right.bar(
        [name.replace(" ", "\n") for name in others.index],
        others,
        color=[COLORS[5] if name == CLEAN else COLORS[0] for name in others.index],
    )
    for x, value in enumerate(others):
        right.text(x, value, f"{value:.3f}", ha="center", va="bottom", fontsize=9)
    right.set(xlabel="condition of the same clips", title="Rooms, lines and levels")
    return figure


def confusion_map(matrix: pd.DataFrame, title: str, ax: Axes | None = None) -> Axes:
    """Errors of a row-normalised confusion matrix; the diagonal (correct) is left white so errors show."""
    ax = ensure_axes(ax, 1.8 + 0.3 * len(matrix), 1.4 + 0.27 * len(matrix))
    ax.set(xlabel="recognised", ylabel="reference", title=title)
    if matrix.empty:
        ax.text(0.5, 0.5, "no syllables were aligned", ha="center", transform=ax.transAxes)
        return ax
    values = matrix.to_numpy(float).copy()
    for i in range(len(values)):
        values[i, i] = 0.0
    image = ax.imshow(values, cmap="Oranges", vmin=0)
    ax.set_xticks(range(len(matrix)), matrix.columns)
    ax.set_yticks(range(len(matrix)), matrix.index)
    ax.figure.colorbar(image, ax=ax, label="share of the reference letter", shrink=0.8)
    return ax


def save(figure: Figure | Axes, path: Path) -> Path:
    """Write a figure as PNG, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    target = figure if isinstance(figure, Figure) else figure.figure
    target.savefig(path, dpi=130)
    return path


def confusion_panels(confusions: pd.DataFrame, experiment: str) -> Figure:
    """Onset, vowel and coda errors side by side."""
    use_hangul_font()
    figure, axes = plt.subplots(1, len(PARTS), figsize=(17, 5.6), layout="constrained")
    for ax, part in zip(axes, PARTS, strict=True):
        confusion_map(confusion_matrix(confusions, part), f"{experiment}: {part} errors", ax)
    return figure


def show(figure: Figure | Axes, path: Path) -> None:
    """Save a figure and display it here and now, so that the sentence about it comes after it."""
    from IPython.display import display

    save(figure, path)
    target = figure if isinstance(figure, Figure) else figure.figure
    display(target)
    plt.close(target)
