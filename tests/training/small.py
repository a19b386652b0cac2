"""Experiments of a few steps on random models, for the tests of this room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from speakor_common.training.experiments import resolve_experiment
from speakor_common.training.preset import Experiment
from speakor_common.training.runlog import RunLog


def ctc_experiment(base: Path, **changes: Any) -> Experiment:
    """exp05 for eight clips: two steps an epoch, three epochs."""
    small = {"epochs": 3, "batch_size": 2, "gradient_accumulation": 2}
    return resolve_experiment("exp05", "smoke", base=str(base), **small | changes)[0]


def whisper_experiment(base: Path, **changes: Any) -> Experiment:
    """LoRA on an unquantised base without dropout, for four clips: two steps an epoch."""
    small = {
        "epochs": 3,
        "batch_size": 2,
        "gradient_accumulation": 1,
        "learning_rate": 1e-2,
        "quantize": False,
        "lora_dropout": 0.0,
    }
    return resolve_experiment("whisper", "smoke", base=str(base), **small | changes)[0]


def run_log(experiment: Experiment) -> RunLog:
    return RunLog(experiment, "smoke", {}, 1)
