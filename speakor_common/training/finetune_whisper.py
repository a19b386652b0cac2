"""Fine-tune Whisper with LoRA on a 4-bit (NF4) or plain base, on short encoder context.

Only adapters learn, and only adapters are saved. Where they are put is left to
:mod:`speakor_common.models.whisper`, how the encoder is cut to
:mod:`speakor_common.models.short_context`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict
from peft import PeftModel
from transformers import (
    EarlyStoppingCallback,
    TrainerCallback,
    TrainingArguments,
    WhisperProcessor,
    set_seed,
)

from speakor_common.audio import RATE
from speakor_common.batching.augment import training_transform
from speakor_common.batching.collate import Seq2SeqCollator
from speakor_common.models import checkpoints
from speakor_common.models.short_context import positions_for
from speakor_common.models.whisper import build_adapted
from speakor_common.training.callbacks import EveryAdapterLearns, LossGuard
from speakor_common.training.clips import MAX_LABEL_TOKENS, whisper_clips
from speakor_common.training.preset import Experiment, LoraTraining
from speakor_common.training.runlog import RunLog, TrainingLog, keep_logs
from speakor_common.training.trainers import (
    ShortContextTrainer,
    run_facts,
    run_or_resume,
    save_once,
    training_arguments,
)
from speakor_common.training.work_folder import work_folder

_EVAL_CLIPS = 8  # in a validation batch


def train_whisper(
    experiment: Experiment,
    data: DatasetDict,
    output: Path,
    log: RunLog,
    seed: int,
    callbacks: tuple[TrainerCallback, ...] = (),
) -> dict[str, Any]:
    """Train an adapter, keep the epoch with the lowest validation loss, and save it in PEFT form.

    With the processor, into ``output``. An interrupted run continues from ``<output>.work``.

    Args:
        data: prepared dataset with splits ``train`` and ``valid``; test is never touched.

    Returns:
        the content of ``run.json``.

    Raises:
        TrainingError: no usable clips, or adapters missing.
        CheckpointError: the base cannot be found.
    """
    set_seed(seed)
    training: LoraTraining = experiment.training
    work = work_folder(output)
    # Of several processes each takes a GPU with these, before a 4-bit base is loaded onto it.
    arguments = _arguments(training, work, seed)

    # The base with adapters, and the clips they can learn from.
    base = checkpoints.find_checkpoint(experiment.base)
    processor = WhisperProcessor.from_pretrained(base, language="ko", task="transcribe")
    model, quantized = _with_adapters(base, training)
    train_set, left_out = whisper_clips(data["train"], processor, training)
    longest = max(max(train_set["length"]), max(data["valid"]["length"]))

    trainer = _trainer(
        training, arguments, model, processor, train_set, data["valid"], work, callbacks
    )
    run_or_resume(trainer, work)

    def save(folder: Path) -> None:
        # A name others find too. Without embeddings, or PEFT looks for the base on the Hub.
        name = checkpoints.public_name(experiment.base)
        model.peft_config["default"].base_model_name_or_path = name
        model.save_pretrained(folder, save_embedding_layers=False)
        processor.save_pretrained(folder)
        keep_logs(work, folder)

        facts = {"clips": len(train_set), "left_out": left_out, **run_facts(trainer)}
        facts |= {"quantized": quantized, "base_directory": base.name} | _best_epoch(trainer)
        facts["encoder_positions"] = positions_for(longest / RATE)
        facts["trainable_parameters"] = model.get_nb_trainable_parameters()[0]
        log.write(folder, **facts)

    return save_once(trainer, output, work, save)


def _with_adapters(base: Path, training: LoraTraining) -> tuple[PeftModel, bool]:
    """The base, ready to train, and whether its own weights are 4-bit."""
    return build_adapted(
        base,
        rank=training.lora_rank,
        alpha=training.lora_alpha,
        dropout=training.lora_dropout,
        quantize=training.quantize,
        gradient_checkpointing=training.gradient_checkpointing,
    )


def _trainer(
    training: LoraTraining,
    arguments: TrainingArguments,
    model: PeftModel,
    processor: WhisperProcessor,
    train_set: Dataset,
    valid_set: Dataset,
    work: Path,
    callbacks: tuple[TrainerCallback, ...],
) -> ShortContextTrainer:
    """The Trainer of a run, with everything that watches over it."""
    collator = Seq2SeqCollator(
        processor,
        model.config.decoder_start_token_id,
        MAX_LABEL_TOKENS,
        training_transform(training.augment),
    )
    # Validation clips are sorted: a batch costs what its longest does.
    by_length = np.argsort(valid_set["length"], kind="stable")

    # A run of an epoch or less is logged in between too.
    watching = [
        EveryAdapterLearns(),
        LossGuard(),
        TrainingLog(work, sum(train_set["length"]) / RATE, steps=True),
    ]
    if training.patience:
        watching.append(EarlyStoppingCallback(training.patience))
    return ShortContextTrainer(
        model=model,
        args=arguments,
        train_dataset=train_set,
        eval_dataset=valid_set.select(by_length),
        data_collator=collator,
        callbacks=[*watching, *callbacks],
    )


def _arguments(training: LoraTraining, work: Path, seed: int) -> TrainingArguments:
    """Validate by loss alone: generating transcripts every epoch would cost more than training."""
    return training_arguments(
        training,
        work,
        seed,
        # Validation
        per_device_eval_batch_size=_EVAL_CLIPS,
        prediction_loss_only=True,
        label_names=["labels"],
        # Checkpoints, which hold adapters only
        save_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="loss",
        greater_is_better=False,
        logging_steps=5,
        # Of several processes: every adapter gets a gradient in every step
        ddp_find_unused_parameters=False,
    )


def _best_epoch(trainer: ShortContextTrainer) -> dict[str, float]:
    """Which epoch was kept of how many, and its validation loss."""
    rows = [row for row in trainer.state.log_history if "eval_loss" in row]
    best = min(rows, key=lambda row: row["eval_loss"])
    return {
        "epochs_trained": round(rows[-1]["epoch"], 3),
        "best_epoch": round(best["epoch"], 3),
        "best_validation_loss": best["eval_loss"],
    }
