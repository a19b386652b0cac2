"""What a Whisper training step keeps in memory, by the model's shapes, without computing the step.

The model is built on PyTorch's meta device, where tensors have shapes and no content, and every
tensor autograd would keep for the backward pass is counted. The same count therefore holds for a
model no machine here could load. Attention is counted as fused kernels keep it (FlashAttention, Dao
et al., 2022: no score matrix). What a step really takes is left to
:mod:`speakor_common.training.memory_probe`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import torch
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode
from transformers import WhisperConfig, WhisperForConditionalGeneration

from speakor_common.models.short_context import (
    FULL_POSITIONS,
    frames_for,
    positions_with_padding,
    shortened_context,
)
from speakor_common.models.whisper import add_adapters
from speakor_common.training.preset import LoraTraining

FULL = "full fine-tuning"
LORA = "LoRA"
# Bytes a weight: 4 bits, an 8-bit scale for 64 of them, a 32-bit scale for 256 of those.
_NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)
_LAYERS = ("WhisperEncoderLayer", "WhisperDecoderLayer")

# Shapes of openai/whisper-large-v3-turbo (its config.json), which
# ghost613/whisper-large-v3-turbo-korean is tuned from.
LARGE_TURBO = WhisperConfig(
    vocab_size=51866,
    num_mel_bins=128,
    d_model=1280,
    encoder_layers=32,
    encoder_attention_heads=20,
    encoder_ffn_dim=5120,
    decoder_layers=4,
    decoder_attention_heads=20,
    decoder_ffn_dim=5120,
)


@dataclass(frozen=True)
class Setting:
    """What is trained, how weights are kept, and what is done against activations."""

    method: str  # FULL or LORA
    weights: str  # "fp32", "bf16" or "nf4"; under LoRA the base's, whose adapters are always fp32
    checkpointing: bool  # keep a layer's input only, and compute the layer again
    positions: int  # of the encoder for the clips, 50 a second; see models.short_context


@dataclass(frozen=True)
class Memory:
    """What a step takes by kind, in bytes."""

    trainable: int  # parameters, not bytes
    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """Bytes of all kinds together."""
        return self.weights + self.gradients + self.optimizer + self.activations


def compared_settings(short: int) -> list[Setting]:
    """All settings that are compared.

    Four methods, with and without checkpointing, on 30 s and on ``short`` positions of context.
    """
    methods = ((FULL, "fp32"), (FULL, "bf16"), (LORA, "bf16"), (LORA, "nf4"))
    return [
        Setting(method, weights, checkpointing, positions)
        for method, weights in methods
        for positions in (FULL_POSITIONS, short)
        for checkpointing in (False, True)
    ]


def step_memory(
    config: WhisperConfig, setting: Setting, training: LoraTraining, batch: int, label_tokens: int
) -> Memory:
    """Memory of one training step with AdamW.

    Args:
        training: gives the adapters' rank and dropout.
        batch: utterances.
        label_tokens: padded length of their labels.
    """
    dtype = torch.float32 if setting.weights == "fp32" else torch.bfloat16
    model = _shapes(config.to_json_string(), setting.method, dtype, training)
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
    config: str, method: str, dtype: torch.dtype, training: LoraTraining
) -> torch.nn.Module:
    """A model without content, from its configuration as JSON."""
    with torch.device("meta"):
        shapes = WhisperConfig.from_dict(json.loads(config))
        model = WhisperForConditionalGeneration(shapes).to(dtype)
        if method == LORA:
            model = add_adapters(
                model,
                rank=training.lora_rank,
                alpha=training.lora_alpha,
                dropout=training.lora_dropout,
            )
        return model.train()


def _weight_bytes(model: torch.nn.Module, setting: Setting) -> int:
    total = 0.0
    seen = set()
    for module in model.modules():
        for name, p in module.named_parameters(recurse=False):
            # The output projection is the embedding table, which is not quantised.
            if id(p) in seen:
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
    encoded = positions_with_padding(setting.positions)
    lengths = [encoded if "encoder" in layer else tokens for layer in layers]
    inputs = batch * sum(lengths) * width
    return by_layer[""] + inputs + max(size for layer, size in by_layer.items() if layer)


@cache  # checkpointing and quantisation change nothing in it
def _kept(
    model: torch.nn.Module, positions: int, batch: int, tokens: int
) -> tuple[dict[str, int], list[str]]:
    """Bytes a forward pass keeps for the backward pass, by layer, and the layers' names.

    What is kept outside of all layers stands under ``""``.
    """
    # Every tensor that autograd saves, once. The storage itself is held, so that its address is not
    # used again.
    parameters = {p.untyped_storage()._cdata for p in model.parameters()}
    kept: dict[int, tuple[torch.UntypedStorage, str]] = {}
    where = [""]

    def count(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in parameters:
            kept.setdefault(storage._cdata, (storage, where[0]))
        return tensor

    # Input without content. The mask is given, because making one looks at values.
    on_meta = {"device": "meta", "dtype": model.dtype}
    features = torch.empty(batch, model.config.num_mel_bins, frames_for(positions), **on_meta)
    labels = torch.zeros(batch, tokens, dtype=torch.long, device="meta")
    mask = torch.zeros(batch, 1, tokens, tokens, **on_meta)

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
    """Keep ``where[0]`` at the name of the running layer, ``""`` outside; yields all names."""

    def enter(name: str) -> None:
        where[0] = name

    layers = {
        name: module for name, module in model.named_modules() if type(module).__name__ in _LAYERS
    }
    hooks = []
    for name, module in layers.items():
        hooks.append(module.register_forward_pre_hook(lambda *_, name=name: enter(name)))
        hooks.append(module.register_forward_hook(lambda *_: enter("")))
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
