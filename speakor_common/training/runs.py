"""One call from experiment and profile to a trained model, for notebooks and the command line.

A finished run is not repeated: ``run.json`` holds a fingerprint of everything that decides
the result, and a model directory with the same fingerprint is taken as it is.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

from datasets import DatasetDict
from transformers import TrainerCallback

from speakor_common import checkpoints, paths
from speakor_common.corpus import prepare
from speakor_common.storage import read_json
from speakor_common.training.experiments import Profile, resolve
from speakor_common.training.preset import Experiment
from speakor_common.training.runlog import RunLog, data_hash

logger = logging.getLogger(__name__)


def train(experiment: str, profile: str, seed: int, callbacks: tuple[TrainerCallback, ...] = (), **changes: Any) -> dict[str, Any]:
    """Train an experiment in a profile unless the same run is already there.

    Args:
        changes: experiment fields to override.

    Returns:
        the content of the model's ``run.json``.

    Raises:
        CorpusError: the profile's corpus is not prepared.
        CheckpointError, TrainingError: see the training modules.
    """
    used, scale, changed = resolve(experiment, profile, **changes)
    data = training_data(scale)
    output = paths.model(experiment, profile)
    fingerprint = run_fingerprint(used, data, seed)
    if (facts := finished(output)) and facts.get("fingerprint") == fingerprint:
        logger.info("%s is trained already with the same settings and data; delete it to train again", paths.relative(output))
        return facts
    for key, (preset, value) in changed.items():
        logger.info("profile %s sets %s = %s (preset: %s)", profile, key, value, preset)
    run = RunLog(used, profile, changed, seed)
    hashes = {split: data_hash(data[split]["utterance_id"], data[split]["text"]) for split in ("train", "valid")}
    run.facts |= {"fingerprint": fingerprint, "data_sha256": hashes}
    module = _module(used.kind)
    return module.train(used, data, output, run, seed, callbacks)


def training_data(profile: Profile) -> DatasetDict:
    """Train and validation split of a profile's learners; the test split is not among them on purpose."""
    data = prepare.load(paths.prepared(profile.name))
    return DatasetDict(train=prepare.limit(data["train"], profile.train_limit), valid=prepare.limit(data["valid"], profile.eval_limit))


def run_fingerprint(experiment: Experiment, data: DatasetDict, seed: int) -> str:
    """Hash of preset, data and base weights: equal fingerprints give equal models on one machine."""
    weights = checkpoints.weights_hash(checkpoints.resolve(experiment.base))
    labels = [data_hash(data[split]["utterance_id"], data[split]["text"]) for split in ("train", "valid")]
    content = json.dumps([asdict(experiment), seed, weights, labels], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def finished(output: Path) -> dict[str, Any] | None:
    """``run.json`` of a finished run, or ``None``."""
    return read_json(output / "run.json") if (output / "run.json").is_file() else None


def _module(kind: str):
    if kind == "whisper":
        from speakor_common.training import whisper

        return whisper
    from speakor_common.training import ctc

    return ctc
