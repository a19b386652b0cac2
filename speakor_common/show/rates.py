"""Figures of error rates: models, groups, conditions and confusions, each with n and intervals.

What the numbers mean in words is in :mod:`speakor_common.show.evaluation`.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from speakor_common.batching.conditions import CLEAN, NOISES, SNRS_DB, noise_name
from speakor_common.evaluation.error_tables import confusion_matrix
from speakor_common.evaluation.summary import SMALL_GROUP
from speakor_common.show import palette
from speakor_common.show.plots import ensure_axes, use_hangul_font
from speakor_common.text import PARTS

_GROUPINGS = {
    "l1": "first language",
    "duration_bin": "duration",
    "rate_bin": "speaking rate",
    "length_bin": "length of the sentence",
}


def model_comparison(rows: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """WER of several models with intervals.

    Args:
        rows: columns ``experiment, wer, wer_low, wer_high, n``.
    """
    ax = ensure_axes(ax)
    ax.bar(
        rows["experiment"],
        rows["wer"],
        yerr=_whiskers(rows),
        capsize=4,
        color=list(palette.SERIES[: len(rows)]),
        ecolor=palette.INTERVAL,
    )

    ax.tick_params(axis="x", labelrotation=30)

    # Each bar names its value, in its middle.
    style = {"ha": "center", "va": "center", "color": "white", "fontweight": "bold"}
    for x, value in enumerate(rows["wer"]):
        ax.text(x, value / 2, f"{value:.3f}", **style)
    ax.set(
        ylabel="WER on the test split",
        title=f"Models on the same test utterances (n = {rows['n'].iloc[0]}), 95 % intervals",
    )
    ax.set_xticks(range(len(rows)), _with_reasons(list(rows["experiment"]), rows))
    return ax


def rates_by_group(table: pd.DataFrame, column: str, title: str, ax: Axes | None = None) -> Axes:
    """WER with 95 % intervals for each value of ``column``; groups marked small are grey."""
    ax = ensure_axes(ax)
    positions = range(len(table))
    colors = [palette.TOO_FEW if small else palette.BLUE for small in table["small"]]
    ax.bar(
        positions,
        table["wer"],
        color=colors,
        yerr=_whiskers(table),
        capsize=4,
        ecolor=palette.INTERVAL,
    )

    # Every group says how many utterances it rests on.
    names = [f"{value}\nn = {n}" for value, n in zip(table[column], table["n"], strict=True)]
    ax.set_xticks(positions, _with_reasons(names, table))
    ax.set(ylabel="WER", title=title, ylim=(0, None))
    return ax


def breakdowns(tables: dict[str, pd.DataFrame], experiment: str) -> Figure:
    """One panel a grouping, see :func:`rates_by_group`.

    Args:
        tables: of ``summary.breakdown``, by the column that holds the groups.
    """
    use_hangul_font()
    rows = -(-len(tables) // 2)
    figure, axes = plt.subplots(
        rows, 2, figsize=(12, 3.2 * rows), layout="constrained", sharey=True, squeeze=False
    )
    for ax, (column, table) in zip(axes.flat, tables.items(), strict=False):
        rates_by_group(table, column, _GROUPINGS.get(column, column), ax)
        ax.tick_params(axis="x", labelsize=8)

    # The panels share one axis, which holds the highest whisker of them all.
    highest = max(float(table[["wer", "wer_high"]].max().max()) for table in tables.values())
    axes[0, 0].set_ylim(0, 1.05 * highest or None)
    for ax in axes.flat[len(tables) :]:
        ax.axis("off")
    figure.suptitle(
        f"{experiment}: WER by group, 95 % intervals; "
        f"grey where there are fewer than {SMALL_GROUP} utterances"
    )
    return figure


def conditions(rows: pd.DataFrame) -> Figure:
    """WER against noise, a line a kind, and beside it in every other condition.

    Args:
        rows: columns ``condition, wer, n`` of one experiment.
    """
    use_hangul_font()
    wer = rows.set_index("condition")["wer"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained", sharey=True)

    # Left: clean, then every kind of noise from weak to strong.
    levels = [CLEAN, *(f"{snr} dB" for snr in SNRS_DB)]
    for color, kind in zip(palette.SERIES, NOISES, strict=False):
        names = [CLEAN, *(noise_name(kind, snr) for snr in SNRS_DB)]
        left.plot(levels, wer.reindex(names), marker="o", color=color, label=kind)
    title = f"Noise (n = {rows['n'].iloc[0]} clips each)"
    left.set(xlabel="signal-to-noise ratio", ylabel="WER", title=title, ylim=(0, None))
    left.legend(title="noise")

    # Right: what is no noise, each bar with its value on top.
    noisy = {noise_name(kind, snr) for kind in NOISES for snr in SNRS_DB}
    others = wer[[name not in noisy for name in wer.index]]
    labels = [name.replace(" ", "\n") for name in others.index]
    colors = [palette.SKY if name == CLEAN else palette.BLUE for name in others.index]
    right.bar(labels, others, color=colors)
    for x, value in enumerate(others):
        right.text(x, value, f"{value:.3f}", ha="center", va="bottom", fontsize=9)
    right.set(xlabel="condition of the same clips", title="Rooms, lines and levels")
    return figure


def confusion_map(matrix: pd.DataFrame, title: str, ax: Axes | None = None) -> Axes:
    """Errors of a row-normalised confusion matrix; what is right stays white, so errors show."""
    ax = ensure_axes(ax, 1.8 + 0.3 * len(matrix), 1.4 + 0.27 * len(matrix))
    ax.set(xlabel="recognised", ylabel="reference", title=title)
    if matrix.empty:
        ax.text(0.5, 0.5, "no syllables were aligned", ha="center", transform=ax.transAxes)
        return ax

    # The diagonal is what is right.
    values = matrix.to_numpy(float).copy()
    for i in range(len(values)):
        values[i, i] = 0.0
    image = ax.imshow(values, cmap="Oranges", vmin=0)

    # Letters of both axes, and the scale.
    ax.set_xticks(range(len(matrix)), matrix.columns)
    ax.set_yticks(range(len(matrix)), matrix.index)
    ax.figure.colorbar(image, ax=ax, label="share of the reference letter", shrink=0.8)
    return ax


def confusion_panels(confusions: pd.DataFrame, experiment: str) -> Figure:
    """Onset, vowel and coda errors side by side."""
    use_hangul_font()
    figure, axes = plt.subplots(1, len(PARTS), figsize=(17, 5.6), layout="constrained")
    for ax, part in zip(axes, PARTS, strict=True):
        confusion_map(confusion_matrix(confusions, part), f"{experiment}: {part} errors", ax)
    return figure


def _with_reasons(names: list[str], table: pd.DataFrame) -> list[str]:
    """Names of bars; those without an interval have a dash below, and why."""
    if "no_interval" not in table:
        return names
    reasons = table["no_interval"].fillna("")
    return [
        f"{name}\n– {reason}" if reason else name
        for name, reason in zip(names, reasons, strict=True)
    ]


def _whiskers(table: pd.DataFrame) -> list[pd.Series]:
    """Distances from WER down and up to its bounds; 0 where there is no bound."""
    bounds = table[["wer_low", "wer_high"]].astype(float)
    below = (table["wer"] - bounds["wer_low"]).clip(lower=0).fillna(0)
    above = (bounds["wer_high"] - table["wer"]).clip(lower=0).fillna(0)
    return [below, above]
