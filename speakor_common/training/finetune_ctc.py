"""Fine-tune a wav2vec2 CTC model on transformers.Trainer.

Three things stock recipes get wrong here are set right: label padding is -100 (collator),
the loss is divided by the accumulation steps (wav2vec2's forward takes ``**kwargs``, so the
Trainer believes the model does it), and clips too short for their label are left out with a
count instead of being zeroed silently.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset, DatasetDict
from transformers import (
    EarlyStoppingCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    Wav2Vec2Config,
    Wav2Vec2ForCTC,
    Wav2Vec2Processor,
    set_seed,
)
from transformers.trainer_utils import EvalPrediction

from speakor_common.audio import RATE
from speakor_common.batching.augment import training_transform
from speakor_common.batching.collate import IGNORED_LABEL, CTCCollator, frames_needed, to_label_form
from speakor_common.decoding import ngram
from speakor_common.errors import CheckpointError, TrainingError
from speakor_common.evaluation.metrics import score
from speakor_common.models import checkpoints, cpu_dropout, precision
from speakor_common.models.cpu_convolutions import use_products
from speakor_common.recognition import decoder_tuning
from speakor_common.storage import read_json, whole_directory
from speakor_common.text import from_jamo
from speakor_common.training import epochlog
from speakor_common.training.arguments import arguments
from speakor_common.training.blank_padding import BlankPaddedTrainer
from speakor_common.training.callbacks import StagedUnfreezing
from speakor_common.training.preset import Experiment
from speakor_common.training.runlog import RunLog
from speakor_common.training.signals import run_or_resume
from speakor_common.training.trainers import CTCTrainer

logger = logging.getLogger(__name__)

_DROPOUTS = ("hidden_dropout", "attention_dropout", "final_dropout")


def train(
    experiment: Experiment,
    data: DatasetDict,
    output: Path,
    run: RunLog,
    seed: int,
    callbacks: tuple[TrainerCallback, ...] = (),
) -> dict[str, Any]:
    """Train, keep the epoch with the lowest validation WER, and save it.

    Args:
        data: prepared dataset with splits ``train`` and ``valid``; test is never touched.
        output: model directory; holds the stock model and processor, ``training_log.csv``
            and ``run.json`` when done. An interrupted run continues from ``<output>.work``.

    Returns:
        the content of ``run.json``.

    Raises:
        TrainingError: no usable training clips, or an impossible loss.
        CheckpointError: the base cannot be found or loaded.
    """
    if experiment.lm_order:
        ngram.require_lm_packages()  # now, and not after hours of training
    set_seed(seed)
    model, processor = load(experiment.base, experiment.dropout)
    prepare_model(model, experiment)
    train_set, left_out = usable_clips(data["train"], model, processor, experiment)
    work = output.with_name(output.name + ".work")
    collator = CTCCollator(processor)
    kind = BlankPaddedTrainer if experiment.blank_padding else CTCTrainer
    trainer = kind(
        model=model,
        args=training_arguments(experiment, work, seed),
        train_dataset=train_set,
        # Sorted, so that a batch holds little padding: it costs time and enters the statistics of group norm.
        eval_dataset=data["valid"].select(np.argsort(data["valid"]["length"], kind="stable")),
        data_collator=collator,
        train_collator=CTCCollator(
            processor, training_transform(experiment.augment), keep_ids=True
        ),
        processing_class=processor,
        compute_metrics=word_and_character_errors(processor),
        callbacks=[*_callbacks(experiment, work, train_set), *callbacks],
    )
    run_or_resume(trainer, work)
    if trainer.is_world_process_zero():
        with whole_directory(output) as folder:
            _forget_dropout(model, experiment)
            model.save_pretrained(folder)
            processor.save_pretrained(folder)
            epochlog.keep(work, folder)
            run.facts |= {
                "clips": len(train_set),
                "left_out": left_out,
                "steps": trainer.state.global_step,
            }
            run.facts |= {"precision": precision.name(), "processes": trainer.args.world_size}
            run.write(folder, **_validation(experiment, folder, data, trainer, seed))
        shutil.rmtree(work)
    trainer.accelerator.wait_for_everyone()
    return read_json(output / "run.json")


def _validation(
    experiment: Experiment, folder: Path, data: DatasetDict, trainer: Trainer, seed: int
) -> dict[str, Any]:
    """Best validation WER; with a language model, after adding it to ``folder``."""
    greedy = _best_wer(trainer)
    if not experiment.lm_order:
        return {"best_validation_wer": greedy}
    settings, wer = decoder_tuning.fit_decoder(folder, data, experiment.lm_order, seed)
    return {"best_validation_wer": wer, "greedy_validation_wer": greedy, "decoding": settings}


def _callbacks(experiment: Experiment, work: Path, train_set: Dataset) -> list[TrainerCallback]:
    stop = [EarlyStoppingCallback(experiment.patience)] if experiment.patience else []
    log = epochlog.TrainingLog(work, sum(train_set["length"]) / RATE)
    return [StagedUnfreezing(experiment.stages), log, *stop]


def _best_wer(trainer: Trainer) -> float:
    """Lowest validation WER of any epoch."""
    return min(row["eval_wer"] for row in trainer.state.log_history if "eval_wer" in row)


def load(
    base: str | Path, dropout: float | None = None
) -> tuple[Wav2Vec2ForCTC, Wav2Vec2Processor]:
    """Model, its convolutions quick on a CPU, and processor of a CTC checkpoint; ``dropout`` replaces the checkpoint's own rates.

    Raises:
        CheckpointError: not found, or not a wav2vec2 CTC checkpoint.
    """
    directory = checkpoints.resolve(base)
    try:
        rates = {} if dropout is None else dict.fromkeys(_DROPOUTS, dropout)
        model, processor = (
            Wav2Vec2ForCTC.from_pretrained(directory, **rates),
            Wav2Vec2Processor.from_pretrained(directory),
        )
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"{directory} is no wav2vec2 CTC checkpoint with processor ({error})"
        ) from error
    use_products(model)
    return model, processor


def _forget_dropout(model: Wav2Vec2ForCTC, experiment: Experiment) -> None:
    """Give the configuration the base's own rates back: those of a run are not for whoever trains on from its result."""
    if experiment.dropout is not None:
        base = Wav2Vec2Config.from_pretrained(checkpoints.resolve(experiment.base))
        model.config.update({name: getattr(base, name) for name in _DROPOUTS})


