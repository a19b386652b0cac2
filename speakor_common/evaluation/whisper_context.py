"""Whisper with an encoder as long as the clips, not 30 s.

Whisper pads every clip to 30 s and spends most of its encoder on silence. Its position table
can be cut to the first frames (learner clips are 3-15 s), which makes training and
transcription several times cheaper; the full table is put back afterwards, so anything saved
works on the stock model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch

STOCK_POSITIONS = 1500  # encoder frames for 30 s
POSITIONS_PER_SECOND = 50
FRAMES_PER_POSITION = 2  # mel frames; the second convolution has stride 2


def positions_for(seconds: float) -> int:
    """Encoder positions that hold a clip of ``seconds``, rounded up to a whole second, at most stock.

    >>> positions_for(5.2), positions_for(60)
    (300, 1500)
    """
    return min(STOCK_POSITIONS, POSITIONS_PER_SECOND * math.ceil(seconds))


@contextmanager
def short_context(model: torch.nn.Module, positions: int) -> Iterator[int]:
    """Cut the encoder of a Whisper model to ``positions``; yields the mel frames it then takes.

    Works on the stock model and on a PEFT model around it. Restored on exit, also after an error.
    """
    encoder = next(m for m in model.modules() if type(m).__name__ == "WhisperEncoder")
    table, limit = encoder.embed_positions.weight, encoder.config.max_source_positions
    encoder.embed_positions.weight = torch.nn.Parameter(table[:positions], requires_grad=False)
    encoder.embed_positions.num_embeddings = positions
    encoder.max_source_positions = encoder.config.max_source_positions = positions
    try:
        yield positions * FRAMES_PER_POSITION
    finally:
        encoder.embed_positions.weight = table
        encoder.embed_positions.num_embeddings = len(table)
        encoder.max_source_positions = encoder.config.max_source_positions = limit
