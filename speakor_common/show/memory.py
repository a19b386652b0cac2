"""What training a Whisper takes in memory, computed and measured: tables and figure of notebook 04.

The numbers come from :mod:`speakor_common.training.whisper_memory`, which counts tensors without
computing, and :mod:`speakor_common.training.memory_probe`, which trains a step in a process of
its own. Here they stand side by side, and for GPUs nobody has at hand.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from transformers import WhisperConfig

from speakor_common.models import checkpoints, precision
from speakor_common.models.short_context import POSITIONS_PER_SECOND
from speakor_common.show import palette, plots
from speakor_common.storage import write_text
from speakor_common.training import memory_probe, whisper_memory
from speakor_common.training.preset import Experiment
from speakor_common.training.whisper_memory import LARGE_TURBO, LORA, Memory, Setting

logger = logging.getLogger(__name__)

GPUS_GIB = (8, 16, 24)  # memory of the GPUs that batches are computed for
RESERVED_GIB = 1.0  # CUDA's context, kernels' workspaces, fragmentation
LABEL_TOKENS = 32  # of a clip's transcript, padded
_KINDS = ("weights", "gradients", "optimizer", "activations")
_MIB = 2**20
_GIB = 2**30


def memory_study(
    experiment: Experiment, positions: int, path: Path, quick: bool = False
) -> pd.DataFrame:
    """What every setting takes to train the experiment's base, computed and measured.

    Args:
        positions: encoder positions of the clips at hand, 50 a second.
        path: CSV file that the table is written to.
        quick: measure only what trains in seconds.

    Returns:
        columns of :func:`computed_memory` and :func:`measured_memory`; one row a setting, NaN
        where it was not measured.
    """
    base = checkpoints.find_checkpoint(experiment.base)
    settings = whisper_memory.compared_settings(positions)
    if quick:
        settings = [s for s in settings if s.method == LORA and s.positions == positions]

    computed = computed_memory(WhisperConfig.from_pretrained(base), positions, experiment)
    measured = measured_memory(base, settings, experiment)
    table = computed.merge(measured, how="left")
    write_text(path, table.to_csv(index=False))
    return table


def computed_memory(
    config: WhisperConfig, positions: int, experiment: Experiment, batch: int = 1
) -> pd.DataFrame:
    """MiB that every setting takes.

    Returns:
        columns ``method, weights as, checkpointing, context s, trained parameters``, a column a
        kind of memory, and ``total``.
    """
    rows = []
    for setting in whisper_memory.compared_settings(positions):
        memory = whisper_memory.step_memory(
            config, setting, experiment.training, batch, LABEL_TOKENS
        )
        trained = {"trained parameters": memory.trainable}
        rows.append(_describe(setting) | trained | _mebibytes(memory))
    return pd.DataFrame(rows)


def measured_memory(
    base: Path, settings: Iterable[Setting], experiment: Experiment, batch: int = 1
) -> pd.DataFrame:
    """Peak MiB and seconds a step of the settings that this device computes.

    Returns:
        columns ``method, weights as, checkpointing, context s, measured, seconds a step``.
    """
    rows = []
    for setting in settings:
        if setting.weights == "bf16" and precision.name() != "bf16":
            unmeasured = "%s with bf16 weights is not measured: this device computes in fp32"
            logger.info(unmeasured, setting.method)
            continue
        probe = memory_probe.measure_step(base, setting, experiment.training, batch, LABEL_TOKENS)
        taken = {
            "measured": round(probe.peak / _MIB),
            "seconds a step": round(probe.seconds, 2),
        }
        rows.append(_describe(setting) | taken)
    return pd.DataFrame(rows)


def largest_batches(positions: int, experiment: Experiment) -> pd.DataFrame:
    """Largest batch of large-v3-turbo for each setting on each GPU; 0 where no clip fits.

    Returns:
        columns ``method, weights as, checkpointing, context s, GiB at batch 1`` and one a GPU.
    """
    training = experiment.training
    rows = []
    for setting in whisper_memory.compared_settings(positions):
        # Memory grows by the same amount with every clip beyond the first.
        one, two = (
            whisper_memory.step_memory(LARGE_TURBO, setting, training, batch, LABEL_TOKENS).total
            for batch in (1, 2)
        )
        a_clip = two - one
        without_clips = one - a_clip

        # What is left of a GPU, in clips.
        row = _describe(setting) | {"GiB at batch 1": round(one / _GIB, 2)}
        for gib in GPUS_GIB:
            room = (gib - RESERVED_GIB) * _GIB - without_clips
            row[f"{gib} GB"] = max(0, int(room // a_clip))
        rows.append(row)
    return pd.DataFrame(rows)


def memory_bars(table: pd.DataFrame, title: str, ax: Axes | None = None) -> Axes:
    """Stacked bars of the computed kinds, and a mark at the measured peak where there is one."""
    ax = plots.ensure_axes(ax, 8.5, 0.32 * len(table) + 1.6)
    labels = [_label(row) for _, row in table.iterrows()]

    # Each kind begins where the one before ends.
    left = pd.Series(0.0, index=table.index)
    for kind, color in zip(_KINDS, palette.SERIES, strict=False):
        ax.barh(labels, table[kind], left=left, color=color, label=kind)
        left += table[kind]
    if "measured" in table:  # unmeasured ones are NaN, which is not drawn
        style = {"color": palette.BLACK, "markersize": 12, "markeredgewidth": 2}
        ax.plot(table["measured"], labels, "|", label="measured peak", **style)

    # The first row of the table is on top.
    ax.invert_yaxis()
    ax.set(xlabel="MiB", title=title)
    ax.legend(loc="lower right")
    return ax


def finding_memory(table: pd.DataFrame) -> str:
    """How far measured peaks lie above computed sums, and the cheapest setting and the plainest."""
    measured = table.dropna(subset=["measured"])
    above = measured["measured"] - measured["total"]
    computing = (
        ""
        if precision.name() == "bf16"
        else f", and NF4, counted in bf16, computes in {precision.name()} here"
    )
    text = (
        f"**Finding.** Measured peaks lie {above.min():.0f}-{above.max():.0f} MiB above the "
        f"computed sums ({len(measured)} settings; libraries and workspaces make the "
        f"difference{computing})."
    )

    # Settings go from the plainest to the one that saves most.
    plainest = measured.iloc[0]
    cheapest = measured.iloc[-1]
    if plainest is not cheapest:
        text += (
            f" {_label(cheapest)} takes {cheapest['measured']:.0f} MiB and "
            f"{cheapest['seconds a step']:.2f} s a step, "
            f"{_label(plainest)} {plainest['measured']:.0f} MiB and "
            f"{plainest['seconds a step']:.2f} s."
        )
    return text


def finding_batches(table: pd.DataFrame) -> str:
    """Which settings of :func:`largest_batches` fit on which GPU."""
    lines = [
        f"**Finding.** large-v3-turbo, {RESERVED_GIB:g} GiB of each GPU reserved, largest batch:"
    ]
    for gpu in (column for column in table if column.endswith(" GB")):
        fitting = table[table[gpu] > 0]
        largest = fitting.sort_values(gpu, ascending=False).head(3)
        named = [f"{_label(row)}: {row[gpu]}" for _, row in largest.iterrows()]
        most = f", most clips with {'; '.join(named)}" if named else ""
        lines.append(f"- {gpu}: {len(fitting)} of {len(table)} settings fit{most}.")
    return "\n".join(lines)


def _describe(setting: Setting) -> dict[str, object]:
    return {
        "method": setting.method,
        "weights as": setting.weights,
        "checkpointing": setting.checkpointing,
        "context s": setting.positions // POSITIONS_PER_SECOND,
    }


def _label(row: pd.Series) -> str:
    checkpointing = ", checkpointing" if row["checkpointing"] else ""
    return f"{row['method']}, {row['weights as']}, {row['context s']} s{checkpointing}"


def _mebibytes(memory: Memory) -> dict[str, int]:
    return {kind: round(getattr(memory, kind) / _MIB) for kind in (*_KINDS, "total")}
