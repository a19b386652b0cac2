"""What ``results/<profile>/`` holds, counted from its predictions in one place.

Notebook 05 writes these files and ``speakor verify`` counts them again; both call the functions
here, so a published number has one origin: ``predictions/*.csv`` and ``native.csv``, and for what
was said otherwise than meant, where that is known, ``planted.csv`` and ``feedback_counts.csv``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from speakor_common import paths
from speakor_common.batching.conditions import CLEAN
from speakor_common.evaluation import laundering, summary
from speakor_common.evaluation.laundering import LISTENER
from speakor_common.evaluation.planted_sounds import read_planted_sounds
from speakor_common.evaluation.statistics import Comparison, with_holm
from speakor_common.pronunciation import detection_rates
from speakor_common.recognition import predict
from speakor_common.show import report
from speakor_common.storage import write_json, write_text
from speakor_common.training.experiments import BASE, EXPERIMENTS
from speakor_common.training.fingerprints import finished_run
from speakor_common.training.systems import compared_pairs, is_primary

NATIVE = "native"
COMPARISONS = "comparisons"  # in metrics.json, beside the systems
PREDICTIONS = "predictions"
NATIVE_FILE = "native.csv"
METRICS_FILE = "metrics.json"
RESULT_FILE = "result.txt"
REVIEW_FILE = "review.csv"
FEEDBACK_FILE = "feedback.jsonl"
PLANTED_FILE = "planted.csv"
COUNTS_FILE = "feedback_counts.csv"
SCORES_FILE = "feedback_scores.csv"


def clean_predictions(predictions: pd.DataFrame, experiment: str | None = None) -> pd.DataFrame:
    """Predictions on audio as it was recorded, of one experiment or of all."""
    clean = predictions["condition"] == CLEAN
    if experiment is None:
        return predictions[clean]
    return predictions[clean & (predictions["experiment"] == experiment)]


def count_metrics(predictions: pd.DataFrame, native: pd.DataFrame | None) -> dict[str, Any]:
    """The content of metrics.json: experiment → condition → counts, rates, intervals.

    :data:`COMPARISONS` stands beside the experiments, where any two were compared.

    Args:
        predictions: of every model on the test split.
        native: the un-tuned base's systems' on native test speech; ``None`` where there is none.
    """
    metrics = summary.summarise_predictions(predictions)
    if native is not None:
        for name, rows in summary.with_counts(native).groupby("experiment"):
            metrics.setdefault(name, {})[NATIVE] = summary.summarise_rates(rows)

    # Paired differences, and what so many speakers can tell.
    compared = compare_models(predictions)
    if compared:
        metrics[COMPARISONS] = {
            f"{first} minus {second}": summary.comparison_entry(result)
            for (first, second), result in compared.items()
        }
    return metrics


def read_fates(folder: Path, predictions: pd.DataFrame) -> pd.DataFrame:
    """What models make of the known deviations of a results folder; none where none are known."""
    return laundering.fate_table(predictions, read_planted_sounds(folder / PLANTED_FILE))


def read_decisions(folder: Path) -> pd.DataFrame:
    """The listener's decisions by speaker, see :mod:`.detection_rates`; empty where none are."""
    path = folder / COUNTS_FILE
    return pd.read_csv(path, dtype=detection_rates.TEXT) if path.is_file() else pd.DataFrame()


def with_spoken(
    metrics: dict[str, Any], fates: pd.DataFrame, decisions: pd.DataFrame
) -> dict[str, Any]:
    """metrics.json with what is known of what was said otherwise than meant.

    Args:
        metrics: of :func:`count_metrics`.
        fates: of :func:`read_fates`.
        decisions: of :func:`read_decisions`.

    Returns:
        a copy; each model's clean speech has ``laundering``, and ``listener`` has that and
        ``detection``. Nothing is added where nothing is known.
    """
    result = copy.deepcopy(metrics)
    for name, entry in laundering.summarise_fates(fates).items():
        place = result.setdefault(name, {})
        if name != LISTENER:
            place = place.setdefault(CLEAN, {})
        place["laundering"] = entry
    if len(decisions):
        table = detection_rates.detection_table(decisions).astype(object)
        rows = table.where(table.notna(), None).to_dict("records")
        result.setdefault(LISTENER, {})["detection"] = rows
    return result


def read_counted(folder: Path) -> dict[str, Any]:
    """:func:`count_metrics` and :func:`with_spoken` of a results folder's tables.

    Raises:
        ResultsError: no predictions.
    """
    native_file = folder / NATIVE_FILE
    native = predict.read_predictions(native_file) if native_file.is_file() else None
    predictions = predict.read_all_predictions(folder / PREDICTIONS)
    metrics = count_metrics(predictions, native)
    return with_spoken(metrics, read_fates(folder, predictions), read_decisions(folder))


def native_rates(metrics: dict[str, Any]) -> dict[str, Any] | None:
    """The base's rates on native speech; ``None`` where the corpus has none."""
    return metrics.get(BASE, {}).get(NATIVE)


def compare_models(predictions: pd.DataFrame) -> dict[tuple[str, str], Comparison]:
    """Paired comparison of the systems that experiments name, where both were evaluated.

    One is primary, declared beforehand; p of all others is corrected for how many they are.
    """
    pairs = compared_pairs(set(predictions["experiment"]))
    results = [
        replace(
            summary.compare_experiments(predictions, first, second),
            primary=is_primary(first, second),
        )
        for first, second in pairs
    ]
    return dict(zip(pairs, with_holm(results), strict=True))


def write_results(
    profile_name: str,
    predictions: pd.DataFrame,
    metrics: dict[str, Any],
    clips: Mapping[str, bytes | str],
    fates: pd.DataFrame | None = None,
) -> str:
    """Write metrics.json, result.txt, explorer.html, report.html and the models' cards.

    Args:
        metrics: of :func:`count_metrics` and :func:`with_spoken`.
        clips: audio by utterance id.
        fates: of :func:`read_fates`, for the explorer.

    Returns:
        the content of result.txt.
    """
    # Only this needs the widget's packages.
    from speakor_common.show.explorer import explorer

    # The text may be refused, and then nothing has been written.
    results = paths.results(profile_name)
    command = f"make reproduce PROFILE={profile_name}"
    text = report.result_text(metrics, profile_name, command)

    # The numbers first: pages and cards are made from them.
    write_json(results / METRICS_FILE, metrics)
    write_text(results / RESULT_FILE, text)
    explorer.write_html(
        clean_predictions(predictions),
        clips.__getitem__,
        results / "explorer.html",
        reviews=results / REVIEW_FILE,
        spoken=results / FEEDBACK_FILE,
        fates=fates,
    )
    figures = (results / "figures").glob("*.png")
    report.write_report(metrics, figures, results / "report.html", command)
    write_cards(profile_name)
    return text


def write_cards(profile_name: str) -> list[Path]:
    """Write the model card of every trained experiment of a profile, with the numbers so far."""
    from speakor_common.pipeline import publish

    directories = [paths.model(name, profile_name) for name in EXPERIMENTS]
    trained = [directory for directory in directories if finished_run(directory)]
    return [publish.write_card(directory, directory.name) for directory in trained]
