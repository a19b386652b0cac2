"""Trainer settings of a preset, shared by CTC and Whisper training."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from transformers import TrainingArguments

from speakor_common.models import precision
from speakor_common.training.preset import Experiment


def arguments(experiment: Experiment, work: Path, seed: int, **specific: Any) -> TrainingArguments:
    """Settings a preset decides, plus what is ``specific`` to a kind of model."""
    return TrainingArguments(
        output_dir=str(work),
        num_train_epochs=experiment.epochs,
        per_device_train_batch_size=experiment.batch_size,
        gradient_accumulation_steps=experiment.gradient_accumulation,
        learning_rate=experiment.learning_rate,
        lr_scheduler_type=experiment.schedule,
        warmup_steps=experiment.warmup,
        weight_decay=experiment.weight_decay,
        eval_strategy="epoch",
        remove_unused_columns=False,
        seed=seed,
        data_seed=seed,
        report_to=["tensorboard"],  # into <work>/runs
        dataloader_num_workers=_workers(),  # new ones every epoch, or a resumed run would augment differently
        dataloader_pin_memory=torch.cuda.is_available(),
        **_precision(),
        **specific,
    )


def _workers() -> int:
    """Decoding and augmentation run beside the model: half the cores, at most four processes."""
    return max(1, min(4, (os.cpu_count() or 2) // 2))


def _precision() -> dict[str, bool]:
    """The Trainer's switches for the device's number format; ``use_cpu`` where there is no CUDA device."""
    half = {precision.name(): True} if precision.name() != "fp32" else {}
    return half if torch.cuda.is_available() else {"use_cpu": True, **half}
