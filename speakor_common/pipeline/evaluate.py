"""The evaluation of a profile, step by step; what notebook 05 calls.

Joins what the stages below keep apart: the profile, its trained models, its prepared test
split, and the evaluation that reads only predictions and audio.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from accelerate import PartialState
from datasets import Dataset

from speakor_common import paths
from speakor_common.batching.conditions import CLEAN, CONDITIONS, REAL
from speakor_common.corpus import prepare
from speakor_common.errors import ResultsError
from speakor_common.evaluation.statistics import Comparison
from speakor_common.evaluation.summary import compare_experiments, summarise_rates, with_counts
from speakor_common.models import checkpoints
from speakor_common.pipeline import publish
from speakor_common.pronunciation import detection, feedback
from speakor_common.recognition import predict
from speakor_common.recognition.transcriber import Transcriber
from speakor_common.storage import read_json, write_json, write_text
from speakor_common.training.experiments import EXPERIMENTS, SHIPPED, Profile
from speakor_common.training.experiments import profile as get_profile
from speakor_common.training.runlog import data_hash
from speakor_common.training.runs import finished

logger = logging.getLogger(__name__)

BASE, ZERO_SHOT, NATIVE = "base", "whisper zero-shot", "native"
NATIVE_FILE = "native.csv"
TUNED_CTC = tuple(
    name for name, e in EXPERIMENTS.items() if e.kind == "ctc" and name not in SHIPPED
)
# Compared pairwise in the report, where both were evaluated.
PAIRS = (
    ("exp05", "exp01"),
    ("exp05", BASE),
    ("exp06", "exp05"),
    ("whisper", ZERO_SHOT),
    ("exp06", "whisper"),
)


def test_data(profile: Profile) -> Dataset:
    """The learners' test split, as a profile limits it."""
    return prepare.limit_rows(
        prepare.load_prepared(paths.prepared(profile.name))["test"], profile.eval_limit
    )


def training_words(profile_name: str) -> set[str]:
    """Words of the learners' training transcripts."""
    data = prepare.load_prepared(paths.prepared(profile_name))["train"]
    return {word for text in data["text"] for word in text.split()}


def models(profile: Profile) -> dict[str, Path]:
    """Model directory by name: the un-tuned bases and every finished experiment of the profile.

    Raises:
        ResultsError: no experiment of the profile is trained.
    """
    trained = {name: paths.model(name, profile.name) for name in EXPERIMENTS if name not in SHIPPED}
    trained = {name: path for name, path in trained.items() if finished(path)}
    if not trained:
        raise ResultsError(
            f"profile {profile.name} has no trained model; run notebooks 02-04 or: speakor train exp05"
        )
    found = {BASE: checkpoints.resolve(profile.base["ctc"])} | trained
    if "whisper" in trained:
        found[ZERO_SHOT] = checkpoints.resolve(profile.base["whisper"])
    return found


def predict_all(profile_name: str, folder: Path, progress: bool = False) -> pd.DataFrame:
    """Predictions of every model on the clean test split, and of the chosen CTC model in degraded conditions.

    A model whose weights are another's is measured in the combined condition, and that other one in all: reading with language
    models takes long.

    Predictions made earlier by the same model and code on the same data are kept. Under ``torchrun`` the processes share the clips.
    """
    profile = get_profile(profile_name)
    available = models(profile)
    wanted = dict.fromkeys(available, (CLEAN,))
    if any(name in available for name in TUNED_CTC):
        best = chosen(profile_name)
        wanted |= {best: (CLEAN, REAL)} | {acoustic(best, profile_name): (CLEAN, *CONDITIONS)}
    requests = [
        predict.Request(name, available[name], conditions) for name, conditions in wanted.items()
    ]
    tables = _predict(requests, test_data(profile), folder, progress)
    if PartialState().is_main_process:
        for stale in set(folder.glob("*.csv")) - {_file(folder, name) for name in wanted}:
            stale.unlink()
    return pd.concat(tables, ignore_index=True)


def predict_model(name: str, model: Path, profile: Profile, folder: Path) -> pd.DataFrame:
    """Predictions of one model on the clean test split, kept in ``folder``."""
    return _predict(
        [predict.Request(name, model, (CLEAN,))], test_data(profile), folder, progress=False
    )[0]


def chosen(profile_name: str) -> str:
    """The trained CTC experiment with the lowest validation WER: the one to report, found without test data.

    Raises:
        ResultsError: no CTC experiment of the profile is trained.
    """
    runs = {name: finished(paths.model(name, profile_name)) for name in TUNED_CTC}
    rates = {name: facts["best_validation_wer"] for name, facts in runs.items() if facts}
    if not rates:
        raise ResultsError(
            f"profile {profile_name} has no trained CTC model; run notebooks 02 and 03"
        )
    return min(rates, key=rates.__getitem__)


def acoustic(experiment: str, profile_name: str) -> str:
    """The experiment to measure for what is heard: the one whose weights this one takes, if it is there, or else itself."""
    source = EXPERIMENTS[experiment].weights
    return source if source and finished(paths.model(source, profile_name)) else experiment


def write_cards(profile_name: str) -> list[Path]:
    """Write the model card of every trained experiment of a profile, with the numbers found so far."""
    trained = [paths.model(name, profile_name) for name in EXPERIMENTS if name not in SHIPPED]
    return [
        publish.write_card(directory, directory.name)
        for directory in trained
        if finished(directory)
    ]


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name.replace(' ', '-')}.csv"


