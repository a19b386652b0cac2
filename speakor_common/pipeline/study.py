"""Questions that one run cannot answer: several experiments, several seeds each, on the same clips.

``ablation``: does each of exp05's ideas help? From exp01 to exp05 one change at a time; every rung
of the ladder keeps the changes before it. Two rungs stand beside it: exp01 with as few optimiser
steps as accumulation leaves (equal steps instead of equal epochs), and exp05 with labels padded as
the seed project's code did. ``presets``: the experiments that are compared with exp05, against it;
exp06 with exp05's weights and with a training of its own tells what it owes to its decoder.
``language-models``: exp05 and Whisper without and with the same language models, because a beam
search with Whisper takes too long for ``make reproduce``. Studies train on all clips, also where
the profile's notebooks draw a part. Finished runs are kept and shared, so an interrupted study
continues.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from speakor_common import paths
from speakor_common.errors import TrainingError
from speakor_common.pipeline import evaluate
from speakor_common.pipeline.study_predictions import RATE_COLUMNS, rate_cells, write_study
from speakor_common.pipeline.verdicts import Claim, verdicts
from speakor_common.storage import write_text
from speakor_common.training import runs
from speakor_common.training.experiments import EXPERIMENTS, resolve_experiment
from speakor_common.training.preset import Experiment
from speakor_common.training.profiles import Profile, get_profile
from speakor_common.training.runlog import LOG_FILE, RunLog, read_training_log, training_seconds

logger = logging.getLogger(__name__)

SEEDS = (1, 2, 3)
START = "exp01"
GOAL = "exp05"
COLUMNS = (
    "variant",
    "claim",
    "seed",
    "epochs",
    "steps",
    "minutes",
    "lowest_train_loss",
    "validation_wer",
    *RATE_COLUMNS,
    "stopped",
)


@dataclass(frozen=True)
class Variant(Claim):
    """An experiment, and what in it differs from the variant ``against``."""

    experiment: Experiment


def ladder(profile: str) -> list[Variant]:
    """From exp01 to exp05, each variant compared with an earlier one."""
    start = _on_all_clips(START, profile)
    goal = _on_all_clips(GOAL, profile, epochs=start.training.epochs)
    first = start.training
    last = goal.training

    # One change after the other, each with all before it.
    accumulating = replace(first, gradient_accumulation=last.gradient_accumulation)
    constant = replace(accumulating, schedule=last.schedule, warmup=last.warmup)

    # Beside the ladder.
    share = first.gradient_accumulation / last.gradient_accumulation
    fewer = replace(first, epochs=first.epochs * share)
    padded = replace(last, blank_padding=True)

    accumulation = f"accumulation over {last.gradient_accumulation} steps"
    steps = f"{START} stopped after as many optimiser steps as accumulation takes"
    padding = "labels padded with the blank's id, as the seed's code did"
    return [
        Variant(START, "the baseline", START, start),
        Variant("accumulation", accumulation, START, replace(start, training=accumulating)),
        Variant(
            "constant",
            "a constant learning rate",
            "accumulation",
            replace(start, training=constant),
        ),
        Variant(GOAL, f"unfreezing the feature encoder: {GOAL}", "constant", goal),
        Variant("equal steps", steps, "accumulation", replace(start, training=fewer)),
        Variant("blank padding", padding, GOAL, replace(goal, training=padded)),
    ]


def presets(profile: str) -> list[Variant]:
    """exp05 and the experiments whose entry says that they are compared with it."""
    others = [name for name, each in EXPERIMENTS.items() if GOAL in each.compared_with]
    return [_preset(name, GOAL, profile) for name in (GOAL, *others)]


def language_models(profile: str) -> list[Variant]:
    """exp05 and Whisper, each against itself with language models, and exp06 against Whisper's."""
    return [
        _preset(GOAL, GOAL, profile),
        _preset("whisper", GOAL, profile),
        _preset("whisper-lm", "whisper", profile),
        _preset("exp06", "whisper-lm", profile),
    ]


def _preset(name: str, against: str, profile: str) -> Variant:
    experiment = _on_all_clips(name, profile)
    return Variant(name, experiment.note, against, experiment)


def _on_all_clips(name: str, profile: str, **changes: Any) -> Experiment:
    """An experiment as a profile runs it, but on the whole training and validation split."""
    whole = {"train_clips": 0, "valid_clips": 0}
    return resolve_experiment(name, profile, **whole, **changes)[0]


STUDIES = {"ablation": ladder, "presets": presets, "language-models": language_models}


def run_study(
    study: str, profile_name: str, seeds: tuple[int, ...] = SEEDS
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train and evaluate every variant of a study with every seed.

    Writes ``<study>.csv`` and, where it came to its end, its predictions after every run, and
    ``<study>_verdicts.csv`` at the end.

    Returns:
        one row a run, and one row a claim.
    """
    profile = get_profile(profile_name)
    folder = paths.results(profile_name)
    variants = STUDIES[study](profile_name)

    rows = []
    finished: list[pd.DataFrame] = []
    for seed in seeds:
        for variant in variants:
            row, table = _run_variant(variant, profile, seed, folder / "studies")
            rows.append(row)
            write_text(folder / f"{study}.csv", pd.DataFrame(rows).to_csv(index=False))
            if table is not None:
                finished.append(table)
                together = pd.concat(finished, ignore_index=True)
                write_study(together, folder / "studies" / study)

    if not finished:
        raise TrainingError(
            f"every run of {study} stopped before its end; {folder / f'{study}.csv'} says why"
        )
    claims = verdicts(variants, together)
    write_text(folder / f"{study}_verdicts.csv", claims.to_csv(index=False))
    return pd.DataFrame(rows), claims


def _run_variant(
    variant: Variant, profile: Profile, seed: int, folder: Path
) -> tuple[dict[str, Any], pd.DataFrame | None]:
    """One row of the study's table, and the predictions, if training came to its end."""
    experiment = variant.experiment
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {"variant": variant.name, "claim": variant.claim, "seed": seed}
    row["epochs"] = experiment.training.epochs

    # A counter-example may be stopped; that is its result.
    name = f"{variant.name.replace(' ', '-')}-seed{seed}"
    output = paths.root() / "models" / "studies" / profile.name / name
    log = RunLog(experiment, profile.name, {}, seed)
    try:
        facts = runs.train_model(experiment, runs.training_data(profile), output, log, seed)
    except TrainingError as error:
        logger.warning("%s, seed %d: %s", variant.name, seed, error)
        return row | {"stopped": paths.without_folders(str(error))}, None

    # What training took.
    log_rows = read_training_log(output / LOG_FILE)
    losses = [float(row["train_loss"]) for row in log_rows if row["train_loss"]]
    row |= {
        "steps": facts["steps"],
        "minutes": round(training_seconds(facts) / 60, 1),
        "lowest_train_loss": min(losses, default=None),
        "validation_wer": facts.get("best_validation_wer"),
    }

    # What it came to.
    predictions = evaluate.predict_model(variant.name, output, profile, folder / f"seed{seed}")
    predictions = predictions.assign(seed=seed)
    return row | rate_cells(predictions), predictions
