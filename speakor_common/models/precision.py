"""Which floating-point format this device computes in."""

from __future__ import annotations

import torch

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def name() -> str:
    """``bf16`` where the hardware has matrix units for it, ``fp16`` on older GPUs, else ``fp32``.

    Of the CPU where there is no CUDA device. A CPU that multiplies bf16 in its vector units only
    (AVX-512 BF16 without AMX) is no faster with it: measured, a CTC training step takes 1.2 times
    as long as in fp32.
    """
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    return "bf16" if torch.cpu._is_amx_tile_supported() else "fp32"


def dtype() -> torch.dtype:
    """The type of that name, for what is computed but not trained."""
    return _TYPES[name()]
