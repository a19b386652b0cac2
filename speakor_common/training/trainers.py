"""The Trainers, the settings they share, and what starts and ends a run of either.

:class:`CTCTrainer` augments training batches only and names the clips of an impossible loss;
:class:`ShortContextTrainer` cuts Whisper's encoder to the clips. Which model is trained on which
clips is left to :mod:`speakor_common.training.finetune_ctc` and
:mod:`speakor_common.training.finetune_whisper`.

Legend: B clips, T frames, L labels.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import Trainer, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from speakor_common import paths
from speakor_common.batching.collate import IGNORED_LABEL, CTCCollator
from speakor_common.batching.sampling import EpochLengthSampler, by_length
from speakor_common.decoding.syllables import viterbi_decoder, vocabulary
from speakor_common.errors import TrainingError, TrainingInterrupted
from speakor_common.models import precision
from speakor_common.models.short_context import positions_in, shortened_context, with_padding
from speakor_common.storage import read_json, whole_directory
from speakor_common.training.callbacks import LossGuard, SaveOnSignal
from speakor_common.training.fingerprints import RUN_FILE
from speakor_common.training.preset import Training

_MOST_LOADERS = 4  # processes that decode and augment beside the model


def training_arguments(
    training: Training, work: Path, seed: int, **specific: Any
) -> TrainingArguments:
    """Settings every training decides, plus what is ``specific`` to a kind of model."""
    return TrainingArguments(
        output_dir=str(work),
        # Schedule
        num_train_epochs=training.epochs,
        per_device_train_batch_size=training.batch_size,
        gradient_accumulation_steps=training.gradient_accumulation,
        learning_rate=training.learning_rate,
        lr_scheduler_type=training.schedule,
        warmup_steps=training.warmup,
        weight_decay=training.weight_decay,
        eval_strategy="epoch",
        # A resumed run counts on how many epochs in a row were no better.
        restore_callback_states_from_checkpoint=True,
        # Data: half the cores decode. Loaders are new ones in every epoch, or a resumed run would
        # augment differently.
        remove_unused_columns=False,
        seed=seed,
        data_seed=seed,
        dataloader_num_workers=max(1, min(_MOST_LOADERS, (os.cpu_count() or 2) // 2)),
        dataloader_pin_memory=torch.cuda.is_available(),
        # Logs, into <work>/runs
        report_to=["tensorboard"],
        **_device_switches(),
        **specific,
    )


def _device_switches() -> dict[str, bool]:
    """The Trainer's switches for the device's number format, and for having no GPU."""
    switches = {} if precision.name() == "fp32" else {precision.name(): True}
    return switches if torch.cuda.is_available() else {"use_cpu": True, **switches}


def run_or_resume(trainer: Trainer, work: Path) -> None:
    """Train from the last checkpoint in ``work``, if there is one, to the end.

    Raises:
        TrainingInterrupted: a signal stopped the run; a checkpoint is saved.
    """
    signals = SaveOnSignal()
    trainer.add_callback(signals)
    checkpoint = get_last_checkpoint(str(work)) if work.is_dir() else None
    try:
        trainer.train(resume_from_checkpoint=checkpoint)
    finally:
        signals.restore()
    if signals.received:
        raise TrainingInterrupted(
            f"{signals.received} at step {trainer.state.global_step} of {trainer.state.max_steps}; "
            f"a checkpoint is in {paths.relative(work)}, "
            "run the same command again to continue"
        )


def save_once(
    trainer: Trainer, output: Path, work: Path, save: Callable[[Path], Any]
) -> dict[str, Any]:
    """Have one process of the run write ``output``, whole or not at all, while the others wait.

    Args:
        work: the run's work folder, which is no longer needed then.
        save: writes a model's files and its ``run.json`` into the folder it is given.

    Returns:
        the content of ``run.json``, in every process.
    """
    if trainer.is_world_process_zero():
        with whole_directory(output) as folder:
            save(folder)
        shutil.rmtree(work)
    trainer.accelerator.wait_for_everyone()
    return read_json(output / RUN_FILE)


def run_facts(trainer: Trainer) -> dict[str, Any]:
    """What every run says of itself in ``run.json``.

    ``skipped`` counts the clips this process could not decode, each time it came to them.
    """
    collator = getattr(trainer, "train_collator", trainer.data_collator)
    return {
        "steps": trainer.state.global_step,
        "skipped": int(collator.clips.skipped),
        "precision": precision.name(),
        "processes": trainer.args.world_size,
    }


class CTCTrainer(Trainer):
    """Trainer whose training batches may be augmented and name their clips; others never are."""

    lowest_loss = 0.0

    def __init__(self, *, train_collator: CTCCollator, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_callback(LossGuard(self.lowest_loss))
        self.train_collator = train_collator
        tokenizer = train_collator.processor.tokenizer
        self._decode = viterbi_decoder(vocabulary(tokenizer), tokenizer.pad_token_id)

    def get_train_dataloader(self):
        """Training batches by the training collator; validation keeps the plain one."""
        plain = self.data_collator
        self.data_collator = self.train_collator
        try:
            return super().get_train_dataloader()
        finally:
            self.data_collator = plain

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> EpochLengthSampler:
        return by_length(self, train_dataset or self.train_dataset, 10_000 * self.args.seed)

    def prediction_step(self, model, inputs, prediction_loss_only, ignore_keys=None):
        """Loss, the symbols a recogniser would output, int64 (B, T), and labels, int64 (B, L).

        Symbols instead of logits, which would fill memory. Frames of padding are -100: a model
        says something on padding too, and decoding it adds words nobody spoke.
        """
        loss, logits, labels = super().prediction_step(
            model, inputs, prediction_loss_only, ignore_keys
        )
        if logits is None:
            return loss, logits, labels
        if isinstance(logits, tuple):  # of two heads the first writes what labels hold
            logits = logits[0]

        # Frames of each clip without its padding.
        frames = [logits.shape[1]] * len(logits)
        if "frames" in inputs:
            frames = inputs["frames"].tolist()
        elif "attention_mask" in inputs:
            lengths = inputs["attention_mask"].sum(-1)
            frames = self.model._get_feat_extract_output_lengths(lengths).tolist()
        posteriors = logits.float().log_softmax(-1).cpu().numpy()

        symbols = torch.full(logits.shape[:2], IGNORED_LABEL)
        for clip, (log_probabilities, length) in enumerate(zip(posteriors, frames, strict=True)):
            symbols[clip, :length] = torch.from_numpy(self._decode(log_probabilities[:length]))
        return loss, symbols.to(logits.device), labels

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """The model's loss; of a training batch, checked and with its clips named if impossible."""
        identifiers = inputs.pop("utterance_id", None)
        result = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        if identifiers is not None:
            self._refuse_impossible(result[0] if return_outputs else result, identifiers)
        return result

    def _refuse_impossible(self, loss: torch.Tensor, identifiers: list[str]) -> None:
        value = loss.item()
        if not math.isfinite(value) or value < self.lowest_loss:
            raise TrainingError(
                f"the loss of a batch is {value} after step {self.state.global_step}; "
                "a CTC loss is a finite number >= 0. "
                f"Its utterances: {', '.join(identifiers)}. "
                "Look at their audio and labels, then at the learning rate"
            )


class ShortContextTrainer(Trainer):
    """Trainer that cuts Whisper's encoder to each batch's clips, which come by similar length.

    A batch then costs what its longest clip does.
    """

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> EpochLengthSampler:
        return by_length(self, train_dataset or self.train_dataset, 1000 * self.args.seed)

    def training_step(self, model, inputs, *args, **kwargs):
        """A step on the clips and as much of the padding as is drawn for it."""
        draw = 100_000 * self.args.seed + self.state.global_step  # a resumed run draws the same
        features = inputs["input_features"]
        with shortened_context(model, positions_in(features.shape[-1]), draw) as frames:
            inputs["input_features"] = with_padding(features, frames)
            return super().training_step(model, inputs, *args, **kwargs)

    def prediction_step(self, model, inputs, *args, **kwargs):
        """Validation on the padding every recogniser keeps."""
        with shortened_context(model, positions_in(inputs["input_features"].shape[-1])):
            return super().prediction_step(model, inputs, *args, **kwargs)