def prepare_model(model: Wav2Vec2ForCTC, experiment: Experiment) -> None:
    """Apply the preset to a loaded model, in place."""
    cpu_dropout.pack(model)
    model.accepts_loss_kwargs = False  # or the Trainer does not divide by the accumulation steps
    config = model.config
    config.ctc_loss_reduction = "mean"  # per label, so clips of any length weigh the same
    config.ctc_zero_infinity = False  # an infinite loss is a data error to see, not to hide
    config.apply_spec_augment = experiment.mask_time_prob > 0
    config.mask_time_prob = (
        experiment.mask_time_prob or config.mask_time_prob
    )  # at 0 a reloaded model would lack its mask vector
    if experiment.gradient_checkpointing:
        model.gradient_checkpointing_enable()


def usable_clips(
    data: Dataset, model: Wav2Vec2ForCTC, processor: Wav2Vec2Processor, experiment: Experiment
) -> tuple[Dataset, dict[str, int]]:
    """Training clips the preset and the CTC loss can use, and how many were left out for which reason.

    Raises:
        TrainingError: nothing is left.
    """
    lengths = np.asarray(data["length"])
    vocabulary = processor.tokenizer.get_vocab()
    labels = processor.tokenizer(
        [to_label_form(text, vocabulary) for text in data["text"]]
    ).input_ids
    frames = model._get_feat_extract_output_lengths(torch.as_tensor(lengths)).numpy()
    reasons = {
        "shorter than min_seconds": lengths < experiment.min_seconds * RATE,
        "longer than max_seconds": lengths > experiment.max_seconds * RATE,
        "empty label": np.array([len(ids) == 0 for ids in labels]),
        "fewer frames than label needs": frames < np.array([frames_needed(ids) for ids in labels]),
    }
    left_out = {reason: int(mask.sum()) for reason, mask in reasons.items() if mask.any()}
    keep = np.flatnonzero(~np.logical_or.reduce(list(reasons.values())))
    if left_out:
        logger.warning(
            "%d of %d training clips are left out: %s", len(data) - len(keep), len(data), left_out
        )
    if len(keep) == 0:
        raise TrainingError(f"none of {len(data)} training clips is usable: {left_out}")
    return (data if len(keep) == len(data) else data.select(keep).flatten_indices()), left_out


def training_arguments(experiment: Experiment, work: Path, seed: int) -> TrainingArguments:
    """Validate and save every epoch, keep the best, batch clips of similar length."""
    return arguments(
        experiment,
        work,
        seed,
        per_device_eval_batch_size=16,
        train_sampling_strategy="group_by_length",
        length_column_name="length",
        save_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model=experiment.best_by,
        greater_is_better=False,
        logging_steps=10,
        ddp_find_unused_parameters=bool(experiment.stages),
    )


def word_and_character_errors(
    processor: Wav2Vec2Processor,
) -> Callable[[EvalPrediction], dict[str, float]]:
    """Metric function for the Trainer: greedy transcripts against labels."""

    def compute(prediction: EvalPrediction) -> dict[str, float]:
        blank = processor.tokenizer.pad_token_id
        predicted = np.where(prediction.predictions == IGNORED_LABEL, blank, prediction.predictions)
        labels = np.where(prediction.label_ids == IGNORED_LABEL, blank, prediction.label_ids)
        hypotheses = [from_jamo(text) for text in processor.batch_decode(predicted)]
        references = [
            from_jamo(text) for text in processor.batch_decode(labels, group_tokens=False)
        ]
        result = score(references, hypotheses)
        return {"wer": result.wer, "cer": result.cer}

    return compute
