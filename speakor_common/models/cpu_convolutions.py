"""The strided convolutions of wav2vec2 and its kin as matrix products, faster on a CPU.

A convolution library spends most of a small model's training step on them: it moves channels
before time and back, and computes a gradient for the waveform, which nobody needs. Here time
comes before channels throughout. Then s neighbouring frames are one row of s·C numbers in
memory, and a convolution is a product of rows with one half of the kernel plus a product of the
rows after them with the other half.

The first layer's group norm needs no pass of its own. Mean and variance of its output follow
from the second moments of its input, and the norm becomes part of the weights.

Results are those of the stock feature encoder up to rounding, and parameters keep their names.

Legend: B clips, S samples, T frames, C channels of one layer, O of the next, k kernel, s stride.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2FeatureEncoder


class MatmulFeatureEncoder(Wav2Vec2FeatureEncoder):
    """A feature encoder with a group norm, computed by matrix products on a CPU.

    On other devices, and with gradient checkpointing, the stock encoder's forward pass is used.
    """

    def __init__(self, stock: nn.Module) -> None:
        """Take over the layers and the state of a stock encoder."""
        nn.Module.__init__(self)
        self.conv_layers = stock.conv_layers
        self.gradient_checkpointing = stock.gradient_checkpointing
        self._requires_grad = stock._requires_grad
        self._samples: torch.Tensor | None = None
        self.train(stock.training)

    @contextmanager
    def counting(self, samples: torch.Tensor) -> Iterator[None]:
        """Leave padding out of the norm's statistics: each clip gets the features it has alone.

        The stock encoder counts padding.

        Args:
            samples: int, shape = (B,), length of each waveform without its padding.
        """
        self._samples = samples
        try:
            yield
        finally:
            self._samples = None

    def forward(self, input_values: torch.Tensor) -> torch.Tensor:
        """Features, float, shape = (B, O, T), of waveforms, float, shape = (B, S)."""
        checkpointed = self.training and any(
            layer.gradient_checkpointing for layer in self.conv_layers
        )
        if self._samples is None and (input_values.device.type != "cpu" or checkpointed):
            return super().forward(input_values)
        first, *rest = self.conv_layers

        # Frames of the first layer: with padding, and of each clip itself.
        frames = _frames(input_values.shape[1], first.conv)
        clip_frames = torch.full((len(input_values),), frames)
        if self._samples is not None:
            clip_frames = _frames(self._samples, first.conv)

        # First layer, with frames enough that every later stride divides them.
        reduction = 1
        for layer in rest:
            reduction *= layer.conv.stride[0]
        rows = _rows(input_values, first.conv, clip_frames, frames + -frames % reduction)
        hidden = first.activation(torch.bmm(rows, _normalised_weights(rows, clip_frames, first)))

        # The others, clips end to end: frames that reach into the next clip are not kept.
        hidden = hidden.flatten(0, 1)
        for layer in rest:
            hidden = layer.activation(_convolve(hidden, layer.conv))
            frames = _frames(frames, layer.conv)
        return hidden.unflatten(0, (len(input_values), -1))[:, :frames].transpose(1, 2)


def use_matmul_convolutions(model: PreTrainedModel) -> None:
    """Replace a model's group-norm feature encoder by its matmul twin, in place.

    Other encoders, those with a bias and those whose kernels reach beyond two strides are left
    alone.
    """
    config = model.config
    if getattr(config, "feat_extract_norm", "") != "group" or config.conv_bias:
        return
    if all(s <= k <= 2 * s for k, s in zip(config.conv_kernel, config.conv_stride, strict=True)):
        encoder = MatmulFeatureEncoder(model.base_model.feature_extractor)
        model.base_model.feature_extractor = encoder


def _frames(length: Any, conv: nn.Conv1d) -> Any:
    """Frames a convolution makes of so many, a number or a tensor."""
    return (length - conv.kernel_size[0]) // conv.stride[0] + 1


def _rows(waves: torch.Tensor, conv: nn.Conv1d, frames: torch.Tensor, count: int) -> torch.Tensor:
    """What each frame of the first layer is computed from, and a 1: float (B, count, k + 1).

    Rows after a clip's last frame, ``frames`` of each clip, are zero.
    """
    kernel = conv.kernel_size[0]
    windows = waves.unfold(1, kernel, conv.stride[0])
    rows = waves.new_zeros(len(waves), count, kernel + 1)
    rows[:, : windows.shape[1], :kernel] = windows
    rows[..., kernel] = 1.0
    for row, length in zip(rows, frames.tolist(), strict=True):
        row[length:] = 0.0
    return rows


def _normalised_weights(rows: torch.Tensor, frames: torch.Tensor, layer: nn.Module) -> torch.Tensor:
    """Weights that convolve a clip's rows and normalise the result: float (B, k + 1, O).

    In 64 bits: a variance is a small difference of large sums where a filter passes little.
    """
    # Second moments of the rows; the last row and column hold their means.
    exact = rows.double()
    moments = exact.transpose(1, 2) @ exact / frames.to(rows.device)[:, None, None]

    # Mean and variance of each filter's output, float64 (B, O).
    weights = layer.conv.weight.squeeze(1).T.double()  # (k, O)
    mean = moments[:, -1, :-1] @ weights
    variance = ((moments[:, :-1, :-1] @ weights) * weights).sum(1) - mean**2

    # The norm's own scale and shift, folded in.
    scale = layer.layer_norm.weight * torch.rsqrt(variance.clamp(min=0.0) + layer.layer_norm.eps)
    shift = layer.layer_norm.bias - mean * scale
    return torch.cat([weights * scale[:, None], shift[:, None]], dim=1).to(rows.dtype)


def _convolve(hidden: torch.Tensor, conv: nn.Conv1d) -> torch.Tensor:
    """A convolution without bias over frames (T, C), T a multiple of the stride: (T / s, O)."""
    weights = conv.weight.permute(2, 1, 0).flatten(0, 1)
    if torch.is_autocast_enabled("cpu"):
        dtype = torch.get_autocast_dtype("cpu")
        hidden = hidden.to(dtype)
        weights = weights.to(dtype)
    return _Convolution.apply(hidden.unflatten(0, (-1, conv.stride[0])).flatten(1), weights)


class _Convolution(torch.autograd.Function):
    """Rows (T, s·C) and weights (k·C, O) to (T, O).

    The first s taps of the kernel meet a row, the others the row after it.
    """

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(rows, weights)
        here, after = weights.split([rows.shape[1], len(weights) - rows.shape[1]])
        output = rows @ here
        if len(after):
            output[:-1].addmm_(rows[1:, : len(after)], after)
        return output

    @staticmethod
    def backward(
        ctx: Any, gradient: torch.Tensor
    ) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        rows, weights = ctx.saved_tensors
        here, after = weights.split([rows.shape[1], len(weights) - rows.shape[1]])
        by_rows = None
        by_weights = None

        # Each row was met by its own frame and by the frame before it.
        if ctx.needs_input_grad[0]:
            by_rows = gradient @ here.T
            if len(after):
                by_rows[1:, : len(after)].addmm_(gradient[:-1], after.T)
        if ctx.needs_input_grad[1]:
            by_weights = torch.cat([rows.T @ gradient, rows[1:, : len(after)].T @ gradient[:-1]])
        return by_rows, by_weights
