"""Several channels of a recording → one."""

from __future__ import annotations

import numpy as np

# Energy of the channels' mean over that of the strongest channel.
# One silent channel of two leaves 0.25, five of six leave 0.03.
_CANCELLED = 0.01


class ChannelEnergies:
    """Energies of a recording's channels and of their mean, added up block by block."""

    def __init__(self) -> None:
        self.each: np.ndarray | float = 0.0
        self.mean = 0.0

    def add(self, block: np.ndarray) -> ChannelEnergies:
        """Count another block, shape = (samples, channels)."""
        self.each = self.each + np.square(block, dtype=np.float64).sum(axis=0)
        self.mean += float(np.square(block.mean(axis=1), dtype=np.float64).sum())
        return self


def mix_channels(samples: np.ndarray, channels: ChannelEnergies) -> np.ndarray:
    """One channel of several: their mean, or the strongest where the mean would cancel the voice.

    Two channels in opposite phase (a wire swapped, a "wide" effect) add up to silence.

    Args:
        samples: float32, shape = (samples, channels).
    """
    if samples.shape[1] == 1:
        return samples[:, 0]
    strongest = float(np.max(channels.each))
    if channels.mean < _CANCELLED * strongest:
        return samples[:, int(np.argmax(channels.each))]
    return samples.mean(axis=1)
