"""What a training run writes down as it goes: ``training_log.csv``, a row an epoch or more often, and TensorBoard's event files."""

from __future__ import annotations

import csv
import shutil
import time
from pathlib import Path
from typing import Any

from accelerate.utils import gather_object
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from speakor_common.training.runlog import peak_memory_mib

LOG_FILE = "training_log.csv"
LOG_COLUMNS = (
    "epoch", "step", "train_loss", "validation_loss", "wer", "cer", "learning_rate", "grad_norm",
    "audio_seconds_per_second", "peak_memory_mib", "peak_memory_mib_by_device",
)  # fmt: skip


class TrainingLog(TrainerCallback):
    """Write ``training_log.csv``: one row an epoch, complete after every evaluation; memory is the peak so far.

    Validation metrics arrive in ``on_evaluate``, after ``on_epoch_end``; a row is written there.

    Args:
        steps: also write a row, without validation, whenever the Trainer logs: for runs of an epoch or less.
    """

    def __init__(self, work: Path, epoch_audio_seconds: float, steps: bool = False) -> None:
        self.steps = steps
        self.path = work / LOG_FILE
        self.epoch_audio_seconds = epoch_audio_seconds
        self._last: dict[str, float] = {}
        self._started = time.perf_counter()

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs
    ) -> None:
        self._started = time.perf_counter()

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs
    ) -> None:
        control.should_log = (
            True  # or an epoch shorter than the logging interval would have no loss
        )
        self._last["audio_seconds_per_second"] = self.epoch_audio_seconds / (
            time.perf_counter() - self._started
        )

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs=None,
        **kwargs,
    ) -> None:
        for source, target in (
            ("loss", "train_loss"),
            ("learning_rate", "learning_rate"),
            ("grad_norm", "grad_norm"),
        ):
            if source in (logs or {}):
                self._last[target] = logs[source]
        if self.steps and "loss" in (logs or {}) and state.is_world_process_zero:
            self._add(state, {})

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics=None,
        **kwargs,
    ) -> None:
        peaks = [
            round(peak) for peak in gather_object([peak_memory_mib()])
        ]  # every process takes part
        if not state.is_world_process_zero:
            return
        row = {
            "peak_memory_mib": max(peaks),
            "peak_memory_mib_by_device": " ".join(map(str, peaks)),
        }
        row |= {
            "validation_loss": metrics.get("eval_loss"),
            "wer": metrics.get("eval_wer"),
            "cer": metrics.get("eval_cer"),
        }
        self._add(state, row)

    def _add(self, state: TrainerState, found: dict[str, Any]) -> None:
        row = (
            dict.fromkeys(LOG_COLUMNS, "")
            | self._last
            | {"epoch": round(state.epoch or 0, 3), "step": state.global_step}
            | found
        )
        earlier = read_log(self.path) if self.path.exists() else []
        self._write([r for r in earlier if int(r["step"]) < state.global_step] + [row])

    def _write(self, rows: list[dict[str, Any]]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".part")
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, LOG_COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        temporary.replace(self.path)


def keep(work: Path, folder: Path) -> None:
    """Copy a run's logs from its work folder to its model folder: ``training_log.csv`` and TensorBoard's ``runs``."""
    shutil.copy(work / LOG_FILE, folder / LOG_FILE)
    if (work / "runs").is_dir():
        shutil.copytree(work / "runs", folder / "runs")


def read_log(path: Path) -> list[dict[str, Any]]:
    """Rows of a training log as written, one dict an evaluation."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
