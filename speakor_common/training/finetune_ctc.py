"""Fine-tune a CTC model on transformers' Trainer.

Any architecture transformers knows as a CTC model is trained the same way, whether it takes
waveforms (wav2vec2, HuBERT, WavLM, data2vec-audio) or spectra (w2v-BERT). Three things stock
recipes get wrong here are set right: label padding is -100 (collator), the loss is divided by the
accumulation steps (these models' forward takes ``**kwargs``, so the Trainer believes the model does
it), and clips too short for their label are left out and counted instead of being zeroed silently
(:mod:`speakor_common.training.clips`). How posteriors become text is fitted afterwards, in
:mod:`speakor_common.training.runs`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict
from transformers import (
    EarlyStoppingCallback,
    PreTrainedModel,
    ProcessorMixin,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)
from transformers.trainer_utils import EvalPrediction

from speakor_common.audio import RATE
from speakor_common.batching.augment import training_transform
from speakor_common.batching.collate import IGNORED_LABEL, CTCCollator, KeptStatesCollator
from speakor_common.evaluation.metrics import score
from speakor_common.models import cpu_dropout
from speakor_common.models.ctc import load_ctc, restore_dropout
from speakor_common.text import from_jamo
from speakor_common.training.blank_padding import BlankPaddedTrainer
from speakor_common.training.callbacks import StagedUnfreezing
from speakor_common.training.clips import ctc_clips
from speakor_common.training.preset import CTCTraining, Experiment
from speakor_common.training.runlog import RunLog, TrainingLog, keep_logs
from speakor_common.training.trainers import (
    CTCTrainer,
    run_facts,
    run_or_resume,
    save_once,
    training_arguments,
)
from speakor_common.training.work_folder import work_folder

_EVAL_CLIPS = 16  # in a validation batch


def train_ctc(
    experiment: Experiment,
    data: DatasetDict,
    output: Path,
    log: RunLog,
    seed: int,
    callbacks: tuple[TrainerCallback, ...] = (),
) -> dict[str, Any]:
    """Train, keep the epoch with the best validation metric, and save it.

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
    set_seed(seed)
    training: CTCTraining = experiment.training
    work = work_folder(output)

    # The base, and the clips it can learn from.
    model, processor = load_ctc(experiment.base, training.dropout)
    own_layerdrop = getattr(model.config, "layerdrop", None)  # SEW-D has none
    prepare_model(model, training)
    train_set, left_out = ctc_clips(data["train"], model, processor, training)

    trainer = _trainer(training, model, processor, train_set, data["valid"], work, seed, callbacks)
    run_or_resume(trainer, work)

    def save(folder: Path) -> None:
        # The run's rates are not for whoever trains on from its result.
        if own_layerdrop is not None:
            model.config.layerdrop = own_layerdrop
        if training.dropout is not None:
            restore_dropout(model, experiment.base)

        model.save_pretrained(folder)
        processor.save_pretrained(folder)
        keep_logs(work, folder)
        facts = {"clips": len(train_set), "left_out": left_out, **run_facts(trainer)}
        log.write(folder, **facts, best_validation_wer=_best_wer(trainer))

    return save_once(trainer, output, work, save)


def _trainer(
    training: CTCTraining,
    model: PreTrainedModel,
    processor: ProcessorMixin,
    train_set: Dataset,
    valid_set: Dataset,
    work: Path,
    seed: int,
    callbacks: tuple[TrainerCallback, ...],
) -> CTCTrainer:
    """The Trainer of a run, with everything that watches over it."""
    # Validation clips are sorted, so that a batch holds little padding: it costs time and enters
    # the statistics of group norm.
    by_length = np.argsort(valid_set["length"], kind="stable")

    watching = [
        StagedUnfreezing(training.stages),
        TrainingLog(work, sum(train_set["length"]) / RATE),
    ]
    if training.patience:
        watching.append(EarlyStoppingCallback(training.patience))

    trainer_class = BlankPaddedTrainer if training.blank_padding else CTCTrainer
    collator = KeptStatesCollator if "states" in train_set.column_names else CTCCollator
    augment = training_transform(training.augment)
    return trainer_class(
        model=model,
        args=_arguments(training, work, seed),
        train_dataset=train_set,
        eval_dataset=valid_set.select(by_length),
        data_collator=collator(processor),
        train_collator=collator(processor, augment, keep_ids=True),
        processing_class=processor,
        compute_metrics=word_and_character_errors(processor),
        callbacks=[*watching, *callbacks],
    )


def prepare_model(model: PreTrainedModel, training: CTCTraining) -> None:
    """Apply the settings of a training to a loaded model, in place."""
    # Or the Trainer does not divide by the accumulation steps.
    model.accepts_loss_kwargs = False
    config = model.config

    # The loss: a mean per label, so that clips of any length weigh the same. An infinite one is a
    # data error to see, not to hide.
    config.ctc_loss_reduction = "mean"
    config.ctc_zero_infinity = False

    # Masking; at a probability of 0 a reloaded model would lack its mask vector.
    config.apply_spec_augment = training.mask_time_prob > 0
    config.mask_time_prob = training.mask_time_prob or config.mask_time_prob

    # Whole layers are never dropped: processes that drop different ones wait for each other.
    for module in (config, *model.modules()):
        if hasattr(module, "layerdrop"):
            module.layerdrop = 0.0

    cpu_dropout.use_packed_dropout(model)
    if training.gradient_checkpointing:
        model.gradient_checkpointing_enable()


def _arguments(training: CTCTraining, work: Path, seed: int) -> TrainingArguments:
    """Validate and save every epoch, keep the best, batch clips of similar length."""
    return training_arguments(
        training,
        work,
        seed,
        # Batches
        per_device_eval_batch_size=_EVAL_CLIPS,
        label_names=["labels"],  # rates are of what was meant, also where more is learnt
        train_sampling_strategy="group_by_length",
        length_column_name="length",
        # Checkpoints
        save_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model=training.best_by,
        greater_is_better=False,
        logging_steps=10,
        # Of several processes: frozen modules get no gradient
        ddp_find_unused_parameters=bool(training.stages),
    )


def _best_wer(trainer: Trainer) -> float:
    """Lowest validation WER of any epoch."""
    return min(row["eval_wer"] for row in trainer.state.log_history if "eval_wer" in row)


def word_and_character_errors(
    processor: ProcessorMixin,
) -> Callable[[EvalPrediction], dict[str, float]]:
    """Metric function for the Trainer: greedy transcripts against labels."""

    def compute(prediction: EvalPrediction) -> dict[str, float]:
        blank = processor.tokenizer.pad_token_id
        predicted = np.where(prediction.predictions == IGNORED_LABEL, blank, prediction.predictions)
        labels = np.where(prediction.label_ids == IGNORED_LABEL, blank, prediction.label_ids)

        hypotheses = [from_jamo(text) for text in processor.batch_decode(predicted)]
        decoded = processor.batch_decode(labels, group_tokens=False)
        references = [from_jamo(text) for text in decoded]
        result = score(references, hypotheses)
        return {"wer": result.wer, "cer": result.cer}

    return compute
