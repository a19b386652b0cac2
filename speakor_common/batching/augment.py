"""Waveform augmentation for training (audiomentations).

Transforms are random on purpose; the run seeds the global generators they draw from. The
conditions a test set is degraded with, fixed for every clip, are in
:mod:`speakor_common.batching.conditions`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from speakor_common.audio import RATE, Transform

_SPEED_PROBABILITY = 0.85
_SLOWEST = 0.84
_FASTEST = 1.2


def training_transform(strength: float) -> Transform | None:
    """Speed, noise, tilt and gain variation for training.

    Args:
        strength: 0 none, 1 full probability of each effect.

    Returns:
        ``None`` for strength 0, else a function from and to 16 kHz float32 samples.
    """
    if strength <= 0:
        return None
    from audiomentations import AddColorNoise, Compose, Gain, HighShelfFilter, LowPassFilter

    effects = Compose(
        [
            AddColorNoise(min_snr_db=12, max_snr_db=35, p=0.4 * strength),
            HighShelfFilter(min_gain_db=-8, max_gain_db=5, p=0.5 * strength),
            LowPassFilter(min_cutoff_freq=4500, max_cutoff_freq=7500, p=0.2 * strength),
            Gain(min_gain_db=-8, max_gain_db=0, p=0.3 * strength),
        ]
    )
    return _SpeedThenEffects(_SPEED_PROBABILITY * strength, effects)


@dataclass(frozen=True)
class _SpeedThenEffects:
    """A class and not a closure, so that every platform can send it to data loader processes."""

    speed_probability: float
    effects: Callable[..., np.ndarray]

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        if np.random.random() < self.speed_probability:
            samples = change_speed(samples, np.random.uniform(_SLOWEST, _FASTEST))
        return self.effects(samples, sample_rate=RATE)


def change_speed(samples: np.ndarray, factor: float) -> np.ndarray:
    """Resample so that speech is ``factor`` times faster: float32.

    Pitch and formants move along (Ko et al., 2015). Linear interpolation is enough here: its
    small loss of high frequencies is one more channel variation.
    """
    positions = np.arange(0, len(samples) - 1, factor, dtype=np.float64)
    return np.interp(positions, np.arange(len(samples)), samples).astype(np.float32)
