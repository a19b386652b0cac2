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
from speakor_common.batching.conditions import mobile_codec, room_echo

_SPEED_PROBABILITY = 0.85
_SLOWEST = 0.84
_FASTEST = 1.2
_RT60_S = (0.1, 0.7)  # time in which a room's sound falls by 60 dB
_DIRECT_DB = (0.0, 20.0)  # by how much the direct sound is louder than the echo
_CLICK = RATE // 50  # samples, 20 ms
_CLICK_DECAY = 40  # samples in which a click falls to 37 %
_CLICK_GAIN = (0.1, 1.0)  # relative to the loudest sample


def training_transform(strength: float) -> Transform | None:
    """Speed, room, noise, tilt, telephone, clicks and gain for training.

    Args:
        strength: 0 none, 1 full probability of each effect.

    Returns:
        ``None`` for strength 0, else a function from and to 16 kHz float32 samples.
    """
    if strength <= 0:
        return None
    from audiomentations import (
        AddColorNoise,
        BandPassFilter,
        Compose,
        Gain,
        HighShelfFilter,
        Lambda,
        LowPassFilter,
    )

    effects = Compose(
        [
            # the room
            Lambda(random_room, p=0.3 * strength),
            AddColorNoise(min_snr_db=10, max_snr_db=35, p=0.4 * strength),
            Lambda(random_clicks, p=0.2 * strength),
            # the device
            HighShelfFilter(min_gain_db=-8, max_gain_db=5, p=0.5 * strength),
            LowPassFilter(min_cutoff_freq=4500, max_cutoff_freq=7500, p=0.2 * strength),
            BandPassFilter(
                min_center_freq=900,
                max_center_freq=1100,
                min_bandwidth_fraction=1.8,
                max_bandwidth_fraction=1.99,
                p=0.1 * strength,
            ),
            Lambda(mobile_codec, p=0.05 * strength),
            Gain(min_gain_db=-12, max_gain_db=0, p=0.4 * strength),
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


def random_room(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """The echo of a room drawn at random: float32, as long as the samples."""
    return room_echo(
        samples,
        sample_rate,
        rt60_s=np.random.uniform(*_RT60_S),
        direct_db=np.random.uniform(*_DIRECT_DB),
    )


def random_clicks(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """A click at each end, as of a button that begins and ends a recording."""
    clicked = samples.copy()
    loudest = np.max(np.abs(samples), initial=0.0)
    decay = np.exp(-np.arange(_CLICK) / _CLICK_DECAY)
    for ends in (clicked[:_CLICK], clicked[-_CLICK:]):
        gain = loudest * np.random.uniform(*_CLICK_GAIN)
        ends += (gain * np.random.standard_normal(_CLICK) * decay)[: len(ends)]
    return clicked
