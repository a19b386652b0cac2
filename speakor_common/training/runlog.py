"""What a run was and how it went, in files beside its model.

``run.json`` says what the run was: experiment, profile, data, code revision, versions, seconds,
peak memory. ``training_log.csv`` says how it went, a row an epoch or more often, and ``runs/``
holds TensorBoard's event files. Whether a run has to be made at all is decided in
:mod:`speakor_common.training.runs`.
"""

from __future__ import annotations

import csv
import io
import platform
import shutil
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
import torch
from accelerate.utils import gather_object
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from speakor_common import paths
from speakor_common.storage import write_json, write_text
from speakor_common.training.fingerprints import RUN_FILE, weights_sha256
from speakor_common.training.preset import Experiment

LOG_FILE = "training_log.csv"
LOG_COLUMNS = (
    "epoch",
    "step",
    "train_loss",
    "validation_loss",
    "wer",
    "cer",
    "learning_rate",
    "grad_norm",
    "audio_seconds_per_second",
    "peak_memory_mib",
    "peak_memory_mib_by_device",
)
_LOGGED = {"loss": "train_loss", "learning_rate": "learning_rate", "grad_norm": "grad_norm"}
_PACKAGES = ("torch", "transformers", "datasets", "peft", "bitsandbytes", "jiwer", "numpy")


class RunLog:
    """Collects a run's facts; :meth:`write` stores them beside the model.

    Args:
        changed: what the profile or the caller set instead of the preset,
            ``{field: (preset, used)}``.
    """

    def __init__(
        self,
        experiment: Experiment,
        profile: str,
        changed: dict[str, tuple[Any, Any]],
        seed: int,
    ) -> None:
        self._started = time.perf_counter()
        self.facts: dict[str, Any] = {
            "experiment": experiment.as_json(),
            "profile": profile,
            "changed_by_profile": {
                key: {"preset": preset, "used": used} for key, (preset, used) in changed.items()
            },
            "seed": seed,
            "code_revision": code_revision(),
            "versions": package_versions(),
            "machine": {"platform": platform.platform(), "python": platform.python_version()},
        }

    def write(self, directory: Path, **facts: Any) -> dict[str, Any]:
        """Write ``run.json`` beside the weights in ``directory``; returns its content."""
        self.facts |= facts
        self.facts["weights_sha256"] = weights_sha256(directory)
        seconds = round(time.perf_counter() - self._started, 1)
        self.facts |= {"seconds": seconds, "training_seconds": seconds}
        self.facts["peak_memory_mib"] = round(peak_memory_mib())
        write_json(directory / RUN_FILE, self.facts)
        return self.facts


class TrainingLog(TrainerCallback):
    """Writes ``training_log.csv``: a row an epoch, complete after every evaluation.

    Validation metrics arrive in ``on_evaluate``, after ``on_epoch_end``; a row is written there.
    Memory is the peak so far.

    Args:
        work: the run's work folder.
        epoch_audio_seconds: audio of one pass over the training clips.
        steps: also write a row, without validation, whenever the Trainer logs: for runs of an
            epoch or less.
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
        # Without it an epoch shorter than the logging interval would have no loss.
        control.should_log = True
        seconds = time.perf_counter() - self._started
        self._last["audio_seconds_per_second"] = self.epoch_audio_seconds / seconds

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs,
    ) -> None:
        logs = logs or {}
        for source, column in _LOGGED.items():
            if source in logs:
                self._last[column] = logs[source]

        if self.steps and "loss" in logs and state.is_world_process_zero:
            self._add_row(state, {})

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **kwargs,
    ) -> None:
        # Every process takes part in gathering, so it comes before the others leave.
        peaks = [round(peak) for peak in gather_object([peak_memory_mib()])]
        if not state.is_world_process_zero:
            return

        metrics = metrics or {}
        values = {
            "peak_memory_mib": max(peaks),
            "peak_memory_mib_by_device": " ".join(map(str, peaks)),
            "validation_loss": metrics.get("eval_loss"),
            "wer": metrics.get("eval_wer"),
            "cer": metrics.get("eval_cer"),
        }
        self._add_row(state, values)

    def _add_row(self, state: TrainerState, values: dict[str, Any]) -> None:
        row = dict.fromkeys(LOG_COLUMNS, "") | self._last
        row |= {"epoch": round(state.epoch or 0, 3), "step": state.global_step} | values

        # A continued run may have logged this step, and later ones, before it was stopped.
        rows = read_training_log(self.path) if self.path.exists() else []
        rows = [earlier for earlier in rows if int(earlier["step"]) < state.global_step]
        self._write([*rows, row])

    def _write(self, rows: list[dict[str, Any]]) -> None:
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, LOG_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(self.path, buffer.getvalue())


def read_training_log(path: Path) -> list[dict[str, Any]]:
    """Rows of a training log as written, all values text."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def training_seconds(run: dict[str, Any]) -> float:
    """How long the weights of a run took, also where they were trained under another name.

    Args:
        run: content of ``run.json``; those of earlier versions hold ``seconds`` alone.
    """
    return run.get("training_seconds", run["seconds"])


def clips_used(run: dict[str, Any], split: str = "train") -> str:
    """How many clips of a split a run used, and of how many they were drawn, if they were.

    Args:
        run: content of ``run.json``.
    """
    drawn = run.get("drawn", {}).get(split)
    clips = run["clips"] if split == "train" else drawn["clips"]
    if not drawn or drawn["clips"] == drawn["of"]:
        return str(clips)
    return f"{clips} of {drawn['of']} (drawn, every speaker with his share)"


def keep_logs(work: Path, folder: Path) -> None:
    """Copy ``training_log.csv`` and TensorBoard's ``runs`` from a work folder to a model folder."""
    shutil.copy(work / LOG_FILE, folder / LOG_FILE)
    if (work / "runs").is_dir():
        shutil.copytree(work / "runs", folder / "runs")


def code_revision() -> str:
    """Git commit of the code, with ``+changes`` if the tree is not clean; or ``unknown``."""
    describe = "describe --always --abbrev=12 --dirty=+changes --exclude=*"
    command = ["git", "-C", str(paths.root()), *describe.split()]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return done.stdout.strip() or "unknown"


def package_versions() -> dict[str, str]:
    """Versions of the packages that decide what a run comes to."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def peak_memory_mib() -> float:
    """Peak memory so far: of the GPU if training runs on one, else of this process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    info = psutil.Process().memory_info()
    return (getattr(info, "peak_wset", None) or _peak_rss_bytes()) / 2**20


def _peak_rss_bytes() -> int:
    import resource  # POSIX only

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
