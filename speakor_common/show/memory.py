"""What training a Whisper takes, computed and measured, for notebook 04."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from transformers import WhisperConfig

from speakor_common.evaluation.whisper_context import POSITIONS_PER_SECOND
from speakor_common.show import plots
from speakor_common.training import memory, memory_probe
from speakor_common.training.arguments import precision_name
from speakor_common.training.memory import LARGE_TURBO, Memory, Setting
from speakor_common.training.preset import Experiment

logger = logging.getLogger(__name__)

CARDS_GIB = (8, 16, 24)
RESERVED_GIB = 1.0  # CUDA's context, kernels' workspaces, fragmentation
LABEL_TOKENS = 32
_PARTS = ("weights", "gradients", "optimizer", "activations")


def computed(config: WhisperConfig, short: int, experiment: Experiment, batch: int = 1) -> pd.DataFrame:
    """MiB of every way of training: columns method, weights kept as, checkpointing, context s, trained parameters, the parts, total."""
    rows = []
    for setting in memory.settings(short):
        found = memory.computed(config, setting, experiment, batch, LABEL_TOKENS)
        rows.append(_describe(setting) | {"trained parameters": found.trainable} | _mebibytes(found))
    return pd.DataFrame(rows)


def measured(base: Path, short: int, experiment: Experiment, only: Iterable[Setting] | None = None, batch: int = 1) -> pd.DataFrame:
    """Peak MiB and seconds a step of every way of training that this device computes: columns as :func:`computed`'s first, and these.

    Args:
        only: fewer ways, for a quick look.
    """
    rows = []
    for setting in memory.settings(short) if only is None else only:
        if setting.weights == "bf16" and precision_name() != "bf16":
            logger.info("%s with bf16 weights is not measured: this device would emulate bf16", setting.method)
            continue
        probe = memory_probe.measure(base, setting, experiment, batch, LABEL_TOKENS)
        rows.append(_describe(setting) | {"measured": round(probe.peak / 2**20), "seconds a step": round(probe.seconds, 2)})
    return pd.DataFrame(rows)


def fits(short: int, experiment: Experiment) -> pd.DataFrame:
    """Largest batch of large-v3-turbo for each way of training on each card; 0 where not even one clip fits."""
    rows = []
    for setting in memory.settings(short):
        one, two = (memory.computed(LARGE_TURBO, setting, experiment, batch, LABEL_TOKENS).total for batch in (1, 2))
        free = {card: (card - RESERVED_GIB) * 2**30 - (2 * one - two) for card in CARDS_GIB}
        batches = {f"{card} GB": max(0, int(room // (two - one))) for card, room in free.items()}
        rows.append(_describe(setting) | {"GiB at batch 1": round(one / 2**30, 2)} | batches)
    return pd.DataFrame(rows)


def by_part(table: pd.DataFrame, title: str, ax: Axes | None = None) -> Axes:
    """Stacked bars of the computed parts, and a mark at the measured peak where ``table`` has one."""
    ax = plots.ensure_axes(ax, 8.5, 0.32 * len(table) + 1.6)
    labels = [_label(row) for _, row in table.iterrows()]
    left = pd.Series(0.0, index=table.index)
    for part, color in zip(_PARTS, plots.COLORS, strict=False):
        ax.barh(labels, table[part], left=left, color=color, label=part)
        left += table[part]
    if "measured" in table:
        ax.plot(table["measured"], labels, "|", color="black", markersize=12, markeredgewidth=2, label="measured peak")
    ax.invert_yaxis()
    ax.set(xlabel="MiB", title=title)
    ax.legend(loc="lower right")
    return ax


def finding(cards: pd.DataFrame) -> str:
    """Which ways of training fit on which card."""
    lines = [f"**Finding.** large-v3-turbo, {RESERVED_GIB:g} GiB of each card reserved, largest batch:"]
    for card in (column for column in cards if column.endswith(" GB")):
        room = cards[cards[card] > 0]
        named = [f"{_label(row)}: {row[card]}" for _, row in room.sort_values(card, ascending=False).head(3).iterrows()]
        lines.append(f"- {card}: {len(room)} of {len(cards)} ways fit" + (f", most clips with {'; '.join(named)}." if named else "."))
    return "\n".join(lines)


def _describe(setting: Setting) -> dict[str, object]:
    return {"method": setting.method, "weights as": setting.weights, "checkpointing": setting.checkpointing,
            "context s": setting.positions // POSITIONS_PER_SECOND}  # fmt: skip


def _label(row: pd.Series) -> str:
    return f"{row['method']}, {row['weights as']}, {row['context s']} s" + (", checkpointing" if row["checkpointing"] else "")


def _mebibytes(found: Memory) -> dict[str, int]:
    return {part: round(getattr(found, part) / 2**20) for part in (*_PARTS, "total")}
