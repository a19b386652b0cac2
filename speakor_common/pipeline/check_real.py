"""Every model at hand, and the listener, on a folder of clips of people.

What is written are counts and rates, never a text: the clips may belong to others. Predictions hold
texts, so they are kept in the user's cache, outside the project, and are made again only when
a model, a clip or the code changed; a stopped run goes on with the model it stopped at.

The same systems are measured on the sample's native test speech. They should stand in the same
order there; where they do not, the sample flatters some of them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from datasets import Dataset

from speakor_common import paths
from speakor_common.batching.conditions import CLEAN
from speakor_common.corpus.clip_folder import (
    NO_SPEECH,
    SCORED,
    as_dataset,
    read_clip_folder,
    transcripts_hash,
)
from speakor_common.corpus.prepare import load_prepared
from speakor_common.errors import CorpusError, SpeakorError
from speakor_common.evaluation.levels import LEVELS
from speakor_common.evaluation.number_readings import with_closest_references
from speakor_common.evaluation.summary import summarise_rates, with_counts
from speakor_common.models import checkpoints
from speakor_common.pipeline.prediction_cache import cached_predictions
from speakor_common.pipeline.results import METRICS_FILE
from speakor_common.pipeline.system_order import Rates, compare_orders
from speakor_common.pronunciation.feedback import make_records_on_cores
from speakor_common.recognition.predict_many import Request
from speakor_common.storage import read_json, write_json
from speakor_common.training.experiments import EXPERIMENTS, UNTUNED
from speakor_common.training.fingerprints import finished_run
from speakor_common.training.profiles import PROFILES, Profile
from speakor_common.training.systems import in_order, systems_of

logger = logging.getLogger(__name__)

RATES_FILE = "rates.json"
_PROFILE = "sample"  # whose models are measured


def check_real(folder: Path, progress: bool = True) -> dict[str, Any]:
    """Measure every model on a folder's clips; writes ``results/real/<folder>/rates.json``.

    Args:
        folder: clips and a ``transcripts.tsv``, see :mod:`speakor_common.corpus.clip_folder`.

    Returns:
        what was written: ``folder``, ``transcripts_sha256``, ``clips``, ``systems``,
        ``sample_native``, ``missing``, ``listener`` and ``order``.

    Raises:
        CorpusError: no such folder or table, or no clip in it that can be measured.
    """
    folder = folder.expanduser().resolve()
    profile = PROFILES[_PROFILE]
    clips = read_clip_folder(folder, progress)
    data = as_dataset(clips)
    if not len(data):
        counts = clips["status"].value_counts().to_dict()
        raise CorpusError(f"{folder} holds no clip that can be measured; found {counts}")

    # One model after the other, so that a stopped run has lost no more than one.
    models, missing = _models(profile)
    digest = transcripts_hash(folder)
    cache = _cache() / digest[:16]
    raw = dict(zip(clips["utterance_id"], clips["raw_text"], strict=True))
    silent = set(clips.loc[clips["status"] == NO_SPEECH, "utterance_id"])
    systems = _measure(models, data, cache, missing, raw, silent)
    native = _measure_native(models, missing)

    report = {
        "folder": folder.name,
        "transcripts_sha256": digest,
        "command": f"make check-real DIR={folder.name}",
        "clips": _count_clips(clips),
        "systems": systems,
        "sample_native": native,
        "missing": missing,
        "listener": _listen(profile, data),
        "order": compare_orders(systems, native, _sample_rates()),
    }
    write_json(paths.results("real") / folder.name / RATES_FILE, report)
    return report


def publish_rates(report: Mapping[str, Any]) -> Path:
    """Write a report where it may be committed, so that documents can name it as their source."""
    return write_json(paths.root() / "results" / f"{report['folder']}.json", report)


def _cache() -> Path:
    """Where predictions of people's clips are kept: outside the project."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "speakor" / "real"


def _models(profile: Profile) -> tuple[dict[str, Path], dict[str, str]]:
    """Directory of every model at hand, and why others are not, both by name."""
    models: dict[str, Path] = {}
    missing: dict[str, str] = {}
    for name, training in UNTUNED.items():
        try:
            models[name] = checkpoints.find_checkpoint(profile.base[training])
        except SpeakorError as error:
            missing[name] = paths.without_folders(str(error))
    for name in EXPERIMENTS:
        directory = paths.model(name, profile.name)
        if finished_run(directory):
            models[name] = directory
        else:
            missing[name] = "not trained"
    return models, missing


