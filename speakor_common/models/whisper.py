"""Whisper: loading it, putting LoRA adapters on it, and merging them into it again.

A trained model is a PEFT adapter beside a processor; its base is named in
``adapter_config.json`` and found like any checkpoint. Everything that loads a Whisper loads it
here. Training it is left to :mod:`speakor_common.training`, and cutting its encoder to the clips
to :mod:`speakor_common.models.short_context`.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open
from transformers import WhisperForConditionalGeneration, WhisperProcessor

from speakor_common.errors import CheckpointError, TrainingError
from speakor_common.models import cpu_dropout, precision
from speakor_common.models.checkpoints import adapter_base
from speakor_common.storage import whole_directory

if TYPE_CHECKING:
    from peft import LoraConfig, PeftModel
    from transformers import BitsAndBytesConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

logger = logging.getLogger(__name__)

# Every projection of attention and feed-forward. PEFT drops a name that does not exist
# silently beside valid ones (`o_proj`; Whisper's is `out_proj`), so adapters are counted.
ADAPTED = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")
_ENCODER = "model.encoder."  # what the names of its weights begin with


def load_whisper(directory: Path) -> tuple[WhisperForConditionalGeneration, WhisperProcessor]:
    """Model and processor of a stock directory, or of an adapter's base with the adapter merged.

    Raises:
        CheckpointError: an adapter's base cannot be found.
    """
    base = adapter_base(directory)
    model = WhisperForConditionalGeneration.from_pretrained(base or directory)
    processor = WhisperProcessor.from_pretrained(base or directory)
    if base:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, directory).merge_and_unload()
    return model, processor


def build_adapted(
    base: Path,
    *,
    rank: int,
    alpha: int,
    dropout: float,
    quantize: bool,
    gradient_checkpointing: bool,
) -> tuple[PeftModel, bool]:
    """A base with LoRA adapters, ready to train, and whether its own weights are 4-bit.

    Args:
        base: a stock Whisper directory.
        rank, alpha, dropout: of the adapters.
        quantize: NF4 weights where bitsandbytes works; else the base stays as it is.
        gradient_checkpointing: compute layers again in the backward pass, to save memory.

    Raises:
        TrainingError: a module that is to be adapted got no adapter.
    """
    # The base is not trained, so it is kept in the precision the device computes in.
    quantization = nf4_config() if quantize else None
    model = WhisperForConditionalGeneration.from_pretrained(
        base, quantization_config=quantization, dtype=precision.dtype()
    )

    # bitsandbytes repacks weights for such CPUs in evaluation, and cannot train after it.
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False

    # The Trainer divides the loss by the accumulation steps only if no model claims to do so.
    model.accepts_loss_kwargs = False
    model.config.use_cache = False
    if gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    return add_adapters(model, rank=rank, alpha=alpha, dropout=dropout), quantization is not None


def add_adapters(
    model: WhisperForConditionalGeneration, *, rank: int, alpha: int, dropout: float
) -> PeftModel:
    """Put LoRA adapters on every attention and feed-forward projection.

    Raises:
        TrainingError: a module that is to be adapted got no adapter.
    """
    from peft import get_peft_model

    expected = sum(name.rsplit(".", 1)[-1] in ADAPTED for name, _ in model.named_modules())
    adapted = get_peft_model(model, _lora(rank, alpha, dropout))

    # What the model itself drops stays.
    cpu_dropout.use_packed_dropout(adapted, ".lora_dropout.")
    adapted.accepts_loss_kwargs = False

    placed = sum(name.endswith("lora_A.default") for name, _ in adapted.named_modules())
    if placed != expected:
        raise TrainingError(
            f"{placed} LoRA adapters were placed, {expected} modules are named {ADAPTED}"
        )
    return adapted


def inject_adapters(encoder: WhisperEncoder, rank: int, alpha: int, dropout: float) -> None:
    """Put LoRA adapters on every attention and feed-forward projection of an encoder, in place."""
    from peft import inject_adapter_in_model

    inject_adapter_in_model(_lora(rank, alpha, dropout), encoder)


def _lora(rank: int, alpha: int, dropout: float) -> LoraConfig:
    """LoRA on every attention and feed-forward projection.

    No task_type: SEQ_2_SEQ_LM makes PEFT pass input_ids, which Whisper's audio input is not.
    """
    from peft import LoraConfig

    return LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules=list(ADAPTED))


def read_encoder(directory: Path) -> dict[str, torch.Tensor]:
    """The encoder's weights of a Whisper checkpoint, by their names inside the encoder."""
    weights = {}
    for file in sorted(directory.glob("*.safetensors")):
        with safe_open(file, framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 - it is no dict
                if name.startswith(_ENCODER):
                    weights[name.removeprefix(_ENCODER)] = tensors.get_tensor(name)
    return weights


def merge_adapter(adapter: Path) -> Path:
    """Write a stock Whisper directory with the adapter's weights added; returns it.

    Args:
        adapter: directory of a trained adapter; ``<adapter>-merged`` is written beside it.

    Raises:
        CheckpointError: ``adapter`` holds no PEFT adapter, or its base cannot be found.
    """
    if adapter_base(adapter) is None:
        raise CheckpointError(
            f"{adapter} holds no adapter_config.json; "
            "merging is for adapters: speakor train whisper --merge"
        )

    # The adapter's weights are added on loading.
    model, processor = load_whisper(adapter)
    target = adapter.with_name(adapter.name + "-merged")
    with whole_directory(target) as folder:
        model.save_pretrained(folder)
        processor.save_pretrained(folder)
        # What it was trained on, and with which context.
        shutil.copy(adapter / "run.json", folder / "run.json")
    return target


def nf4_config() -> BitsAndBytesConfig | None:
    """NF4 with double quantisation, or ``None`` with a warning where bitsandbytes cannot work."""
    from transformers import BitsAndBytesConfig

    # Installed or not, the kernels may be missing for this device: they are tried.
    try:
        import bitsandbytes

        weight = bitsandbytes.nn.Params4bit(
            torch.randn(64, 64), quant_type="nf4", compress_statistics=True
        )
        quantized = bitsandbytes.functional.quantize_4bit(weight.data, quant_type="nf4")
        bitsandbytes.functional.dequantize_4bit(*quantized)
    except (ImportError, RuntimeError, NotImplementedError, AttributeError) as error:
        logger.warning(
            "4-bit quantisation is not available here (%s); training LoRA on the unquantised base",
            error,
        )
        return None

    # A CPU without bf16 instructions emulates them, some ten times slower than fp32.
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=precision.dtype(),
    )
