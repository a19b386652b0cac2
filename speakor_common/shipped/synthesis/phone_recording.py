"""What a telephone in a room makes of clean speech.

A recording begins and ends with a button: there is a click, and the room alone is heard until the
speaker begins. Echo, noise, band and level are the speaker's own
(:class:`~speakor_common.shipped.synthesis.voices.Microphone`).
"""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from speakor_common.audio import RATE
from speakor_common.shipped.synthesis.voices import Microphone

_KNOCK = RATE // 10  # samples, 0.1 s
_CLICK = RATE // 50  # samples, 20 ms
_CLICK_DB = (-22.0, -4.0)  # relative to the loudest sample of speech
_QUIET_S = (0.0, 0.12)  # of a recording whose speaker begins at once
_BEGINS_AT_ONCE = 0.25  # share of recordings' ends


def record_speech(
    speech: np.ndarray, microphone: Microphone, noise_bursts: tuple[float, ...], seed: int
) -> np.ndarray:
    """Pass clean speech through a room and a microphone.

    Args:
        speech: float32, shape = (samples,), 16 kHz, with hardly any silence at its ends.
        noise_bursts: positions (share of the clip, 0-1) of short knocks, for noise tags.

    Returns:
        float32, shape = (samples,), longer by the time before and after speech.
    """
    rng = np.random.default_rng(seed)
    before = _edge(microphone, rng)
    after = _edge(microphone, rng)
    sound = np.pad(_in_room(speech, microphone, rng), (before, after))

    # The room's noise at the speaker's signal-to-noise ratio.
    level = np.sqrt(np.mean(speech**2)) + 1e-9
    room = sosfilt(_butter(1, microphone.noise_hz, "low"), rng.standard_normal(len(sound)))
    room *= level * 10 ** (-microphone.snr_db / 20) / np.sqrt(np.mean(room**2))
    sound = sound + room

    # Button and knocks.
    loudest = np.max(np.abs(speech))
    if microphone.clicks:
        for start in (0, len(sound) - 2 * _CLICK):
            gain = loudest * 10 ** (rng.uniform(*_CLICK_DB) / 20)
            _add_burst(sound, start, _CLICK, 40, gain, rng)
    for position in noise_bursts:
        start = int(position * max(1, len(sound) - _KNOCK))
        _add_burst(sound, start, _KNOCK, 300, level, rng)

    # The microphone: tilt above 2 kHz, band edges, level.
    high = sosfilt(_butter(2, 2000, "high"), sound)
    shaped = sound + (10 ** (microphone.tilt_db / 20) - 1) * high
    shaped = sosfilt(_butter(2, microphone.low_hz, "high"), shaped)
    shaped = sosfilt(_butter(4, microphone.high_hz, "low"), shaped)
    return (shaped * (microphone.peak / np.max(np.abs(shaped)))).astype(np.float32)


def _edge(microphone: Microphone, rng: np.random.Generator) -> int:
    """Samples between button and speech; a share of speakers' recordings begins at once."""
    if rng.random() < _BEGINS_AT_ONCE:
        return int(rng.uniform(*_QUIET_S) * RATE)
    return int(rng.uniform(0, microphone.edge_s) * RATE)


def _in_room(speech: np.ndarray, microphone: Microphone, rng: np.random.Generator) -> np.ndarray:
    """Direct sound and an echo of noise that dies away."""
    length = int(microphone.echo_s * RATE)
    falling = 10 ** (-3 * np.arange(length) / length)  # by 60 dB
    echo = rng.standard_normal(length) * falling
    echo[: RATE // 200] = 0  # the nearest wall is 5 ms away
    echo *= 10 ** (microphone.echo_db / 20) / np.sqrt(np.sum(echo**2))
    echo[0] = 1.0
    return fftconvolve(speech, echo)[: len(speech) + length // 4]


def _add_burst(
    sound: np.ndarray, start: int, length: int, decay: int, gain: float, rng: np.random.Generator
) -> None:
    """Add noise that dies away, in place; ``decay`` in samples to 37 %."""
    burst = gain * rng.standard_normal(length) * np.exp(-np.arange(length) / decay)
    room = sound[start : start + length]
    room += burst[: len(room)]


def _butter(order: int, hertz: int, kind: str) -> np.ndarray:
    return butter(order, hertz, kind, fs=RATE, output="sos")
