"""What a Whisper training step keeps in memory, computed from the model's shapes without computing the step.

The model is built on PyTorch's meta device, where tensors have shapes and no content, and every tensor autograd would
keep for the backward pass is counted. The same count therefore holds for a model no machine here could load. Attention
is counted as fused kernels keep it (FlashAttention, Dao et al., 2022: no score matrix).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import product

import torch
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode
from transformers import WhisperConfig, WhisperForConditionalGeneration

from speakor_common.models.short_context import (
    STOCK_POSITIONS,
    frames_for,
    positions_with_silence,
    shortened_context,
)
from speakor_common.models.whisper import add_adapters
from speakor_common.training.preset import Experiment

FULL, LORA = "full fine-tuning", "LoRA"
_NF4_BYTES = (
    0.5 + 1 / 64 + 4 / (64 * 256)
)  # 4 bits; an 8-bit scale for 64 values; a 32-bit scale for 256 of those
_LAYERS = ("WhisperEncoderLayer", "WhisperDecoderLayer")

# Shapes of openai/whisper-large-v3-turbo, which ghost613/whisper-large-v3-turbo-korean is tuned from (its config.json).
LARGE_TURBO = WhisperConfig(
    vocab_size=51866, num_mel_bins=128, d_model=1280, encoder_layers=32, encoder_attention_heads=20, decoder_layers=4,
    decoder_attention_heads=20, encoder_ffn_dim=5120, decoder_ffn_dim=5120,
)  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """A way of training: what is trained, how weights are kept, and what is done against activations.

    Attributes:
        weights: ``fp32``, ``bf16`` or ``nf4``; of the frozen base under LoRA, whose adapters are always fp32.
        positions: encoder positions of the clips, 50 a second; see :mod:`speakor_common.models.short_context`.
    """

    method: str
    weights: str
    checkpointing: bool
    positions: int


@dataclass(frozen=True)
class Memory:
    """Bytes, and the number of trained parameters."""

    trainable: int
    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        return self.weights + self.gradients + self.optimizer + self.activations


def settings(short: int) -> list[Setting]:
    """All ways that are compared: four methods, with and without checkpointing, 30 s and ``short`` positions of context."""
    methods = ((FULL, "fp32"), (FULL, "bf16"), (LORA, "bf16"), (LORA, "nf4"))
    return [
        Setting(method, weights, checkpointing, positions)
        for (method, weights), positions, checkpointing in product(
            methods, (STOCK_POSITIONS, short), (False, True)
        )
    ]


def computed(
    config: WhisperConfig, setting: Setting, experiment: Experiment, batch: int, label_tokens: int
) -> Memory:
    """Memory of one training step with AdamW.

    Args:
        experiment: gives the adapters' rank and dropout.
        batch: utterances. label_tokens: their padded length.
    """
    dtype = torch.float32 if setting.weights == "fp32" else torch.bfloat16
    model = _shapes(config.to_json_string(), setting.method, dtype, experiment)
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = sum(p.numel() * p.element_size() for p in trained)
    return Memory(
        trainable=sum(p.numel() for p in trained),
        weights=_weight_bytes(model, setting),
        gradients=gradients,
        optimizer=2 * gradients,  # AdamW's two moments have their parameter's type
        activations=_activation_bytes(model, setting, batch, label_tokens),
    )


@cache  # of a few: models differ in what is trained and in their number format
def _shapes(
    config: str, method: str, dtype: torch.dtype, experiment: Experiment
) -> torch.nn.Module:
    """A model without content, from its configuration as JSON."""
    with torch.device("meta"):
        model = WhisperForConditionalGeneration(WhisperConfig.from_dict(json.loads(config))).to(
            dtype
        )
        if method == LORA:
            model = add_adapters(
                model,
                rank=experiment.lora_rank,
                alpha=experiment.lora_alpha,
                dropout=experiment.lora_dropout,
            )
        return model.train()


def _weight_bytes(model: torch.nn.Module, setting: Setting) -> int:
    total, seen = 0.0, set()
    for module in model.modules():
        for name, p in module.named_parameters(recurse=False):
            if (
                id(p) in seen
            ):  # the output projection is the embedding table, which is not quantised
                continue
            seen.add(id(p))
            quantized = (
                setting.weights == "nf4"
                and isinstance(module, torch.nn.Linear)
                and name == "weight"
                and not p.requires_grad
            )
            total += p.numel() * (_NF4_BYTES if quantized else p.element_size())
    return round(total)


def _activation_bytes(model: torch.nn.Module, setting: Setting, batch: int, tokens: int) -> int:
    by_layer, layers = _kept(model, setting.positions, batch, tokens)
    if not setting.checkpointing:
        return sum(by_layer.values())
    # Of every layer its input is kept; one layer at a time is computed again.
    width = model.config.d_model * model.dtype.itemsize
    heard = positions_with_silence(setting.positions)
    inputs = sum(batch * (heard if "encoder" in layer else tokens) * width for layer in layers)
    return by_layer[""] + inputs + max(size for layer, size in by_layer.items() if layer)


@cache  # checkpointing and quantisation change nothing in it
def _kept(
    model: torch.nn.Module, positions: int, batch: int, tokens: int
) -> tuple[dict[str, int], list[str]]:
    """Bytes a forward pass keeps for the backward pass in each layer, outside of them under ``""``, and the layers' names."""
    config, dtype = model.config, model.dtype
    parameters = {p.untyped_storage()._cdata for p in model.parameters()}
    kept: dict[
        int, tuple[torch.UntypedStorage, str]
    ] = {}  # the storage itself, so that its address is not used again
    where = [""]

    def count(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in parameters:
            kept.setdefault(storage._cdata, (storage, where[0]))
        return tensor

    features = torch.empty(
        batch, config.num_mel_bins, frames_for(positions), device="meta", dtype=dtype
    )
    labels = torch.zeros(batch, tokens, dtype=torch.long, device="meta")
    mask = torch.zeros(
        batch, 1, tokens, tokens, device="meta", dtype=dtype
    )  # given, because making one looks at values
    saved = torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor)
    with (
        _inside_layers(model, where) as layers,
        saved,
        shortened_context(model, positions),
        _FusedAttention(),
    ):
        model(input_features=features, labels=labels, decoder_attention_mask=mask)
    by_layer: dict[str, int] = defaultdict(int)
    for storage, layer in kept.values():
        by_layer[layer] += storage.nbytes()
    return by_layer, layers


@contextmanager
def _inside_layers(model: torch.nn.Module, where: list[str]) -> Iterator[list[str]]:
    """Keep ``where[0]`` at the name of the layer that is running, else ``""``; yields the layers' names."""
    layers = {
        name: module for name, module in model.named_modules() if type(module).__name__ in _LAYERS
    }
    hooks = []
    for name, module in layers.items():
        hooks.append(
            module.register_forward_pre_hook(lambda *_, name=name: where.__setitem__(0, name))
        )
        hooks.append(module.register_forward_hook(lambda *_: where.__setitem__(0, "")))
    try:
        yield list(layers)
    finally:
        for hook in hooks:
            hook.remove()


class _FusedAttention(TorchFunctionMode):
    """Attention as fused kernels do it; the meta device would keep the matrix of scores."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func is not scaled_dot_product_attention:
            return func(*args, **kwargs)
        kwargs.pop("enable_gqa", None)
        return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(*args, **kwargs)[0]
