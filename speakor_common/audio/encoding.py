"""16 kHz samples → encoded bytes."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from speakor_common.audio.sources import RATE


def encode_wav(samples: np.ndarray) -> bytes:
    """16-bit PCM WAV bytes of 16 kHz mono samples; the cheapest form to decode again."""
    return _encode(samples, format="WAV", subtype="PCM_16")


def encode_opus(samples: np.ndarray, compression: float = 0.9) -> bytes:
    """OGG/Opus bytes of 16 kHz mono samples, for players and reports.

    Args:
        compression: 0 to 1; 0.9 is about 31 kbit/s of speech, 0.94 about 21.
    """
    return _encode(samples, format="OGG", subtype="OPUS", compression_level=compression)


def _encode(samples: np.ndarray, **options: str | float) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(samples, -1, 1), RATE, **options)
    return buffer.getvalue()