def _measure(
    models: Mapping[str, Path],
    data: Dataset,
    cache: Path,
    missing: dict[str, str],
    raw: Mapping[str, str] | None = None,
    silent: Collection[str] = (),
) -> Rates:
    """Rates of every system on some clips; a model that cannot be used is noted as missing.

    Args:
        raw: transcripts as written, where they may hold numbers.
        silent: clips in which nobody speaks; nothing is recognised in them.
    """
    rates: Rates = {}
    for name, directory in models.items():
        try:
            tables = cached_predictions(_requests(name, directory), data, cache, progress=True)
        except SpeakorError as error:
            logger.warning("%s is left out: %s", name, error)
            missing[name] = paths.without_folders(str(error))
            continue
        for table in tables:
            heard = table.copy()
            heard.loc[heard["utterance_id"].isin(silent), ["hypothesis", "raw_hypothesis"]] = ""
            read = heard if raw is None else with_closest_references(heard, raw)
            rates[table["experiment"].iloc[0]] = count_rates(read)
    return {name: rates[name] for name in in_order(rates)}


def _requests(model: str, directory: Path) -> list[Request]:
    """A model in every way it is read; what is read in one way only is read its own way."""
    systems = systems_of(model)
    if len(systems) == 1:
        return [Request(model, directory, (CLEAN,))]
    return [Request(each.name, directory, (CLEAN,), each.reading) for each in systems]


def _measure_native(models: Mapping[str, Path], missing: dict[str, str]) -> Rates:
    """The same systems on the sample's native test speech; nothing where it is not prepared."""
    try:
        data = load_prepared(paths.prepared(_PROFILE))["native_test"]
    except (CorpusError, KeyError):
        missing["sample_native"] = f"not prepared: speakor prepare --profile {_PROFILE}"
        return {}
    failed: dict[str, str] = {}
    rates = _measure(models, data, _cache() / "sample-native", failed)
    missing.update({f"{name} on sample_native": reason for name, reason in failed.items()})
    return rates


def count_rates(predictions: pd.DataFrame) -> dict[str, Any]:
    """``n``, ``speakers``, and each rate with ``<rate>_95``, of one system's predictions.

    An interval that does not exist is ``None``.
    """
    counted = summarise_rates(with_counts(predictions))
    rates = {key: counted[key] for key in ("n", "speakers", "ambiguous_numbers")}
    for level in LEVELS.values():
        rates[level.rate] = counted[level.rate]
        rates[f"{level.rate}_95"] = counted[f"{level.rate}_95"]
    return rates


def _count_clips(clips: pd.DataFrame) -> dict[str, Any]:
    scored = clips[clips["status"].isin(SCORED)]
    return {
        "n": len(clips),
        "scored": len(scored),
        **{status: int(count) for status, count in clips["status"].value_counts().items()},
        "speakers": int(scored["speaker_id"].nunique()),
        "minutes": float(scored["duration_s"].sum() / 60),
    }


def _listen(profile: Profile, data: Dataset) -> dict[str, Any]:
    """What the native listener says of natives: how many it judges, and what it reports of them.

    Natives deviate from no allowed pronunciation, or hardly, so each deviation is false.
    """
    intended = data.remove_columns(["audio"]).to_pandas().rename(columns={"text": "hypothesis"})
    audio = dict(zip(data["utterance_id"], data["audio"], strict=True))
    directory = checkpoints.find_checkpoint(profile.listener)
    records = make_records_on_cores(intended, directory, audio)

    statuses = pd.Series([record.status for record in records]).value_counts()
    judged = [record for record in records if record.status == "ok"]
    syllables = sum(len(record.pronunciation.replace(" ", "")) for record in judged)
    deviations = sum(len(record.deviations) for record in judged)
    return {
        "model": profile.listener,
        "n": len(records),
        "statuses": {name: int(count) for name, count in statuses.items()},
        "not_spoken_share": float(statuses.get("not_spoken", 0) / len(records)),
        "judged_syllables": syllables,
        "deviations_per_100_syllables": 100 * deviations / syllables if syllables else None,
    }


def _sample_rates() -> Rates:
    """The committed rates on the sample's learners."""
    path = paths.results(_PROFILE) / METRICS_FILE
    metrics = read_json(path) if path.is_file() else {}
    return {name: entry[CLEAN] for name, entry in metrics.items() if CLEAN in entry}
