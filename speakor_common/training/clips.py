"""Which training clips a model can learn from; all others are left out and counted by reason.

A clip is left out and never cut: its label says what is in all of it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from datasets import Dataset

from speakor_common.audio import RATE
from speakor_common.batching.collate import frames_needed, to_label_form
from speakor_common.errors import TrainingError
from speakor_common.models.ctc import count_frames
from speakor_common.models.whisper_ctc_config import WHISPER_CTC
from speakor_common.training.preset import CTCTraining, LoraTraining

if TYPE_CHECKING:
    from transformers import PreTrainedModel, ProcessorMixin, WhisperProcessor

logger = logging.getLogger(__name__)

MAX_LABEL_TOKENS = 448  # of Whisper's decoder
_WHISPER_SECONDS = 30.0


def ctc_clips(
    data: Dataset, model: PreTrainedModel, processor: ProcessorMixin, training: CTCTraining
) -> tuple[Dataset, dict[str, int]]:
    """Clips the training and the CTC loss can use, and how many were left out for which reason.

    Raises:
        TrainingError: nothing is left.
    """
    # What each clip holds, and what its label needs.
    samples = np.asarray(data["length"])
    frames = count_frames(model, processor, torch.as_tensor(samples)).numpy()
    vocabulary = processor.tokenizer.get_vocab()
    texts = [to_label_form(text, vocabulary) for text in data["text"]]
    labels = processor.tokenizer(texts).input_ids
    needed = np.array([frames_needed(ids) for ids in labels])
    empty = np.array([len(ids) == 0 for ids in labels])

    # A network that also writes what was heard learns from clips of which only that is known.
    if model.config.model_type == WHISPER_CTC and "pronounced" in data.column_names:
        heard = processor.tokenizer(data["pronounced"][:]).input_ids
        needed = np.maximum(needed, [frames_needed(ids) for ids in heard])
        empty &= np.array([len(ids) == 0 for ids in heard])

    reasons = {
        "shorter than min_seconds": samples < training.min_seconds * RATE,
        "longer than max_seconds": samples > training.max_seconds * RATE,
        "empty label": empty,
        "fewer frames than label needs": frames < needed,
    }
    return _without(data, reasons)


def whisper_clips(
    data: Dataset, processor: WhisperProcessor, training: LoraTraining
) -> tuple[Dataset, dict[str, int]]:
    """Clips the training and Whisper can take, and how many were left out for which reason.

    Whisper takes at most 30 s and 448 label tokens.

    Raises:
        TrainingError: nothing is left.
    """
    samples = np.asarray(data["length"])
    labels = processor.tokenizer(data["text"][:]).input_ids
    tokens = np.array([len(ids) for ids in labels])

    too_long = samples > min(training.max_seconds, _WHISPER_SECONDS) * RATE
    too_short = samples < training.min_seconds * RATE
    reasons = {
        "too long": too_long,
        "too short": too_short,
        "too many label tokens": (tokens > MAX_LABEL_TOKENS) & ~too_long & ~too_short,
    }
    return _without(data, reasons)


def _without(data: Dataset, reasons: Mapping[str, np.ndarray]) -> tuple[Dataset, dict[str, int]]:
    """Clips to which no reason applies, and how many each applies to."""
    left_out = {reason: int(mask.sum()) for reason, mask in reasons.items() if mask.any()}
    kept = np.flatnonzero(~np.logical_or.reduce(list(reasons.values())))
    if len(kept) == 0:
        raise TrainingError(f"none of {len(data)} training clips is usable: {left_out}")
    if len(kept) == len(data):
        return data, left_out

    logger.warning(
        "%d of %d training clips are left out: %s", len(data) - len(kept), len(data), left_out
    )
    return data.select(kept).flatten_indices(), left_out
