"""Tables about training runs; what notebooks 02 to 04 show."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pandas as pd

from speakor_common import paths
from speakor_common.training.preset import NEVER, Experiment
from speakor_common.training.runs import finished


def settings(experiment: Experiment, changed: dict[str, tuple]) -> pd.DataFrame:
    """Every field of a preset, and what the profile set instead."""
    rows = [
        {
            "setting": key,
            "used": str(value),
            "preset": str(changed[key][0]) if key in changed else "",
        }
        for key, value in asdict(experiment).items()
        if key != "note"
    ]
    return pd.DataFrame(rows).set_index("setting")


def facts(run: dict[str, Any]) -> pd.DataFrame:
    """What a run took: clips, steps, time, memory, versions."""
    keys = (
        "clips",
        "left_out",
        "steps",
        "seconds",
        "peak_memory_mib",
        "best_validation_wer",
        "code_revision",
        "fingerprint",
    )
    return pd.DataFrame({"value": {key: str(run[key]) for key in keys if key in run}})


def unfreezing_epochs(experiment: Experiment) -> dict[str, float]:
    """Epoch at which the first frozen modules are trained, if the run lasts that long."""
    epochs = [
        stage.epoch
        for stage in experiment.stages
        if stage.epoch not in (0, NEVER) and stage.epoch < experiment.epochs
    ]
    return {experiment.name: min(epochs)} if epochs else {}


def finding_curves(name: str, log: pd.DataFrame, run: dict[str, Any]) -> str:
    """One sentence on a learning curve."""
    validation = log["validation_loss"].dropna()
    text = f"**Finding.** {name}: training loss {log['train_loss'].iloc[0]:.3f} → {log['train_loss'].iloc[-1]:.3f}, validation loss "
    text += f"{validation.iloc[0]:.3f} → {validation.iloc[-1]:.3f} in {len(validation)} evaluation{'s' * (len(validation) != 1)}"
    if log["wer"].notna().any():
        text += f"; validation WER {log['wer'].iloc[0]:.3f} → {log['wer'].min():.3f} at best"
    return f"{text} (n = {run['clips']} training clips, {run['steps']} steps, {run['seconds'] / 60:.1f} min)."


def compare_validation(experiments: list[str], profile: str) -> pd.DataFrame:
    """Best validation WER, steps and minutes of finished runs; a run not yet made is left out."""
    rows = []
    for name in experiments:
        if run := finished(paths.model(name, profile)):
            rows.append(
                {"experiment": name, "best validation WER": run["best_validation_wer"], "optimiser steps": run["steps"],
                 "clips": run["clips"], "minutes": round(run["seconds"] / 60, 1)}
            )  # fmt: skip
    return pd.DataFrame(rows)


def adapter(run: dict[str, Any]) -> pd.DataFrame:
    """What a Whisper adapter run used."""
    keys = (
        "base_directory",
        "quantized",
        "encoder_positions",
        "trainable_parameters",
        "clips",
        "steps",
        "seconds",
        "peak_memory_mib",
    )
    return pd.DataFrame({"value": {key: str(run[key]) for key in keys}})
