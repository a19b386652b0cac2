"""The evaluation of a profile, step by step; what notebook 05 calls.

Joins what the rooms below keep apart: the profile, its trained models, its prepared test split,
and scoring that reads only predictions and audio. What is written about it is in
:mod:`speakor_common.pipeline.results`.
"""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
from datasets import Dataset

from speakor_common import paths
from speakor_common.batching.conditions import CLEAN, CONDITIONS, REAL
from speakor_common.corpus import prepare
from speakor_common.errors import ResultsError
from speakor_common.evaluation.statistics import Comparison
from speakor_common.evaluation.summary import compare_experiments, summarise_rates, with_counts
from speakor_common.models import checkpoints
from speakor_common.pipeline.prediction_cache import cached_predictions, remove_others
from speakor_common.pipeline.results import (
    FEEDBACK_FILE,
    NATIVE,
    NATIVE_FILE,
    PREDICTIONS,
    clean_predictions,
)
from speakor_common.pronunciation import detection, feedback
from speakor_common.pronunciation.truth import read_truths
from speakor_common.recognition import predict
from speakor_common.recognition.predict import Request
from speakor_common.recognition.recognisers import default_device, load_recogniser
from speakor_common.recognition.whisper_recogniser import WhisperRecogniser
from speakor_common.storage import write_text
from speakor_common.training.experiments import (
    BASE,
    EXPERIMENTS,
    UNTUNED,
    experiments_with,
)
from speakor_common.training.fingerprints import finished_run
from speakor_common.training.preset import CTCTraining
from speakor_common.training.profiles import Profile, get_profile

# What is evaluated


def test_data(profile: Profile) -> Dataset:
    """The learners' test split, as a profile limits it."""
    splits = prepare.load_prepared(paths.prepared(profile.name))
    return prepare.limit_rows(splits["test"], profile.eval_limit)


def audio_by_id(profile_name: str) -> dict[str, bytes | str]:
    """Audio of every test utterance; bytes, or a reference where audio is not copied."""
    data = test_data(get_profile(profile_name))
    return dict(zip(data["utterance_id"], data["audio"], strict=True))


def training_words(profile_name: str) -> set[str]:
    """Words of the learners' training transcripts."""
    data = prepare.load_prepared(paths.prepared(profile_name))["train"]
    return {word for text in data["text"] for word in text.split()}


def available_models(profile: Profile) -> dict[str, Path]:
    """Model directory by name: the un-tuned bases and every finished experiment of the profile.

    Raises:
        ResultsError: no experiment of the profile is trained.
    """
    directories = {name: paths.model(name, profile.name) for name in EXPERIMENTS}
    trained = {name: path for name, path in directories.items() if finished_run(path)}
    if not trained:
        raise ResultsError(
            f"profile {profile.name} has no trained model; "
            "run notebooks 02-04 or: speakor train exp05"
        )

    # A base beside what was trained from it; the CTC base always, as the yardstick of all.
    models = {BASE: checkpoints.find_checkpoint(profile.base[UNTUNED[BASE]])} | trained
    for name, training in UNTUNED.items():
        if name not in models and set(experiments_with(training)) & set(trained):
            models[name] = checkpoints.find_checkpoint(profile.base[training])
    return models


def choose_experiment(profile_name: str) -> str:
    """The trained CTC experiment with the lowest validation WER, found without test data.

    Raises:
        ResultsError: no CTC experiment of the profile is trained.
    """
    names = experiments_with(CTCTraining)
    runs = {name: finished_run(paths.model(name, profile_name)) for name in names}
    rates = {name: run["best_validation_wer"] for name, run in runs.items() if run}
    if not rates:
        raise ResultsError(
            f"profile {profile_name} has no trained CTC model; run notebooks 02 and 03"
        )
    return min(rates, key=rates.__getitem__)


def plain_experiment(experiment: str, profile_name: str) -> str:
    """The experiment that decodes the same weights without language models, or else itself."""
    run = finished_run(paths.model(experiment, profile_name)) or {}
    if "decoding" not in run:
        return experiment
    for name in experiments_with(CTCTraining):
        other = finished_run(paths.model(name, profile_name)) or {}
        if other.get("fingerprint") == run["fingerprint"] and "decoding" not in other:
            return name
    return experiment


# Transcribing


