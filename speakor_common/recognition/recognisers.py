"""Loaded models behind one face: levelled waveforms in, hypotheses out.

Which class recognises with a checkpoint is decided by the model type in its configuration, and
stands in :data:`RECOGNISERS`. A new kind of model is a module with its class and an entry there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from speakor_common.decoding.words import Hypothesis
from speakor_common.errors import CheckpointError
from speakor_common.models.checkpoints import model_type
from speakor_common.models.ctc import CTC_MODEL_TYPES
from speakor_common.recognition.ctc_recogniser import CTCRecogniser
from speakor_common.recognition.segments import SegmentLengths
from speakor_common.recognition.whisper_recogniser import WhisperRecogniser


class Recogniser(Protocol):
    """A loaded model; made from a model directory and a device of PyTorch.

    Attributes:
        segment_lengths: of the segments longer audio is cut into.
    """

    segment_lengths: SegmentLengths

    def recognise(self, waves: Sequence[np.ndarray]) -> list[Hypothesis]:
        """Hypotheses of levelled waveforms (float32, 16 kHz) of any length, order kept."""
        ...


RECOGNISERS: dict[str, type[Recogniser]] = {
    **dict.fromkeys(CTC_MODEL_TYPES, CTCRecogniser),
    "whisper": WhisperRecogniser,
}


def load_recogniser(directory: Path, device: str | None = None) -> Recogniser:
    """The recogniser of a model directory; a PEFT adapter is recognised with as its base is.

    Args:
        device: of PyTorch; see :func:`default_device`.

    Raises:
        CheckpointError: a model type that is not in :data:`RECOGNISERS`, or files missing.
    """
    kind = model_type(directory)
    if kind not in RECOGNISERS:
        raise CheckpointError(
            f"{directory}: model type {kind!r}; expected one of {', '.join(sorted(RECOGNISERS))}"
        )
    return RECOGNISERS[kind](directory, device or default_device())


def default_device() -> str:
    """The GPU of this process under ``torchrun``, the first one otherwise, the CPU without."""
    if torch.cuda.is_available():
        return f"cuda:{os.environ.get('LOCAL_RANK', 0)}"
    return "cpu"
