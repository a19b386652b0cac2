"""What ``results/<profile>/`` holds, counted from its predictions in one place.

Notebook 05 writes these files and ``speakor verify`` counts them again; both call the functions
here, so a published number has one origin: ``predictions/*.csv`` and ``native.csv``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from speakor_common import paths
from speakor_common.batching.conditions import CLEAN
from speakor_common.evaluation import summary
from speakor_common.evaluation.statistics import Comparison
from speakor_common.recognition import predict
from speakor_common.show import report
from speakor_common.storage import write_json, write_text
from speakor_common.training.experiments import BASE, EXPERIMENTS, compared_pairs
from speakor_common.training.fingerprints import finished_run

NATIVE = "native"
PREDICTIONS = "predictions"
NATIVE_FILE = "native.csv"
METRICS_FILE = "metrics.json"
RESULT_FILE = "result.txt"
REVIEW_FILE = "review.csv"
FEEDBACK_FILE = "feedback.jsonl"


def clean_predictions(predictions: pd.DataFrame, experiment: str | None = None) -> pd.DataFrame:
    """Predictions on audio as it was recorded, of one experiment or of all."""
    clean = predictions["condition"] == CLEAN
    if experiment is None:
        return predictions[clean]
    return predictions[clean & (predictions["experiment"] == experiment)]


def count_metrics(predictions: pd.DataFrame, native: pd.DataFrame | None) -> dict[str, Any]:
    """The content of metrics.json: experiment → condition → counts, rates, intervals.

    Args:
        predictions: of every model on the test split.
        native: the un-tuned base's on native test speech; ``None`` where the corpus has none.
    """
    metrics = summary.summarise_predictions(predictions)
    if native is not None:
        rates = summary.summarise_rates(summary.with_counts(native))
        metrics.setdefault(BASE, {})[NATIVE] = rates
    return metrics


def read_counted(folder: Path) -> dict[str, Any]:
    """:func:`count_metrics` of a results folder's predictions.

    Raises:
        ResultsError: no predictions.
    """
    native_file = folder / NATIVE_FILE
    native = predict.read_predictions(native_file) if native_file.is_file() else None
    return count_metrics(predict.read_all_predictions(folder / PREDICTIONS), native)


def native_rates(metrics: dict[str, Any]) -> dict[str, Any] | None:
    """The base's rates on native speech; ``None`` where the corpus has none."""
    return metrics.get(BASE, {}).get(NATIVE)


def compare_models(predictions: pd.DataFrame) -> dict[tuple[str, str], Comparison]:
    """Paired comparison of the systems that experiments name, where both were evaluated."""
    present = set(predictions["experiment"])
    return {
        (first, second): summary.compare_experiments(predictions, first, second)
        for first, second in compared_pairs()
        if {first, second} <= present
    }


def write_results(
    profile_name: str,
    predictions: pd.DataFrame,
    metrics: dict[str, Any],
    chosen: str,
    clips: Mapping[str, bytes | str],
) -> str:
    """Write metrics.json, result.txt, explorer.html, report.html and the models' cards.

    Args:
        metrics: of :func:`count_metrics`.
        chosen: the experiment that result.txt reports.
        clips: audio by utterance id.

    Returns:
        the content of result.txt.
    """
    # Only this needs the widget's packages.
    from speakor_common.show.explorer import explorer

    # The text may be refused, and then nothing has been written.
    results = paths.results(profile_name)
    command = f"make reproduce PROFILE={profile_name}"
    text = report.result_text(metrics, chosen, command)

    # The numbers first: pages and cards are made from them.
    write_json(results / METRICS_FILE, metrics)
    write_text(results / RESULT_FILE, text)
    explorer.write_html(
        clean_predictions(predictions),
        clips.__getitem__,
        results / "explorer.html",
        reviews=results / REVIEW_FILE,
        spoken=results / FEEDBACK_FILE,
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
