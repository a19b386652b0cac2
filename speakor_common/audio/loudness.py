"""How loud a recording is, and how it is brought to the level of all others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from speakor_common.audio.sources import RATE

SILENCE_DB = -70.0  # RMS below which a clip holds no speech
_DIGITAL_SILENCE = 1e-5  # amplitude below which there is nothing to scale
_LEVEL_FRAME = RATE // 50  # samples, 20 ms
# Speech is as loud as it is for 0.4 s in all, or for a quarter of it.
# What is beyond 3.5 times that is a click, a beep or a door: 1 % of natives' clips hold such a
# sample, and none of 600 of the sample corpus.
_LEVEL_FRAMES = 20
_LEVEL_SHARE = 0.25
_OUTLIER = 3.5


@dataclass(frozen=True)
class Level:
    """How a recording is brought to one loudness: outliers limited, then all multiplied.

    Attributes:
        limit: amplitude no sample exceeds.
        gain: factor after that.
    """

    limit: float
    gain: float

    def apply(self, samples: np.ndarray) -> np.ndarray:
        """Samples at that level; float32, same shape."""
        limited = np.clip(samples, -self.limit, self.limit) if np.isfinite(self.limit) else samples
        return limited * np.float32(self.gain)


def measure_level(blocks: Iterable[np.ndarray], peak: float = 0.95) -> Level:
    """The level that takes a recording's speech to an amplitude of ``peak``; silence stays silence.

    The seed took the loudest sample to it. A click of a millisecond before quiet speech then
    decides alone, and learners press a button before and after they speak. So what sticks out of
    the speech by far is limited first. A recording without it is scaled as the seed did.

    Args:
        blocks: consecutive float32 samples at 16 kHz, in arrays of any length.
    """
    peaks = np.concatenate([np.zeros(1), *(_frame_peaks(block) for block in blocks)])
    loudest = float(peaks.max())
    if loudest < _DIGITAL_SILENCE:
        return Level(np.inf, 1.0)

    # Frames that stand out of the background, loudest first.
    background = np.quantile(peaks, 0.1)
    speaking = np.sort(peaks[peaks > max(background * 10 ** (10 / 20), 1e-3)])[::-1]
    if not len(speaking):
        return Level(np.inf, peak / loudest)

    position = max(0, min(_LEVEL_FRAMES, int(_LEVEL_SHARE * len(speaking))) - 1)
    limit = _OUTLIER * float(speaking[position])
    return Level(np.inf, peak / loudest) if loudest <= limit else Level(limit, peak / limit)


def level_speech(samples: np.ndarray, peak: float = 0.95) -> np.ndarray:
    """A clip whose speech reaches an amplitude of ``peak``; see :func:`measure_level`."""
    return measure_level([samples], peak).apply(samples)


def _frame_peaks(samples: np.ndarray) -> np.ndarray:
    """Loudest sample of every 20 ms: float64; the last frame may be shorter."""
    missing = -len(samples) % _LEVEL_FRAME
    padded = np.pad(np.abs(samples), (0, missing))
    return padded.reshape(-1, _LEVEL_FRAME).max(axis=1).astype(np.float64)


def rms_db(samples: np.ndarray) -> float:
    """RMS level in dB relative to full scale; ``-inf`` only for digital silence."""
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    return 20 * float(np.log10(rms)) if rms > 0 else float("-inf")
