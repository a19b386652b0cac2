"""Whisper with an encoder as long as the clips, and a little padding that stands for all of it.

Whisper pads every clip to 30 s and spends most of its encoder on padding. Cutting the encoder to
the clip makes it several times cheaper, as learner clips last 3-15 s. But the model was trained
with that padding and attends to it: without any, an untuned whisper-base repeats itself, and one
tuned without it makes more errors where it is there again.

So a few positions stay, spread evenly over the padding, and each counts in every attention for
all it stands for: log(n) is added to its score, as Token Merging does for merged tokens
(proportional attention, Bolya et al., 2023). Nothing in the weights changes, so anything trained
like this works on the stock model.

Legend: B clips, M mel bins, T mel frames, P encoder positions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

FULL_POSITIONS = 1500  # encoder positions of Whisper's 30 s
POSITIONS_PER_SECOND = 50
PADDING_POSITIONS = 48  # that stay of the padding after the clips
_FRAMES_PER_POSITION = 2  # mel frames; the second convolution has stride 2
_NEVER = torch.finfo(torch.float32).min  # attention score of a position that is not there

# In training half to four times as many stay: powers of two, drawn evenly between these.
_DRAWN_POWERS = (-1.0, 2.0)


def positions_for(seconds: float) -> int:
    """Encoder positions that hold a clip of ``seconds``, rounded up to a whole second.

    >>> positions_for(5.2), positions_for(60)
    (300, 1500)
    """
    return min(FULL_POSITIONS, POSITIONS_PER_SECOND * math.ceil(seconds))


def positions_with_padding(positions: int) -> int:
    """Encoder positions that are computed for clips of so many.

    >>> positions_with_padding(300), positions_with_padding(1500)
    (348, 1500)
    """
    return min(FULL_POSITIONS, positions + PADDING_POSITIONS)


def frames_for(positions: int) -> int:
    """Mel frames the encoder takes for clips of so many positions, padding included.

    >>> frames_for(300)
    696
    """
    return positions_with_padding(positions) * _FRAMES_PER_POSITION


def positions_in(frames: int) -> int:
    """Positions of the clips in an input of so many mel frames, the inverse of :func:`frames_for`.

    >>> positions_in(696), positions_in(3000)
    (300, 1500)
    """
    positions = frames // _FRAMES_PER_POSITION
    return positions if positions >= FULL_POSITIONS else positions - PADDING_POSITIONS


@contextmanager
def shortened_context(
    model: torch.nn.Module, positions: int, draw: int | None = None
) -> Iterator[int]:
    """Cut the encoder of a Whisper model to clips and subsampled padding; yields its mel frames.

    Works on the stock model and on a PEFT model around it. Restored on exit, also after an error.
    A backward pass belongs inside too: with gradient checkpointing it computes layers again.

    Args:
        positions: of the clips, see :func:`positions_for`.
        draw: seed that decides how many padding positions stay, and which: one from each stretch
            of equal length. Training then sees all of the padding in the end, and gets used to
            no way of subsampling it. Without a seed the last position of each stretch stays.
    """
    encoder = _submodule(model, "WhisperEncoder")
    decoder = _submodule(model, "WhisperDecoder")
    table = encoder.embed_positions.weight
    limit = encoder.config.max_source_positions
    kept, scores = _subsampled(positions, len(table), draw)

    # The encoder's own attention, and the decoder's to the encoder, weigh positions.
    attentions = [layer.self_attn for layer in encoder.layers]
    attentions += [layer.encoder_attn for layer in decoder.layers]
    hooks = []
    if len(kept) < limit:
        hook = _add_scores(scores)
        hooks = [m.register_forward_pre_hook(hook, with_kwargs=True) for m in attentions]

    _set_positions(encoder, torch.nn.Parameter(table[kept], requires_grad=False), len(kept))
    try:
        yield len(kept) * _FRAMES_PER_POSITION
    finally:
        _set_positions(encoder, table, limit)
        for hook in hooks:
            hook.remove()


def with_padding(features: torch.Tensor, frames: int) -> torch.Tensor:
    """Mel features (B, M, T) that end with padding, cut or carried on to so many frames."""
    missing = frames - features.shape[-1]
    if missing <= 0:
        return features[..., :frames]
    return torch.cat([features, features[..., -1:].expand(-1, -1, missing)], -1)


def thinned_positions(
    counts: torch.Tensor, longest: int, full: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Positions in Whisper's 30 s, and attention scores, of clips with thinned padding.

    Args:
        counts: positions of each clip with its padding, int64, shape = (B,).
        longest: of them.
        full: positions of 30 s.

    Returns:
        int64, shape = (B, longest), and float32, shape = (B, 1, 1, longest): the logarithm of how
        many positions each stands for, and the lowest number there is beyond a clip's padding.

    >>> positions, scores = thinned_positions(torch.tensor([50]), 50, 1500)
    >>> positions[0, :4].tolist(), positions[0, -1].item()
    ([0, 1, 32, 63], 1499)
    >>> round(scores[0, 0, 0, -1].exp().item(), 2)
    31.21
    """
    place = torch.arange(longest, device=counts.device)
    clip = (counts - PADDING_POSITIONS)[:, None]
    step = (full - clip).float() / PADDING_POSITIONS

    # The clip's own, and then the last of each stretch of padding.
    stretch = (place - clip + 1).clamp(min=0)
    thinned = clip - 1 + (stretch * step).round().long()
    positions = torch.where(place < clip, place, thinned).clamp(max=full - 1)

    scores = torch.where(place < clip, torch.zeros_like(step), step.log())
    scores = torch.where(place < counts[:, None], scores, torch.full_like(step, _NEVER))
    return positions, scores[:, None, None]


