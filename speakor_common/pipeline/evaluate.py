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
from speakor_common.corpus.draw import draw_by_speaker
from speakor_common.errors import ResultsError
from speakor_common.evaluation.statistics import Comparison
from speakor_common.evaluation.summary import compare_experiments, summarise_rates, with_counts
from speakor_common.models import checkpoints
from speakor_common.pipeline.prediction_cache import cached_predictions, remove_others
from speakor_common.pipeline.results import (
    NATIVE,
    NATIVE_FILE,
    PREDICTIONS,
)
from speakor_common.pipeline.validation_choice import best_by_validation
from speakor_common.recognition import predict
from speakor_common.recognition.predict_many import Request
from speakor_common.recognition.recognisers import default_device, load_recogniser
from speakor_common.recognition.whisper_recogniser import WhisperRecogniser
from speakor_common.training.experiments import BASE, EXPERIMENTS, UNTUNED, experiments_with
from speakor_common.training.fingerprints import finished_run
from speakor_common.training.preset import CTCTraining
from speakor_common.training.profiles import Profile, get_profile
from speakor_common.training.systems import LEAD, plainest, systems_of

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
    """The trained CTC experiment that is best on validation, found without test data.

    See :func:`.validation_choice.best_by_validation`.

    Raises:
        ResultsError: no CTC experiment of the profile is trained.
    """
    names = experiments_with(CTCTraining)
    runs = {name: finished_run(paths.model(name, profile_name)) for name in names}
    finished = {name: run for name, run in runs.items() if run}
    if not finished:
        raise ResultsError(
            f"profile {profile_name} has no trained CTC model; run notebooks 02 and 03"
        )
    return best_by_validation(finished, LEAD)


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


def lead_experiment(profile_name: str) -> str:
    """The experiment that results begin with, or the chosen one's weights where it is not trained.

    Raises:
        ResultsError: no CTC experiment of the profile is trained.
    """
    if finished_run(paths.model(LEAD, profile_name)):
        return LEAD
    return plain_experiment(choose_experiment(profile_name), profile_name)


def lead_system(profile_name: str) -> str:
    """The system that results begin with: :func:`lead_experiment`, read plainly."""
    return plainest(lead_experiment(profile_name)).name


# Transcribing


def predict_all(profile_name: str, progress: bool = False) -> pd.DataFrame:
    """Predictions of every system on the clean test split, and of one CTC model in conditions.

    Every model is read in all its ways. The chosen CTC model is measured in the combined condition.
    All conditions are measured with the lead experiment, without language models, which take long.
    Predictions made earlier by the same model and code on the same data are kept in
    ``results/<profile>/predictions``.
    """
    profile = get_profile(profile_name)
    models = available_models(profile)
    conditions = dict.fromkeys(models, (CLEAN,))
    if set(experiments_with(CTCTraining)) & set(models):
        best = choose_experiment(profile_name)
        conditions[best] = (CLEAN, REAL)
        conditions[lead_experiment(profile_name)] = (CLEAN, *CONDITIONS)

    # What was predicted earlier by the same model, read the same way, is not predicted again.
    folder = paths.results(profile_name) / PREDICTIONS
    requests = [
        request
        for name, directory in models.items()
        for request in _requests(name, directory, conditions[name])
    ]
    tables = cached_predictions(requests, test_data(profile), folder, progress)
    remove_others([request.experiment for request in requests], folder)
    return pd.concat(tables, ignore_index=True)


def _requests(model: str, directory: Path, conditions: tuple[str, ...]) -> list[Request]:
    """A model's systems as they are asked for; what is read in one way only is read its own way."""
    systems = systems_of(model)
    if len(systems) == 1:
        return [Request(model, directory, conditions)]
    return [Request(each.name, directory, conditions, each.reading) for each in systems]


def predict_model(name: str, model: Path, profile: Profile, folder: Path) -> pd.DataFrame:
    """Predictions of one model, read its own way, on the clean test split; kept in ``folder``."""
    request = Request(name, model, (CLEAN,))
    return cached_predictions([request], test_data(profile), folder)[0]


def predict_native(profile_name: str) -> pd.DataFrame | None:
    """The un-tuned base's predictions of native test speech, in every reading of it.

    Kept in ``native.csv``; ``None`` where the corpus has no native test speech.
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
    readings = {system.name: system.reading for system in systems_of(BASE)}
    predictions = predict.predict_readings(recogniser, data, readings, label=NATIVE)
    predict.write_predictions(predictions, path)
    return predictions


# Further questions of the notebooks


def context_rates(experiment: str, profile_name: str) -> tuple[pd.DataFrame, Comparison]:
    """WER of a tuned Whisper on validation clips, with a short and with its full context.

    Short is as long as the clips; full is the 30 s of the stock model. Where training was validated
    on a drawn part, as many clips are drawn here.

    Returns:
        columns ``context, n, wer, wer_95, seconds``; and short minus full, paired.
    """
    profile = get_profile(profile_name)
    splits = prepare.load_prepared(paths.prepared(profile_name))
    data = prepare.limit_rows(splits["valid"], profile.eval_limit)
    directory = paths.model(experiment, profile_name)
    data = draw_by_speaker(data, _drawn_validation(directory, len(data)), seed=0)

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


def _drawn_validation(directory: Path, clips: int) -> int:
    """How many validation clips a model's training took, of at most so many."""
    drawn = (finished_run(directory) or {}).get("drawn", {})
    return min(clips, drawn.get("valid", {}).get("clips", clips))
