"""Whisper with an encoder as long as the clips and a little silence that stands for the rest of its 30 s.

Whisper pads every clip to 30 s and spends most of its encoder on silence, so cutting the encoder to the clip makes it several
times cheaper (learner clips are 3-15 s). But the model was trained with that silence and attends to it: cut away, an untuned
whisper-base repeats itself, and one tuned without it hears worse where it is there again. Here a few positions, spread evenly
over the silence, stay, and each counts in every attention for all that it stands for: log(n) is added to its score, as Token
Merging does for merged tokens (proportional attention, Bolya et al., 2023). Nothing in the weights changes, so anything trained
like this works on the stock model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch

STOCK_POSITIONS = 1500  # encoder frames for 30 s
SILENT_POSITIONS = 48  # kept of the silence after the clips
_DRAWN = -1.0, 2.0  # powers of two, as a training batch keeps half to four times as many
POSITIONS_PER_SECOND = 50
_FRAMES_PER_POSITION = 2  # mel frames; the second convolution has stride 2


def positions_for(seconds: float) -> int:
    """Encoder positions that hold a clip of ``seconds``, rounded up to a whole second, at most stock.

    >>> positions_for(5.2), positions_for(60)
    (300, 1500)
    """
    return min(STOCK_POSITIONS, POSITIONS_PER_SECOND * math.ceil(seconds))


def positions_with_silence(positions: int) -> int:
    """Encoder positions that are computed for clips of so many.

    >>> positions_with_silence(300), positions_with_silence(1500)
    (348, 1500)
    """
    return min(STOCK_POSITIONS, positions + SILENT_POSITIONS)


def frames_for(positions: int) -> int:
    """Mel frames the encoder takes for clips of so many positions, silence included.

    >>> frames_for(300)
    696
    """
    return positions_with_silence(positions) * _FRAMES_PER_POSITION


def positions_in(frames: int) -> int:
    """Positions of the clips in an input of so many mel frames, the inverse of :func:`frames_for`.

    >>> positions_in(696), positions_in(3000)
    (300, 1500)
    """
    positions = frames // _FRAMES_PER_POSITION
    return positions if positions >= STOCK_POSITIONS else positions - SILENT_POSITIONS


@contextmanager
def shortened_context(
    model: torch.nn.Module, positions: int, draw: int | None = None
) -> Iterator[int]:
    """Cut the encoder of a Whisper model to ``positions`` and thin the silence after them; yields the mel frames it then takes.

    Works on the stock model and on a PEFT model around it. Restored on exit, also after an error. A backward pass belongs
    inside too: with gradient checkpointing it computes layers again.

    Args:
        positions: of the clips, see :func:`positions_for`.
        draw: seed for drawing how many silent positions stay, and which: one from each stretch of equal length; without it the
            last of each does. Training then sees all of the silence in the end, and gets used to no way of thinning it.
    """
    encoder, decoder = (
        next(m for m in model.modules() if type(m).__name__ == name)
        for name in ("WhisperEncoder", "WhisperDecoder")
    )
    table, limit = encoder.embed_positions.weight, encoder.config.max_source_positions
    chosen, scores = _thinned(positions, len(table), draw)
    attentions = [layer.self_attn for layer in encoder.layers] + [
        layer.encoder_attn for layer in decoder.layers
    ]
    hooks = (
        [
            module.register_forward_pre_hook(_adding(scores), with_kwargs=True)
            for module in attentions
        ]
        if len(chosen) < limit
        else []
    )
    _set_positions(encoder, torch.nn.Parameter(table[chosen], requires_grad=False), len(chosen))
    try:
        yield len(chosen) * _FRAMES_PER_POSITION
    finally:
        _set_positions(encoder, table, limit)
        for hook in hooks:
            hook.remove()


def with_silence(features: torch.Tensor, frames: int) -> torch.Tensor:
    """Mel features (B, M, T) that end with silence, cut or carried on to so many frames."""
    missing = frames - features.shape[-1]
    return (
        torch.cat([features, features[..., -1:].expand(-1, -1, missing)], -1)
        if missing > 0
        else features[..., :frames]
    )


def _thinned(positions: int, stock: int, draw: int | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Positions that are kept, int64 (S,), and what is added to the attention scores of each, float32 (1, 1, 1, S).

    The silence is divided into as many stretches as positions are kept of it. Of the last one the last position always stays: it
    is beside the end of the input, and unlike the others.
    """
    random = None if draw is None else torch.Generator().manual_seed(draw)
    kept = positions_with_silence(positions) - positions
    if random and kept:
        low, high = _DRAWN
        kept = min(
            stock - positions,
            math.ceil(kept * 2 ** (low + (high - low) * torch.rand(1, generator=random).item())),
        )
    ends = torch.arange(1, kept + 1) * (stock - positions) / max(kept, 1)
    if random and kept:
        shares = torch.rand(kept - 1, generator=random)
        ends[:-1] -= shares * ((stock - positions) / kept - 1)
    chosen = torch.cat([torch.arange(positions), positions - 1 + ends.round().long()])
    scores = torch.zeros(len(chosen))
    scores[positions:] = math.log((stock - positions) / kept) if kept else 0.0
    return chosen, scores[None, None, None]


def _adding(scores: torch.Tensor):
    def hook(module: torch.nn.Module, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        hidden = args[0] if args else kwargs["hidden_states"]
        return args, kwargs | {"attention_mask": scores.to(hidden)}

    return hook


def _set_positions(encoder: torch.nn.Module, table: torch.nn.Parameter, count: int) -> None:
    encoder.embed_positions.weight = table
    encoder.embed_positions.num_embeddings = len(table)
    encoder.max_source_positions = encoder.config.max_source_positions = count
