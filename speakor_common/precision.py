"""Which floating-point format this device computes in."""

from __future__ import annotations

import torch

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def name() -> str:
    """``bf16`` where the hardware multiplies it, ``fp16`` on older GPUs, else ``fp32``; of the CPU where there is no CUDA device."""
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    fast_bf16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bf16" if fast_bf16 else "fp32"


def dtype() -> torch.dtype:
    """The type of that name, for what is computed but not trained."""
    return _TYPES[name()]
