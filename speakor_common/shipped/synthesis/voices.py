"""Who speaks: synthetic speakers and their recording channel.

A speaker is a mixture of Kokoro's five Japanese style vectors, a speaking rate, a
pitch-and-formant factor (the waveform is resampled and the synthesis slowed to match,
so five voices become many) and a microphone: spectral tilt, band edge, room noise, gain.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt

VOICES = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")

# Native speech first: the base checkpoint is trained on it while the rest is still being rendered.
L1_CODES = {"KR": "한국어", "JP": "일본어", "CN": "중국어", "VN": "베트남어", "EN": "영어"}
COUNTRIES = {"JP": "일본", "CN": "중국", "VN": "베트남", "EN": "미국", "KR": "한국"}

_RATES = {"하": (0.86, 0.98), "중": (0.94, 1.06), "상": (1.02, 1.14), None: (1.06, 1.24)}
_LEVELS = ("하", "중", "상", "하", "중", "상", "하")  # dealt in turn within an L1


@dataclass(frozen=True)
class Speaker:
    """One synthetic speaker.

    Attributes:
        speaker_id: AI Hub form, L1 code and four digits.
        l1: key of :data:`L1_CODES`.
        level: overall level 상, 중 or 하; ``None`` for native speakers.
        mix: weight of each voice in :data:`VOICES`, sums to 1.
        rate: speaking rate, 1.0 as the voice was trained.
        pitch: factor on fundamental and formants, 1.0 unchanged.
        tilt_db: gain of the band above 2 kHz.
        cutoff_hz: upper band edge of the microphone.
        snr_db: speech level over the constant room noise.
        peak: peak amplitude of the recording, full scale 1.0.
    """

    speaker_id: str
    l1: str
    gender: str
    level: str | None
    topik: str
    birth_year: int
    learning_months: int
    mix: tuple[float, ...]
    rate: float
    pitch: float
    tilt_db: float
    cutoff_hz: int
    snr_db: float
    peak: float


def make_speakers(l1: str, count: int, seed: int) -> list[Speaker]:
    """``count`` speakers of one first language; levels are dealt in turn."""
    return [
        _make_speaker(l1, number, random.Random(f"{seed}/{l1}/{number}"))
        for number in range(1, count + 1)
    ]


def _make_speaker(l1: str, number: int, rng: random.Random) -> Speaker:
    level = None if l1 == "KR" else _LEVELS[(number - 1) % len(_LEVELS)]
    gender = "M" if number % 2 == 0 else "F"
    mix = _mix(gender, rng)
    topik = {
        "하": ("1", "2", "해당 없음"),
        "중": ("3", "4"),
        "상": ("5", "6"),
        None: ("해당 없음",),
    }[level]
    return Speaker(
        speaker_id=f"{l1}{number:04d}",
        l1=l1,
        gender=gender,
        level=level,
        topik=rng.choice(topik),
        birth_year=rng.randint(1975, 2004),
        learning_months={
            "하": rng.randint(3, 12),
            "중": rng.randint(10, 30),
            "상": rng.randint(24, 72),
            None: 0,
        }[level],
        mix=mix,
        rate=round(rng.uniform(*_RATES[level]), 3),
        pitch=round(rng.uniform(0.88, 1.0) if gender == "M" else rng.uniform(0.94, 1.1), 3),
        tilt_db=round(rng.uniform(-6, 3), 1),
        cutoff_hz=rng.choice((5500, 6500, 7600)),
        snr_db=round(rng.uniform(24, 42), 1),
        peak=round(rng.uniform(0.25, 0.9), 2),
    )


def _mix(gender: str, rng: random.Random) -> tuple[float, ...]:
    """Mostly one voice with one or two others; male speakers lean on the one male voice."""
    weights = [rng.gammavariate(0.6, 1.0) for _ in VOICES]
    weights[-1] = 0.0
    total = sum(weights)
    weights = [w / total for w in weights]
    if gender == "M":
        share = rng.uniform(0.65, 1.0)
        weights = [w * (1 - share) for w in weights[:-1]] + [share]
    return tuple(round(w, 4) for w in weights)


def record(
    speech: np.ndarray, speaker: Speaker, noise_bursts: tuple[float, ...], seed: int
) -> np.ndarray:
    """Pass clean speech through the speaker's microphone and room.

    Args:
        speech: float32, shape = (samples,), 16 kHz.
        noise_bursts: positions (share of the clip, 0-1) of short knocks, for noise tags.

    Returns:
        float32, shape = (samples,), peak ``speaker.peak``.
    """
    rng = np.random.default_rng(seed)
    high = sosfilt(butter(2, 2000, "high", fs=16000, output="sos"), speech)
    shaped = speech + (10 ** (speaker.tilt_db / 20) - 1) * high
    shaped = sosfilt(butter(4, speaker.cutoff_hz, "low", fs=16000, output="sos"), shaped)
    level = np.sqrt(np.mean(shaped**2)) + 1e-9
    room = sosfilt(butter(1, 1200, "low", fs=16000, output="sos"), rng.standard_normal(len(shaped)))
    shaped = shaped + room / np.sqrt(np.mean(room**2)) * level * 10 ** (-speaker.snr_db / 20)
    for position in noise_bursts:
        start = int(position * max(1, len(shaped) - 1600))
        burst = rng.standard_normal(1600) * np.exp(-np.arange(1600) / 300) * level
        shaped[start : start + 1600] += burst[: len(shaped[start : start + 1600])]
    return (shaped * (speaker.peak / np.max(np.abs(shaped)))).astype(np.float32)
