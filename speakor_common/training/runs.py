"""One call from experiment and profile to a trained model, for notebooks and the command line.

A finished run is not repeated: ``run.json`` holds a fingerprint of everything that decides
the result, and a model directory with the same fingerprint is taken as it is.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelerate import PartialState
from accelerate.utils.memory import should_reduce_batch_size
from datasets import DatasetDict

from speakor_common import paths
from speakor_common.corpus import prepare
from speakor_common.errors import TrainingError
from speakor_common.models import checkpoints
from speakor_common.storage import only_writer, read_json, whole_directory, write_json
from speakor_common.training.experiments import Profile, resolve
from speakor_common.training.preset import Experiment
from speakor_common.training.runlog import RunLog, data_hash

if TYPE_CHECKING:
    from transformers import TrainerCallback  # heavy, and reading models needs none

logger = logging.getLogger(__name__)


def train(
    experiment: str,
    profile: str,
    seed: int,
    callbacks: tuple[TrainerCallback, ...] = (),
    **changes: Any,
) -> dict[str, Any]:
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
    logger.info(
        "%s: %s",
        experiment,
        json.dumps({k: v for k, v in asdict(used).items() if k != "name"}, ensure_ascii=False),
    )
    for key, (preset, value) in changed.items():
        logger.info("profile %s sets %s = %s (preset: %s)", profile, key, value, preset)
    output = paths.model(experiment, profile)
    if not used.weights:
        return run(used, scale, changed, seed, output, callbacks)
    if pointless := sorted(set(changes) - {"lm_order"}):
        raise TrainingError(
            f"{experiment} takes the weights of {used.weights}: set {pointless} there; here only lm_order can be set"
        )
    train(used.weights, profile, seed, callbacks)
    return read_with_language_models(paths.model(used.weights, profile), output, used, scale, seed)


def run(
    used: Experiment,
    profile: Profile,
    changed: dict[str, Any],
    seed: int,
    output: Path,
    callbacks: tuple[TrainerCallback, ...] = (),
) -> dict[str, Any]:
    """Train a resolved experiment into ``output`` unless the same run is already there; see :func:`train`."""
    data = training_data(profile)
    fingerprint = run_fingerprint(used, data, seed)
    if (facts := finished(output)) and facts.get("fingerprint") == fingerprint:
        logger.info(
            "%s is trained already with the same settings and data; delete it to train again",
            paths.relative(output),
        )
        return facts
    log = RunLog(used, profile.name, changed, seed)
    hashes = {
        split: data_hash(data[split]["utterance_id"], data[split]["text"])
        for split in ("train", "valid")
    }
    log.facts |= {"fingerprint": fingerprint, "data_sha256": hashes}
    with only_writer(output):
        return _train_in_memory(used, data, output, log, seed, callbacks)


def read_with_language_models(
    trained: Path, output: Path, experiment: Experiment, profile: Profile, seed: int
) -> dict[str, Any]:
    """A trained model's weights in ``output``, decoded with language models of ``experiment.lm_order``; nothing is trained.

    Of several processes the first one does it, and the others wait.

    Returns:
        the content of the copy's ``run.json``; its ``seconds`` are those of training and of fitting the models together.
    """
    with PartialState().main_process_first(), only_writer(output):
        return _read_with_language_models(trained, output, experiment, profile, seed)


def _read_with_language_models(
    trained: Path, output: Path, experiment: Experiment, profile: Profile, seed: int
) -> dict[str, Any]:
    from speakor_common.recognition import decoder_tuning

    data = training_data(profile)
    fingerprint = run_fingerprint(experiment, data, seed)
    if (
        (facts := finished(output))
        and facts.get("fingerprint") == fingerprint
        and facts["weights"] == checkpoints.weights_hash(trained)
    ):
        return facts
    started = time.perf_counter()
    with whole_directory(output) as folder:
        shutil.copytree(trained, folder, dirs_exist_ok=True)
        settings, wer = decoder_tuning.fit_decoder(folder, data, experiment.lm_order, seed)
        facts = read_json(folder / "run.json") | {
            "fingerprint": fingerprint,
            "weights": checkpoints.weights_hash(trained),
        }
        facts |= {
            "greedy_validation_wer": facts["best_validation_wer"],
            "best_validation_wer": wer,
            "decoding": settings,
        }
        facts |= {
            "experiment": asdict(experiment),
            "seconds": round(facts["seconds"] + time.perf_counter() - started, 1),
        }
        write_json(folder / "run.json", facts)
    return read_json(output / "run.json")


def _train_in_memory(
    experiment: Experiment,
    data: DatasetDict,
    output: Path,
    log: RunLog,
    seed: int,
    callbacks: tuple[TrainerCallback, ...],
) -> dict[str, Any]:
    """Train; where memory does not suffice, with half the clips a step and twice the accumulation.

    The optimiser then sees the same batches. (The Trainer's own ``auto_find_batch_size`` shrinks those, and goes on from
    weights already moved.) Each try begins from the base or the last checkpoint.

    Raises:
        TrainingError: not even one clip fits, or one of several processes ran out of memory.
    """
    while True:
        try:
            return _module(experiment.kind).train(experiment, data, output, log, seed, callbacks)
        except RuntimeError as error:
            if not should_reduce_batch_size(error):
                raise
            reason = str(error).splitlines()[0]
        # Outside of the handler: the exception holds the model's memory.
        experiment = _halved(experiment, reason)
        log.facts["reduced_for_memory"] = {
            key: getattr(experiment, key) for key in ("batch_size", "gradient_accumulation")
        }


def _halved(experiment: Experiment, reason: str) -> Experiment:
    clips, accumulation = experiment.batch_size, experiment.gradient_accumulation
    if clips % 2 or int(os.environ.get("WORLD_SIZE", 1)) > 1:
        raise TrainingError(
            f"out of memory with {clips} clips a step ({reason}). Set a smaller batch_size with more accumulation, gradient_checkpointing, "
            "or a lower max_seconds; one process alone halves its batch by itself while it is even"
        )
    logger.warning(
        "out of memory with %d clips a step; continuing with %d and accumulation %d, which trains on the same batches",
        clips, clips // 2, accumulation * 2,
    )  # fmt: skip
    return replace(experiment, batch_size=clips // 2, gradient_accumulation=accumulation * 2)


def training_data(profile: Profile) -> DatasetDict:
    """Train and validation split of a profile's learners, and the natives' transcripts; the test split is not among them on purpose."""
    data = prepare.load_prepared(paths.prepared(profile.name))
    splits = {
        "train": prepare.limit_rows(data["train"], profile.train_limit),
        "valid": prepare.limit_rows(data["valid"], profile.eval_limit),
    }
    if "native_train" in data:  # for language models only
        splits["native_train"] = prepare.limit_rows(
            data["native_train"].select_columns(["utterance_id", "text"]), profile.train_limit
        )
    return DatasetDict(splits)


def run_fingerprint(experiment: Experiment, data: DatasetDict, seed: int) -> str:
    """Hash of preset, data and base weights: equal fingerprints give equal models on one machine."""
    weights = checkpoints.weights_hash(checkpoints.resolve(experiment.base))
    splits = (
        ("train", "valid", "native_train")
        if experiment.lm_order and "native_train" in data
        else ("train", "valid")
    )
    labels = [data_hash(data[split]["utterance_id"], data[split]["text"]) for split in splits]
    content = json.dumps(
        [asdict(experiment), seed, weights, labels], ensure_ascii=False, sort_keys=True
    )
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def finished(output: Path) -> dict[str, Any] | None:
    """``run.json`` of a finished run, or ``None``."""
    return read_json(output / "run.json") if (output / "run.json").is_file() else None


def _module(kind: str):
    if kind == "whisper":
        from speakor_common.training import finetune_whisper

        return finetune_whisper
    from speakor_common.training import finetune_ctc

    return finetune_ctc
