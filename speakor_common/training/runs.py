"""From an experiment and a profile to a trained model, for notebooks and the command line.

Nothing is made twice. ``run.json`` holds a fingerprint of what decides a model's weights: training,
base, data and seed, but no name. A model directory beside the one asked for that has the same
fingerprint lends its weights, and only decoding is fitted anew
(:mod:`speakor_common.training.decoded_weights`). How a kind of model is trained is left to the
module that :data:`TRAINERS` names for it.
"""

from __future__ import annotations

import json
import logging
import pkgutil
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelerate import PartialState
from accelerate.utils.memory import should_reduce_batch_size
from datasets import DatasetDict

from speakor_common import paths
from speakor_common.corpus import prepare
from speakor_common.corpus.draw import draw_by_speaker
from speakor_common.corpus.held_out import HELD_OUT, held_out_sentences
from speakor_common.decoding.ngram import require_lm_packages
from speakor_common.storage import only_writer
from speakor_common.training.decoded_weights import with_decoder
from speakor_common.training.experiments import resolve_experiment
from speakor_common.training.fingerprints import (
    LEARNED,
    find_trained,
    split_hashes,
    training_fingerprint,
)
from speakor_common.training.halving import halved
from speakor_common.training.preset import CTCTraining, Experiment, LoraTraining, Training
from speakor_common.training.profiles import Profile
from speakor_common.training.runlog import RunLog
from speakor_common.training.work_folder import claim_work_folder, work_folder

if TYPE_CHECKING:
    from transformers import TrainerCallback

logger = logging.getLogger(__name__)

# The function that trains, by kind of training; imported when it is needed.
TRAINERS: dict[type[Training], str] = {
    CTCTraining: "speakor_common.training.finetune_ctc:train_ctc",
    LoraTraining: "speakor_common.training.finetune_whisper:train_whisper",
}


def train_experiment(
    name: str,
    profile_name: str,
    seed: int,
    callbacks: tuple[TrainerCallback, ...] = (),
    **changes: Any,
) -> dict[str, Any]:
    """Train an experiment in a profile into its place under ``models/``.

    Args:
        changes: experiment fields to override.

    Returns:
        the content of the model's ``run.json``.

    Raises:
        CorpusError: the profile's corpus is not prepared.
        CheckpointError, TrainingError: see the training modules.
    """
    experiment, profile, changed = resolve_experiment(name, profile_name, **changes)

    # What will be done, before anything is.
    settings = json.dumps(experiment.settings(), ensure_ascii=False)
    logger.info("%s in profile %s: %s %s", name, profile_name, experiment.note, settings)
    for key, (preset, used) in changed.items():
        logger.info("%s = %s (preset: %s)", key, used, preset)

    output = paths.model(name, profile_name)
    log = RunLog(experiment, profile_name, changed, seed)
    return train_model(experiment, training_data(profile), output, log, seed, callbacks)


def train_model(
    experiment: Experiment,
    data: DatasetDict,
    output: Path,
    log: RunLog,
    seed: int,
    callbacks: tuple[TrainerCallback, ...] = (),
) -> dict[str, Any]:
    """Have a resolved experiment's model in ``output``; what is there or beside it is not repeated.

    Under ``torchrun`` every process calls this; the first one writes.

    Args:
        data: splits ``train`` and ``valid``, of which the training may take a drawn part;
            ``native_train`` too, for language models. These are counted on all transcripts.
        log: collects the facts of the run; must be made before, because it counts the seconds.

    Returns:
        the content of ``run.json``.
    """
    if experiment.decoding:
        require_lm_packages()  # now, and not after hours of training
    processes = PartialState()
    part = drawn_part(experiment.training, data, seed)
    fingerprint = training_fingerprint(experiment, part, seed)

    # All processes look before one of them writes, so that they find the same.
    trained = find_trained(fingerprint, output)
    processes.wait_for_everyone()
    if trained:
        logger.info(
            "%s is trained already with the same settings and data; delete it to train again",
            paths.relative(trained),
        )
        if trained == output and processes.is_main_process:
            # A process killed between saving its model and clearing up leaves this behind.
            shutil.rmtree(work_folder(output), ignore_errors=True)
    else:
        log.facts |= {"fingerprint": fingerprint, "data_sha256": split_hashes(part)}
        log.facts["drawn"] = {
            split: {"clips": len(part[split]), "of": len(data[split])} for split in LEARNED
        }
        with only_writer(output):
            claim_work_folder(output, _identity(experiment, log, seed))
            _train_in_memory(experiment, part, output, log, seed, callbacks)

    with processes.main_process_first():
        return with_decoder(experiment, data, trained or output, output, log, seed)


def _identity(experiment: Experiment, log: RunLog, seed: int) -> dict[str, Any]:
    """What decides a run that is to be trained, for its work folder."""
    training = {"base": experiment.base, **asdict(experiment.training), "seed": seed}
    data = {f"{split} data": sha256 for split, sha256 in log.facts["data_sha256"].items()}
    processes = PartialState().num_processes
    return {**training, **data, "fingerprint": log.facts["fingerprint"], "processes": processes}


def drawn_part(training: Training, data: DatasetDict, seed: int) -> DatasetDict:
    """What of the data a training learns from and is validated on; every other split as it is."""
    counts = {"train": training.train_clips, "valid": training.valid_clips}
    drawn = {split: draw_by_speaker(data[split], counts[split], seed) for split in LEARNED}
    return DatasetDict({**data, **drawn})


def _train_in_memory(
    experiment: Experiment,
    data: DatasetDict,
    output: Path,
    log: RunLog,
    seed: int,
    callbacks: tuple[TrainerCallback, ...],
) -> dict[str, Any]:
    """Train; where memory does not suffice, with half the clips a step and twice the accumulation.

    The optimiser then sees the same batches. (The Trainer's own ``auto_find_batch_size`` shrinks
    those, and goes on from weights already moved.) Each try begins from the base or the last
    checkpoint.

    Raises:
        TrainingError: not even one clip fits, or one of several processes ran out of memory.
    """
    train = pkgutil.resolve_name(TRAINERS[type(experiment.training)])
    while True:
        try:
            return train(experiment, data, output, log, seed, callbacks)
        except RuntimeError as error:
            if not should_reduce_batch_size(error):
                raise
            reason = str(error).splitlines()[0]

        # Outside of the handler: the exception holds the model's memory.
        training = halved(experiment.training, reason)
        experiment = replace(experiment, training=training)
        log.facts["reduced_for_memory"] = {
            "batch_size": training.batch_size,
            "gradient_accumulation": training.gradient_accumulation,
        }


def training_data(profile: Profile) -> DatasetDict:
    """Train and validation split of a profile's learners, and the natives' transcripts.

    The test split is not among them on purpose. Of it there are only the sentences in
    ``held_out``, which no language model may count.
    """
    prepared = prepare.load_prepared(paths.prepared(profile.name))
    splits = {
        "train": prepare.limit_rows(prepared["train"], profile.train_limit),
        "valid": prepare.limit_rows(prepared["valid"], profile.eval_limit),
    }
    if "native_train" in prepared:  # for language models only
        texts = prepared["native_train"].select_columns(["utterance_id", "text"])
        splits["native_train"] = prepare.limit_rows(texts, profile.train_limit)
    splits[HELD_OUT] = held_out_sentences(prepared)
    return DatasetDict(splits)
