"""Trainer callbacks: staged unfreezing, the impossible-loss guard, and the training log."""

from __future__ import annotations

import csv
import logging
import math
import re
import time
from pathlib import Path
from typing import Any

import psutil
import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from speakor_common.errors import TrainingError
from speakor_common.training.preset import Stage

logger = logging.getLogger(__name__)


class StagedUnfreezing(TrainerCallback):
    """Keep modules frozen until their stage begins.

    The optimiser is built while everything is trainable, so parameters that thaw later are
    already in it (an optimiser keeps only parameters that require gradients when it is made,
    and groups added later break the scheduler). Freezing happens when training begins,
    thawing when an epoch begins; both look at the epoch reached, so a resumed run continues
    in the right stage.
    """

    def __init__(self, stages: tuple[Stage, ...]) -> None:
        self.stages = stages

    def apply(self, model: torch.nn.Module, epoch: float) -> None:
        """Set ``requires_grad`` of every staged module for ``epoch``."""
        for stage in self.stages:
            trained = epoch >= stage.epoch
            for module in (m for path in stage.modules for m in submodules(model, path)):
                module.requires_grad_(trained)
                if hasattr(module, "_requires_grad"):  # wav2vec2's encoder re-enables gradients of its input by this flag
                    module._requires_grad = trained

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model, **kwargs) -> None:
        self.apply(_unwrap(model), state.epoch or 0.0)

    def on_epoch_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model, **kwargs) -> None:
        # A fresh epoch starts at its whole number up to rounding of the step count.
        self.apply(_unwrap(model), round(state.epoch or 0.0, 6))


_SLICE = re.compile(r"(?P<layers>[\w.]+)\[(?P<first>-?\d*):(?P<last>-?\d*)\]")


def submodules(model: torch.nn.Module, path: str) -> list[torch.nn.Module]:
    """The modules a stage's path names: one, or a slice of a layer list.

    Raises:
        TrainingError: the model has no such module.
    """
    try:
        if not (found := _SLICE.fullmatch(path)):
            return [model.get_submodule(path)]
        first, last = (int(found[end]) if found[end] else None for end in ("first", "last"))
        return list(model.get_submodule(found["layers"])[first:last])
    except AttributeError as error:
        raise TrainingError(f"a stage names {path!r}, which {type(model).__name__} does not have ({error})") from error


class LossGuard(TrainerCallback):
    """Stop when a logged loss is NaN, infinite or negative: no correct CTC loss is."""

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs=None, **kwargs) -> None:
        for name in ("loss", "eval_loss"):
            value = (logs or {}).get(name)
            if value is not None and (not math.isfinite(value) or value < 0):
                raise TrainingError(
                    f"{name} is {value} at step {state.global_step}; a loss is a finite number >= 0. "
                    "Check label padding (-100), clips shorter than their labels, and the learning rate"
                )


LOG_COLUMNS = (
    "epoch", "step", "train_loss", "validation_loss", "wer", "cer", "learning_rate", "grad_norm",
    "audio_seconds_per_second", "peak_memory_mib",
)  # fmt: skip


class TrainingLog(TrainerCallback):
    """Write ``training_log.csv``: one row an epoch, complete after every evaluation.

    Validation metrics arrive in ``on_evaluate``, after ``on_epoch_end``; a row is written there.
    """

    def __init__(self, path: Path, epoch_audio_seconds: float) -> None:
        self.path = path
        self.epoch_audio_seconds = epoch_audio_seconds
        self._last: dict[str, float] = {}
        self._started = time.perf_counter()

    def on_epoch_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs) -> None:
        self._started = time.perf_counter()

    def on_epoch_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs) -> None:
        self._last["audio_seconds_per_second"] = self.epoch_audio_seconds / (time.perf_counter() - self._started)

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs=None, **kwargs) -> None:
        for source, target in (("loss", "train_loss"), ("learning_rate", "learning_rate"), ("grad_norm", "grad_norm")):
            if source in (logs or {}):
                self._last[target] = logs[source]

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, metrics=None, **kwargs) -> None:
        if not state.is_world_process_zero:
            return
        row = dict.fromkeys(LOG_COLUMNS, "") | self._last
        row |= {"epoch": round(state.epoch or 0, 3), "step": state.global_step, "peak_memory_mib": round(peak_memory_mib())}
        row |= {"validation_loss": metrics.get("eval_loss"), "wer": metrics.get("eval_wer"), "cer": metrics.get("eval_cer")}
        earlier = read_log(self.path) if self.path.exists() else []
        rows = [r for r in earlier if int(r["step"]) < state.global_step] + [row]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".part")
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, LOG_COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        temporary.replace(self.path)


def read_log(path: Path) -> list[dict[str, Any]]:
    """Rows of a training log as written, one dict an evaluation."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def peak_memory_mib() -> float:
    """Peak memory so far: of the GPU if training runs on one, else of this process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    info = psutil.Process().memory_info()
    return getattr(info, "peak_wset", None) or _peak_rss_bytes() / 2**20


def _peak_rss_bytes() -> int:
    import resource  # POSIX only
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _unwrap(model: torch.nn.Module) -> torch.nn.Module:
    return getattr(model, "module", model)