def predict_all(profile_name: str, progress: bool = False) -> pd.DataFrame:
    """Predictions of every model on the clean test split, and of one CTC model in conditions.

    The chosen CTC model is measured in the combined condition. All conditions are measured with
    its weights decoded plainly, because decoding with language models takes long. Predictions
    made earlier by the same model and code on the same data are kept in
    ``results/<profile>/predictions``.
    """
    profile = get_profile(profile_name)
    models = available_models(profile)
    conditions = dict.fromkeys(models, (CLEAN,))
    if set(experiments_with(CTCTraining)) & set(models):
        best = choose_experiment(profile_name)
        conditions[best] = (CLEAN, REAL)
        conditions[plain_experiment(best, profile_name)] = (CLEAN, *CONDITIONS)

    # What was predicted earlier by the same model is not predicted again.
    folder = paths.results(profile_name) / PREDICTIONS
    requests = [Request(name, models[name], asked) for name, asked in conditions.items()]
    tables = cached_predictions(requests, test_data(profile), folder, progress)
    remove_others(list(conditions), folder)
    return pd.concat(tables, ignore_index=True)


def predict_model(name: str, model: Path, profile: Profile, folder: Path) -> pd.DataFrame:
    """Predictions of one model on the clean test split, kept in ``folder``."""
    request = Request(name, model, (CLEAN,))
    return cached_predictions([request], test_data(profile), folder)[0]


def predict_native(profile_name: str) -> pd.DataFrame | None:
    """The un-tuned base's predictions of native test speech, kept in ``native.csv``.

    ``None`` where the corpus has no native test speech.
    """
    profile = get_profile(profile_name)
    path = paths.results(profile_name) / NATIVE_FILE
    splits = prepare.load_prepared(paths.prepared(profile_name))
    if "native_test" not in splits:
        path.unlink(missing_ok=True)  # of another corpus
        return None

    # It is clean speech; the label tells it from the learners'.
    data = prepare.limit_rows(splits["native_test"], profile.eval_limit)
    recogniser = load_recogniser(checkpoints.find_checkpoint(profile.base[CTCTraining]))
    predictions = predict.predict_split(recogniser, data, BASE, label=NATIVE)
    predict.write_predictions(predictions, path)
    return predictions


# Further questions of the notebooks


def context_rates(experiment: str, profile_name: str) -> tuple[pd.DataFrame, Comparison]:
    """WER of a tuned Whisper on validation clips, with a short and with its full context.

    Short is as long as the clips; full is the 30 s of the stock model.

    Returns:
        columns ``context, n, wer, wer_95, seconds``; and short minus full, paired.
    """
    profile = get_profile(profile_name)
    splits = prepare.load_prepared(paths.prepared(profile_name))
    data = prepare.limit_rows(splits["valid"], profile.eval_limit)
    directory = paths.model(experiment, profile_name)

    # Loading is not timed, recognising is.
    rows = []
    tables = []
    for name, full in (("short", False), ("full", True)):
        recogniser = WhisperRecogniser(directory, default_device(), full_context=full)
        started = time.perf_counter()
        predictions = predict.predict_split(recogniser, data, name, CLEAN)
        seconds = round(time.perf_counter() - started, 1)

        rates = summarise_rates(with_counts(predictions))
        shown = {key: rates[key] for key in ("n", "wer", "wer_95")}
        rows.append({"context": name} | shown | {"seconds": seconds})
        tables.append(predictions)
    both = pd.concat(tables, ignore_index=True)
    return pd.DataFrame(rows), compare_experiments(both, "short", "full")


def write_feedback(profile_name: str, predictions: pd.DataFrame, intended: str) -> pd.DataFrame:
    """Write feedback.jsonl and score it on planted deviations in ``feedback_scores.csv``.

    Args:
        intended: the experiment whose transcripts say what was meant.

    Returns:
        see :func:`detection.detection_table`; empty where the corpus has no planted deviations,
        as real speech has none.
    """
    profile = get_profile(profile_name)
    results = paths.results(profile_name)
    records = feedback.make_records_on_cores(
        clean_predictions(predictions, intended),
        checkpoints.find_checkpoint(profile.listener),
        audio_by_id(profile_name),
    )
    feedback.write_records(records, results / FEEDBACK_FILE)

    # Planted deviations are known for synthetic speech only.
    data = test_data(profile)
    truths = read_truths(data["utterance_id"], data["text"], data["deviations"])
    scores = detection.detection_table(records, truths) if truths else pd.DataFrame()
    write_text(results / "feedback_scores.csv", scores.to_csv())
    return scores
