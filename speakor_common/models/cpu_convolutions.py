"""The convolutions of wav2vec2 on a CPU, as matrix products.

Legend: B clips, S samples, T frames, C channels of one layer, O of the next, k kernel, s stride.

Strided 1-D convolutions with few channels take most of a small model's training step when a convolution library runs them: it
moves channels before time and back, and works out the gradient by the waveform, which nobody needs. Here time comes before channels
throughout, so that s neighbouring frames are one row of s·C numbers in memory, and a convolution is the product of rows with one part
of the kernel plus the product of the rows after them with the rest. The first layer's group norm needs no pass of its own: mean and
variance of its output follow from the second moments of its input, and the norm becomes part of the weights. Results are those of
``Wav2Vec2FeatureEncoder`` up to rounding, and parameters keep their names.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2FeatureEncoder, Wav2Vec2ForCTC


class ProductFeatureEncoder(Wav2Vec2FeatureEncoder):
    """``Wav2Vec2FeatureEncoder`` with a group norm, computed by matrix products on a CPU and as ever elsewhere."""

    def __init__(self, plain: Wav2Vec2FeatureEncoder) -> None:
        nn.Module.__init__(self)
        self.conv_layers = plain.conv_layers
        self.gradient_checkpointing, self._requires_grad = (
            plain.gradient_checkpointing,
            plain._requires_grad,
        )
        self.train(plain.training)

    def forward(
        self, input_values: torch.Tensor, samples: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Features, float (B, O, T), of waveforms, float (B, S).

        Args:
            samples: int (B,), length of each waveform without its padding, which then does not enter the norm's statistics; a
                clip's features are those it has alone. Stock wav2vec2 counts padding.
        """
        checkpointed = self.training and any(
            layer.gradient_checkpointing for layer in self.conv_layers
        )
        if samples is None and (input_values.device.type != "cpu" or checkpointed):
            return super().forward(input_values)
        first, *rest = self.conv_layers
        frames = _frames(input_values.shape[1], first.conv)
        whole = (
            torch.full((len(input_values),), frames)
            if samples is None
            else _frames(samples, first.conv)
        )
        reduction = 1
        for layer in rest:
            reduction *= layer.conv.stride[0]
        rows = _rows(input_values, first.conv, whole, frames + -frames % reduction)
        hidden = first.activation(torch.bmm(rows, _normalised_weights(rows, whole, first)))
        hidden = hidden.flatten(
            0, 1
        )  # clips end to end: frames that reach into the next clip are not kept
        for layer in rest:
            hidden = layer.activation(_convolve(hidden, layer.conv))
            frames = _frames(frames, layer.conv)
        return hidden.unflatten(0, (len(input_values), -1))[:, :frames].transpose(1, 2)


def use_products(model: Wav2Vec2ForCTC) -> None:
    """Have a model compute its convolutions so, in place, where they are of a shape this knows."""
    encoder, config = model.wav2vec2.feature_extractor, model.config
    overlap_one_row = all(
        s <= k <= 2 * s for k, s in zip(config.conv_kernel, config.conv_stride, strict=True)
    )
    if config.feat_extract_norm == "group" and not config.conv_bias and overlap_one_row:
        model.wav2vec2.feature_extractor = ProductFeatureEncoder(encoder)


def _frames(length: Any, conv: nn.Conv1d) -> Any:
    """Frames a convolution makes of so many, a number or a tensor."""
    return (length - conv.kernel_size[0]) // conv.stride[0] + 1


def _rows(waves: torch.Tensor, conv: nn.Conv1d, frames: torch.Tensor, count: int) -> torch.Tensor:
    """What each frame of the first layer is computed from and a 1, float (B, count, k + 1); zeros after a clip's last frame."""
    kernel, stride = conv.kernel_size[0], conv.stride[0]
    windows = waves.unfold(1, kernel, stride)
    rows = waves.new_zeros(len(waves), count, kernel + 1)
    rows[:, : windows.shape[1], :kernel] = windows
    rows[..., kernel] = 1.0
    for row, length in zip(rows, frames.tolist(), strict=True):
        row[length:] = 0.0
    return rows


def _normalised_weights(rows: torch.Tensor, frames: torch.Tensor, layer: nn.Module) -> torch.Tensor:
    """Weights, float (B, k + 1, O), that convolve a clip's rows and normalise the result over its frames.

    In 64 bits: a variance is a small difference of large sums where a filter passes little of its input.
    """
    exact = rows.double()
    moments = exact.transpose(1, 2) @ exact / frames.to(rows.device)[:, None, None]
    weights = layer.conv.weight.squeeze(1).T.double()  # (k, O)
    mean = moments[:, -1, :-1] @ weights  # (B, O)
    variance = ((moments[:, :-1, :-1] @ weights) * weights).sum(1) - mean**2
    scale = layer.layer_norm.weight * torch.rsqrt(variance.clamp(min=0.0) + layer.layer_norm.eps)
    shift = layer.layer_norm.bias - mean * scale
    return torch.cat([weights * scale[:, None], shift[:, None]], dim=1).to(rows.dtype)


def _convolve(hidden: torch.Tensor, conv: nn.Conv1d) -> torch.Tensor:
    """A convolution without bias over frames (T, C), T a multiple of the stride: (T / s, O)."""
    weights = conv.weight.permute(2, 1, 0).flatten(0, 1)
    if torch.is_autocast_enabled("cpu"):
        dtype = torch.get_autocast_dtype("cpu")
        hidden, weights = hidden.to(dtype), weights.to(dtype)
    return _Convolution.apply(hidden.unflatten(0, (-1, conv.stride[0])).flatten(1), weights)


class _Convolution(torch.autograd.Function):
    """Rows (T, s·C) and weights (k·C, O) to (T, O): each row by the first s taps, the row after it by the others."""

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(rows, weights)
        here, after = weights.split([rows.shape[1], len(weights) - rows.shape[1]])
        found = rows @ here
        if len(after):
            found[:-1].addmm_(rows[1:, : len(after)], after)
        return found

    @staticmethod
    def backward(
        ctx: Any, gradient: torch.Tensor
    ) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        rows, weights = ctx.saved_tensors
        here, after = weights.split([rows.shape[1], len(weights) - rows.shape[1]])
        by_rows = by_weights = None
        if ctx.needs_input_grad[0]:
            by_rows = gradient @ here.T
            if len(after):
                by_rows[1:, : len(after)].addmm_(gradient[:-1], after.T)
        if ctx.needs_input_grad[1]:
            by_weights = torch.cat([rows.T @ gradient, rows[1:, : len(after)].T @ gradient[:-1]])
        return by_rows, by_weights
