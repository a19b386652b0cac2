"""Whisper with LoRA on a 4-bit (NF4) or plain base, on short encoder context.

The seed's trial named a module that does not exist (``o_proj``; Whisper's is ``out_proj``),
which PEFT drops silently beside valid names: here the number of adapters is asserted.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict
from transformers import (
    Trainer,
    TrainerCallback,
    TrainingArguments,
    WhisperProcessor,
    set_seed,
)

from speakor_common.audio import RATE
from speakor_common.batching.augment import training_transform
from speakor_common.batching.collate import Seq2SeqCollator
from speakor_common.batching.sampling import EpochLengthSampler, by_length
from speakor_common.errors import TrainingError
from speakor_common.models import checkpoints
from speakor_common.models.short_context import (
    positions_for,
    positions_in,
    shortened_context,
    with_silence,
)
from speakor_common.models.whisper import build_adapted
from speakor_common.storage import whole_directory
from speakor_common.training import epochlog
from speakor_common.training.arguments import arguments
from speakor_common.training.callbacks import EveryAdapterLearns, LossGuard
from speakor_common.training.preset import Experiment
from speakor_common.training.runlog import RunLog
from speakor_common.training.signals import run_or_resume

logger = logging.getLogger(__name__)

MAX_LABEL_TOKENS = 448
_CLIP_SECONDS = 30.0
_SAVED_SHARE = 0.2  # of the run between checkpoints, which hold adapters only


def train(
    experiment: Experiment,
    data: DatasetDict,
    output: Path,
    run: RunLog,
    seed: int,
    callbacks: tuple[TrainerCallback, ...] = (),
) -> dict[str, Any]:
    """Train an adapter and save it in PEFT form, with the processor, into ``output``. An interrupted run continues.

    Args:
        data: prepared dataset with splits ``train`` and ``valid``.

    Returns:
        the content of ``run.json``.

    Raises:
        TrainingError: no usable clips, or adapters missing.
        CheckpointError: the base cannot be found.
    """
    set_seed(seed)
    base = checkpoints.resolve(experiment.base)
    processor = WhisperProcessor.from_pretrained(base, language="ko", task="transcribe")
    model, quantized = build_adapted(
        base,
        rank=experiment.lora_rank,
        alpha=experiment.lora_alpha,
        dropout=experiment.lora_dropout,
        quantize=experiment.quantize,
        gradient_checkpointing=experiment.gradient_checkpointing,
    )
    train_set, left_out = usable_clips(data["train"], processor, experiment)
    work = output.with_name(output.name + ".work")
    positions = positions_for(max(max(train_set["length"]), max(data["valid"]["length"])) / RATE)
    collator = Seq2SeqCollator(
        processor,
        model.config.decoder_start_token_id,
        MAX_LABEL_TOKENS,
        training_transform(experiment.augment),
    )
    trainer = ShortContextTrainer(
        model=model,
        args=_arguments(experiment, work, seed),
        train_dataset=train_set,
        eval_dataset=data["valid"].select(np.argsort(data["valid"]["length"], kind="stable")),
        data_collator=collator,
        callbacks=[
            EveryAdapterLearns(),
            LossGuard(),
            epochlog.TrainingLog(work, sum(train_set["length"]) / RATE, steps=True),
            *callbacks,
        ],
    )
    run_or_resume(trainer, work)
    with whole_directory(output) as folder:
        model.peft_config["default"].base_model_name_or_path = str(
            experiment.base
        )  # not a path of this machine
        model.save_pretrained(
            folder, save_embedding_layers=False
        )  # or PEFT looks for the base's configuration, on the Hub too
        processor.save_pretrained(folder)
        epochlog.keep(work, folder)
        facts = run.write(
            folder, steps=trainer.state.global_step, clips=len(train_set), left_out=left_out,
            quantized=quantized, encoder_positions=positions, base_directory=base.name,
            trainable_parameters=model.get_nb_trainable_parameters()[0],
        )  # fmt: skip
    shutil.rmtree(work)
    return facts


class ShortContextTrainer(Trainer):
    """Trainer that cuts Whisper's encoder to each batch's clips, which come by similar length: a batch costs what its longest does."""

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> EpochLengthSampler:
        return by_length(self, train_dataset or self.train_dataset, 1000 * self.args.seed)

    def training_step(self, model, inputs, *args, **kwargs):
        draw = 100_000 * self.args.seed + self.state.global_step  # a resumed run draws the same
        features = inputs["input_features"]
        with shortened_context(model, positions_in(features.shape[-1]), draw) as frames:
            inputs["input_features"] = with_silence(features, frames)
            return super().training_step(model, inputs, *args, **kwargs)

    def prediction_step(self, model, inputs, *args, **kwargs):
        with shortened_context(model, positions_in(inputs["input_features"].shape[-1])):
            return super().prediction_step(model, inputs, *args, **kwargs)


def usable_clips(
    data: Dataset, processor: WhisperProcessor, experiment: Experiment
) -> tuple[Dataset, dict[str, int]]:
    """Clips Whisper can take (at most 30 s and 448 label tokens), and how many were left out why.

    Raises:
        TrainingError: nothing is left.
    """
    longest = min(experiment.max_seconds, _CLIP_SECONDS) * RATE
    tokens = [len(ids) for ids in processor.tokenizer(data["text"][:]).input_ids]
    keep, left_out = [], {"too long": 0, "too short": 0, "too many label tokens": 0}
    for index, (length, count) in enumerate(zip(data["length"], tokens, strict=True)):
        if length > longest:
            left_out["too long"] += 1
        elif length < experiment.min_seconds * RATE:
            left_out["too short"] += 1
        elif count > MAX_LABEL_TOKENS:
            left_out["too many label tokens"] += 1
        else:
            keep.append(index)
    left_out = {reason: count for reason, count in left_out.items() if count}
    if not keep:
        raise TrainingError(f"none of {len(data)} training clips is usable: {left_out}")
    if left_out:
        logger.warning(
            "%d of %d training clips are left out: %s", len(data) - len(keep), len(data), left_out
        )
    return (data if len(keep) == len(data) else data.select(keep).flatten_indices()), left_out


def _arguments(experiment: Experiment, work: Path, seed: int) -> TrainingArguments:
    """Validate by loss alone: generating transcripts every epoch would cost more than training."""
    return arguments(
        experiment,
        work,
        seed,
        per_device_eval_batch_size=8,
        save_strategy="steps",
        save_steps=_SAVED_SHARE,
        save_total_limit=1,
        prediction_loss_only=True,
        logging_steps=5,
        label_names=["labels"],
    )