def _predict(
    requests: Sequence[predict.Request], data: Dataset, folder: Path, progress: bool
) -> list[pd.DataFrame]:
    """Predictions of each request; what was made earlier by the same model and code on the same data is kept."""
    fixed = {"data": data_hash(data["utterance_id"], data["text"]), "reader": predict.reader_hash()}
    made_from = {
        r.experiment: {"model": checkpoints.weights_hash(r.model)} | fixed for r in requests
    }
    kept = {
        r.experiment: _kept(_file(folder, r.experiment), made_from[r.experiment]) for r in requests
    }
    missing = [
        r._replace(
            conditions=tuple(
                c for c in r.conditions if c not in set(kept[r.experiment]["condition"])
            )
        )
        for r in requests
    ]
    missing = [r for r in missing if r.conditions]
    for request in missing:
        logger.info(
            "transcribing %d test clips with %s (%s)",
            len(data),
            request.experiment,
            ", ".join(request.conditions),
        )
    for request, found in zip(
        missing, predict.predict_together(missing, data, progress), strict=True
    ):
        name = request.experiment
        kept[name] = pd.concat([kept[name], found], ignore_index=True) if len(kept[name]) else found
        if PartialState().is_main_process:
            _keep(kept[name], _file(folder, name), made_from[name])
    PartialState().wait_for_everyone()
    tables = [predict.read(_file(folder, r.experiment)) for r in requests]
    return [
        table[table["condition"].isin(r.conditions)]
        for table, r in zip(tables, requests, strict=True)
    ]


def _kept(path: Path, made_from: dict[str, str]) -> pd.DataFrame:
    """Predictions at ``path``, none if they are of something else."""
    record = path.with_suffix(".json")
    if path.is_file() and record.is_file() and read_json(record) == made_from:
        return predict.read(path)
    return pd.DataFrame(columns=list(predict.COLUMNS))


def _keep(predictions: pd.DataFrame, path: Path, made_from: dict[str, str]) -> None:
    record = path.with_suffix(".json")
    record.unlink(
        missing_ok=True
    )  # the record vouches for the table, so it goes first and comes last
    predict.save(predictions, path)
    write_json(record, made_from)


def context_rates(profile_name: str) -> tuple[pd.DataFrame, Comparison]:
    """WER of the tuned Whisper on the validation split, with its context as long as the clips and with all of the stock 30 s.

    Returns:
        columns ``context, n, wer, wer_95, seconds``; and short minus stock, paired.
    """
    profile = get_profile(profile_name)
    data = prepare.limit_rows(
        prepare.load_prepared(paths.prepared(profile_name))["valid"], profile.eval_limit
    )
    recogniser = Transcriber.from_pretrained(paths.model("whisper", profile_name)).recogniser
    rows, tables = [], []
    for name, whole in (("short", False), ("stock", True)):
        recogniser.whole_context, started = whole, time.perf_counter()
        tables.append(predict.predict(recogniser, data, name, CLEAN))
        seconds, rates = (
            round(time.perf_counter() - started, 1),
            summarise_rates(with_counts(tables[-1])),
        )
        shown = {key: rates[key] for key in ("n", "wer", "wer_95")}
        rows.append({"context": name} | shown | {"seconds": seconds})
    return pd.DataFrame(rows), compare_experiments(
        pd.concat(tables, ignore_index=True), "short", "stock"
    )


def native_rates(profile_name: str) -> dict[str, Any] | None:
    """Rates of the un-tuned base on native test speech, its predictions kept in ``native.csv``; ``None`` where the corpus has none."""
    profile = get_profile(profile_name)
    splits = prepare.load_prepared(paths.prepared(profile_name))
    if "native_test" not in splits:
        return None
    data = prepare.limit_rows(splits["native_test"], profile.eval_limit)
    recogniser = Transcriber.from_pretrained(profile.base["ctc"]).recogniser
    predictions = predict.predict(recogniser, data, BASE, NATIVE)
    predict.save(predictions, paths.results(profile_name) / NATIVE_FILE)
    return summarise_rates(with_counts(predictions))


def audio_by_id(profile_name: str) -> dict[str, bytes | str]:
    """Audio of every test utterance by id; bytes, or a reference where audio is not copied."""
    data = test_data(get_profile(profile_name))
    return dict(zip(data["utterance_id"], data["audio"], strict=True))


def comparisons(predictions: pd.DataFrame) -> dict[tuple[str, str], Comparison]:
    """Paired comparison of the pairs in :data:`PAIRS` that were evaluated."""
    present = set(predictions["experiment"])
    return {
        (a, b): compare_experiments(predictions, a, b)
        for a, b in PAIRS
        if a in present and b in present
    }


def write_feedback(
    profile_name: str, predictions: pd.DataFrame, intended: str, path: Path
) -> pd.DataFrame:
    """Write feedback.jsonl (the native listener against ``intended``'s transcripts) and score it on planted deviations.

    The scores go to ``feedback_scores.csv`` beside it.

    Returns:
        see :func:`detection.table`; empty where the corpus has no planted deviations, as real speech has none.
    """
    profile = get_profile(profile_name)
    data = test_data(profile)
    clean = predictions[
        (predictions["condition"] == CLEAN) & (predictions["experiment"] == intended)
    ]
    found = feedback.records_together(
        clean, checkpoints.resolve(profile.listener), audio_by_id(profile_name)
    )
    feedback.write(found, path)
    known = detection.planted(data["utterance_id"], data["deviations"])
    references = dict(zip(data["utterance_id"], data["text"], strict=True))
    scores = detection.table(found, references, known) if known else pd.DataFrame()
    write_text(path.with_name("feedback_scores.csv"), scores.to_csv())
    return scores
