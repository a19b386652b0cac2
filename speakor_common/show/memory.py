"""What training a Whisper takes, computed and measured, for notebook 04."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from transformers import WhisperConfig

from speakor_common.models import checkpoints, precision
from speakor_common.models.short_context import POSITIONS_PER_SECOND
from speakor_common.show import plots
from speakor_common.storage import write_text
from speakor_common.training import memory_probe, whisper_memory
from speakor_common.training.preset import Experiment
from speakor_common.training.whisper_memory import LARGE_TURBO, Memory, Setting

logger = logging.getLogger(__name__)

CARDS_GIB = (8, 16, 24)
RESERVED_GIB = 1.0  # CUDA's context, kernels' workspaces, fragmentation
LABEL_TOKENS = 32
_PARTS = ("weights", "gradients", "optimizer", "activations")


def study(experiment: Experiment, short: int, quick: bool, path: Path) -> pd.DataFrame:
    """What every way of training the experiment's base takes, computed and measured; written to ``path`` (CSV) too.

    Args:
        short: encoder positions of the clips at hand.
        quick: measure only what trains in seconds.
    """
    base = checkpoints.resolve(experiment.base)
    table = computed(WhisperConfig.from_pretrained(base), short, experiment)
    only = (
        [
            s
            for s in whisper_memory.settings(short)
            if s.method == whisper_memory.LORA and s.positions == short
        ]
        if quick
        else None
    )
    table = table.merge(measured(base, short, experiment, only), how="left")
    write_text(path, table.to_csv(index=False))
    return table


def computed(
    config: WhisperConfig, short: int, experiment: Experiment, batch: int = 1
) -> pd.DataFrame:
    """MiB of every way of training: columns method, weights kept as, checkpointing, context s, trained parameters, the parts, total."""
    rows = []
    for setting in whisper_memory.settings(short):
        found = whisper_memory.computed(config, setting, experiment, batch, LABEL_TOKENS)
        rows.append(
            _describe(setting) | {"trained parameters": found.trainable} | _mebibytes(found)
        )
    return pd.DataFrame(rows)


def measured(
    base: Path,
    short: int,
    experiment: Experiment,
    only: Iterable[Setting] | None = None,
    batch: int = 1,
) -> pd.DataFrame:
    """Peak MiB and seconds a step of every way of training that this device computes: columns as :func:`computed`'s first, and these.

    Args:
        only: fewer ways, for a quick look.
    """
    rows = []
    for setting in whisper_memory.settings(short) if only is None else only:
        if setting.weights == "bf16" and precision.name() != "bf16":
            logger.info(
                "%s with bf16 weights is not measured: this device computes in fp32", setting.method
            )
            continue
        probe = memory_probe.measure(base, setting, experiment, batch, LABEL_TOKENS)
        rows.append(
            _describe(setting)
            | {"measured": round(probe.peak / 2**20), "seconds a step": round(probe.seconds, 2)}
        )
    return pd.DataFrame(rows)


def fits(short: int, experiment: Experiment) -> pd.DataFrame:
    """Largest batch of large-v3-turbo for each way of training on each card; 0 where not even one clip fits."""
    rows = []
    for setting in whisper_memory.settings(short):
        one, two = (
            whisper_memory.computed(LARGE_TURBO, setting, experiment, batch, LABEL_TOKENS).total
            for batch in (1, 2)
        )
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
    if "measured" in table:  # unmeasured ones are NaN, which is not drawn
        ax.plot(
            table["measured"],
            labels,
            "|",
            color="black",
            markersize=12,
            markeredgewidth=2,
            label="measured peak",
        )
    ax.invert_yaxis()
    ax.set(xlabel="MiB", title=title)
    ax.legend(loc="lower right")
    return ax


def finding_measured(table: pd.DataFrame) -> str:
    """How far the measured peaks lie above the computed sums, and the cheapest way against the plainest."""
    seen = table.dropna(subset=["measured"])
    rest = seen["measured"] - seen["total"]
    first, last = seen.iloc[0], seen.iloc[-1]
    computing = (
        ""
        if precision.name() == "bf16"
        else f", and NF4, counted in bf16, computes in {precision.name()} here"
    )
    text = f"**Finding.** Measured peaks lie {rest.min():.0f}-{rest.max():.0f} MiB above the computed sums ({len(seen)} ways; libraries "
    text += f"and workspaces make the difference{computing})."
    if first is not last:
        text += f" {_label(last)} takes {last['measured']:.0f} MiB and {last['seconds a step']:.2f} s a step, "
        text += f"{_label(first)} {first['measured']:.0f} MiB and {first['seconds a step']:.2f} s."
    return text


def finding_cards(cards: pd.DataFrame) -> str:
    """Which ways of training fit on which card."""
    lines = [
        f"**Finding.** large-v3-turbo, {RESERVED_GIB:g} GiB of each card reserved, largest batch:"
    ]
    for card in (column for column in cards if column.endswith(" GB")):
        room = cards[cards[card] > 0]
        named = [
            f"{_label(row)}: {row[card]}"
            for _, row in room.sort_values(card, ascending=False).head(3).iterrows()
        ]
        lines.append(
            f"- {card}: {len(room)} of {len(cards)} ways fit"
            + (f", most clips with {'; '.join(named)}." if named else ".")
        )
    return "\n".join(lines)


def _describe(setting: Setting) -> dict[str, object]:
    return {"method": setting.method, "weights as": setting.weights, "checkpointing": setting.checkpointing,
            "context s": setting.positions // POSITIONS_PER_SECOND}  # fmt: skip


def _label(row: pd.Series) -> str:
    return f"{row['method']}, {row['weights as']}, {row['context s']} s" + (
        ", checkpointing" if row["checkpointing"] else ""
    )


def _mebibytes(found: Memory) -> dict[str, int]:
    return {part: round(getattr(found, part) / 2**20) for part in (*_PARTS, "total")}
