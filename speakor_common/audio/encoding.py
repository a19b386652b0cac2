"""16 kHz samples → encoded bytes."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from speakor_common.audio.sources import RATE


def encode_wav(samples: np.ndarray) -> bytes:
    """16-bit PCM WAV bytes of 16 kHz mono samples; the cheapest form to decode again."""
    return _encode(samples, format="WAV", subtype="PCM_16")


def encode_opus(samples: np.ndarray) -> bytes:
    """OGG/Opus bytes (about 31 kbit/s) of 16 kHz mono samples, for players and reports."""
    return _encode(samples, format="OGG", subtype="OPUS", compression_level=0.9)


def _encode(samples: np.ndarray, **options: str | float) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(samples, -1, 1), RATE, **options)
    return buffer.getvalue()
