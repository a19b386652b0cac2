"""Questions that one run cannot answer: several experiments, several seeds each, compared on the same clips.

``ablation``: does each of exp05's ideas help? From exp01 to exp05 one change at a time; every step of the ladder keeps
the changes before it. Two rungs stand beside it: exp01 with as few optimiser steps as accumulation leaves (equal steps
instead of equal epochs), and exp05 with labels padded as the seed project's code did. ``presets``: the other presets
against exp05; exp06 with exp05's weights and with a training of its own tells what it owes to its reading. Finished runs
are kept and shared, so an interrupted study continues.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from speakor_common import paths
from speakor_common.errors import TrainingError
from speakor_common.evaluation.statistics import Comparison, paired_comparison
from speakor_common.evaluation.summary import summarise_rates, with_counts
from speakor_common.pipeline import evaluate
from speakor_common.storage import write_text
from speakor_common.training import runs
from speakor_common.training.epochlog import LOG_FILE, read_log
from speakor_common.training.experiments import Profile, resolve
from speakor_common.training.preset import Experiment

logger = logging.getLogger(__name__)

SEEDS = (1, 2, 3)
START, GOAL = "exp01", "exp05"
OTHERS = ("exp06", "exp06-one-cycle", "exp05-as-run", "exp02")
COLUMNS = (
    "variant", "claim", "seed", "epochs", "steps", "minutes", "lowest_train_loss", "validation_wer",
    "n", "wer", "wer_low", "wer_high", "cer", "stopped",
)  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """What differs from the variant ``against``, and the experiment that has it."""

    name: str
    claim: str
    against: str
    experiment: Experiment


def ladder(profile: str) -> list[Variant]:
    """From exp01 to exp05, each variant compared with an earlier one."""
    start, _, _ = resolve(START, profile)
    goal, _, _ = resolve(GOAL, profile, epochs=start.epochs)
    accumulating = replace(start, gradient_accumulation=goal.gradient_accumulation)
    constant = replace(accumulating, schedule=goal.schedule, warmup=goal.warmup)
    fewer = replace(
        start, epochs=start.epochs * start.gradient_accumulation / goal.gradient_accumulation
    )
    return [
        Variant(START, "the baseline", START, start),
        Variant(
            "accumulation",
            f"accumulation over {goal.gradient_accumulation} steps",
            START,
            accumulating,
        ),
        Variant("constant", "a constant learning rate", "accumulation", constant),
        Variant(GOAL, f"unfreezing the feature encoder: {GOAL}", "constant", goal),
        Variant(
            "equal steps",
            f"{START} stopped after as many optimiser steps as accumulation takes",
            "accumulation",
            fewer,
        ),
        Variant(
            "blank padding",
            "labels padded with the blank's id, as the seed's code did",
            GOAL,
            replace(goal, blank_padding=True),
        ),
    ]


def presets(profile: str) -> list[Variant]:
    """exp05 and the presets beside it, each compared with exp05. (exp01 is in the ladder; exp04 has exp05's settings.)"""
    goal, *others = [resolve(name, profile)[0] for name in (GOAL, *OTHERS)]
    return [
        Variant(GOAL, goal.note, GOAL, goal),
        *(Variant(other.name, other.note, GOAL, other) for other in others),
    ]


STUDIES = {"ablation": ladder, "presets": presets}


def run(
    study: str, profile_name: str, seeds: tuple[int, ...] = SEEDS
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train and evaluate every variant of a study with every seed, and write ``<study>.csv`` and ``<study>_verdicts.csv``.

    Returns:
        one row a run, and one row a claim.
    """
    _, profile, _ = resolve(GOAL, profile_name)
    folder = paths.results(profile_name)
    variants, rows, predictions = STUDIES[study](profile_name), [], []
    for seed in seeds:
        for variant in variants:
            row, table = _run(variant, profile, seed, folder / "studies")
            rows.append(row)
            predictions.append(table)
            write_text(folder / f"{study}.csv", pd.DataFrame(rows).to_csv(index=False))
    found = verdicts(variants, pd.concat(predictions, ignore_index=True))
    write_text(folder / f"{study}_verdicts.csv", found.to_csv(index=False))
    return pd.DataFrame(rows), found


def _run(
    variant: Variant, profile: Profile, seed: int, folder: Path
) -> tuple[dict[str, Any], pd.DataFrame | None]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {
        "variant": variant.name,
        "claim": variant.claim,
        "seed": seed,
        "epochs": variant.experiment.epochs,
    }
    output = _output(variant.name, profile, seed)
    try:
        if weights := variant.experiment.weights:
            facts = runs.read_with_language_models(
                _output(weights, profile, seed), output, variant.experiment, profile, seed
            )
        else:
            facts = runs.run(variant.experiment, profile, {}, seed, output)
    except TrainingError as error:  # a counter-example may end here; that is its result
        logger.warning("%s, seed %d: %s", variant.name, seed, error)
        return row | {"stopped": str(error)}, None
    predictions = evaluate.predict_model(
        variant.name, output, profile, folder / f"seed{seed}"
    ).assign(seed=seed)
    rates = summarise_rates(with_counts(predictions))
    row |= {
        "steps": facts["steps"],
        "minutes": round(facts["seconds"] / 60, 1),
        "validation_wer": facts["best_validation_wer"],
    }
    row["lowest_train_loss"] = min(
        float(epoch["train_loss"]) for epoch in read_log(output / LOG_FILE)
    )
    row |= {
        "n": rates["n"],
        "wer": rates["wer"],
        "wer_low": rates["wer_95"][0],
        "wer_high": rates["wer_95"][1],
        "cer": rates["cer"],
    }
    return row, predictions


def _output(variant: str, profile: Profile, seed: int) -> Path:
    return (
        paths.root()
        / "models"
        / "studies"
        / profile.name
        / f"{variant.replace(' ', '-')}-seed{seed}"
    )


def verdicts(variants: list[Variant], predictions: pd.DataFrame) -> pd.DataFrame:
    """Each variant against the one it changes, on the same test clips, seeds together.

    Args:
        predictions: all runs', with a column ``seed``.

    Returns:
        columns ``claim, variant, against, difference, low, high, significant, seeds, n``; the difference in WER is
        negative where the change helped.
    """
    counted = with_counts(predictions)
    rows = []
    for variant in variants:
        a, b = (
            counted[counted["experiment"] == name].set_index(["seed", "utterance_id"])
            for name in (variant.name, variant.against)
        )
        shared = a.index.intersection(b.index)
        if variant.name == variant.against or shared.empty:
            continue
        found = _compare(a.loc[shared], b.loc[shared])
        rows.append(
            {"claim": variant.claim, "variant": variant.name, "against": variant.against, "difference": found.difference.value,
             "low": found.difference.low, "high": found.difference.high, "significant": found.significant,
             "seeds": shared.get_level_values("seed").nunique(), "n": len(shared)}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _compare(a: pd.DataFrame, b: pd.DataFrame) -> Comparison:
    """Speakers are drawn with all their clips and seeds: a second seed is no second speaker."""
    return paired_comparison(
        a["words_errors"].tolist(),
        b["words_errors"].tolist(),
        a["words_length"].tolist(),
        a["speaker_id"].tolist(),
    )