def _subsampled(positions: int, full: int, draw: int | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Positions that are kept, and what is added to the attention scores of each.

    The padding is divided into as many stretches as positions are kept of it. Of the last
    stretch the last position always stays: it is beside the end of the input, and unlike the
    others.

    Returns:
        int64, shape = (P,), and float32, shape = (1, 1, 1, P).
    """
    random = None if draw is None else torch.Generator().manual_seed(draw)
    padding = full - positions

    # How many stay of the padding.
    count = positions_with_padding(positions) - positions
    if random and count:
        low, high = _DRAWN_POWERS
        power = low + (high - low) * torch.rand(1, generator=random).item()
        count = min(padding, math.ceil(count * 2**power))

    # Which: the last of each stretch, or one drawn from it.
    ends = torch.arange(1, count + 1) * padding / max(count, 1)
    if random and count:
        shares = torch.rand(count - 1, generator=random)
        ends[:-1] -= shares * (padding / count - 1)
    kept = torch.cat([torch.arange(positions), positions - 1 + ends.round().long()])

    # Each stands for its whole stretch.
    scores = torch.zeros(len(kept))
    scores[positions:] = math.log(padding / count) if count else 0.0
    return kept, scores[None, None, None]


def _submodule(model: torch.nn.Module, class_name: str) -> torch.nn.Module:
    return next(module for module in model.modules() if type(module).__name__ == class_name)


def _add_scores(scores: torch.Tensor) -> Callable[..., tuple[tuple, dict]]:
    """A hook that gives an attention module the scores as its mask: they are added to its own."""

    def hook(module: torch.nn.Module, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        hidden = args[0] if args else kwargs["hidden_states"]
        return args, kwargs | {"attention_mask": scores.to(hidden)}

    return hook


def _set_positions(encoder: torch.nn.Module, table: torch.nn.Parameter, count: int) -> None:
    encoder.embed_positions.weight = table
    encoder.embed_positions.num_embeddings = len(table)
    encoder.max_source_positions = count
    encoder.config.max_source_positions = count
