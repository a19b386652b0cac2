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

from speakor_common.audio import RATE

VOICES = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")

# Native speech first: the base is trained on it while the rest is still being rendered.
L1_CODES = {"KR": "한국어", "JP": "일본어", "CN": "중국어", "VN": "베트남어", "EN": "영어"}
COUNTRIES = {"JP": "일본", "CN": "중국", "VN": "베트남", "EN": "미국", "KR": "한국"}

_RATES = {"하": (0.86, 0.98), "중": (0.94, 1.06), "상": (1.02, 1.14), None: (1.06, 1.24)}
_TOPIK = {
    "하": ("1", "2", "해당 없음"),
    "중": ("3", "4"),
    "상": ("5", "6"),
    None: ("해당 없음",),
}
_LEARNING_MONTHS = {"하": (3, 12), "중": (10, 30), "상": (24, 72)}  # natives: none
_KNOCK = RATE // 10  # samples, 0.1 s
_DECAY = 300  # samples in which a knock falls to 37 %
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
    """Draws in a fixed order, so that a speaker is a function of seed, L1 and number."""
    level = None if l1 == "KR" else _LEVELS[(number - 1) % len(_LEVELS)]
    gender = "M" if number % 2 == 0 else "F"
    mix = _mix(gender, rng)
    pitches = (0.88, 1.0) if gender == "M" else (0.94, 1.1)

    # person
    topik = rng.choice(_TOPIK[level])
    birth_year = rng.randint(1975, 2004)
    months = {name: rng.randint(*span) for name, span in _LEARNING_MONTHS.items()}

    # voice, then microphone
    return Speaker(
        speaker_id=f"{l1}{number:04d}",
        l1=l1,
        gender=gender,
        level=level,
        topik=topik,
        birth_year=birth_year,
        learning_months=months.get(level, 0),
        mix=mix,
        rate=round(rng.uniform(*_RATES[level]), 3),
        pitch=round(rng.uniform(*pitches), 3),
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


def record_speech(
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

    # microphone: spectral tilt above 2 kHz and an upper band edge
    high = sosfilt(_butter(2, 2000, "high"), speech)
    shaped = speech + (10 ** (speaker.tilt_db / 20) - 1) * high
    shaped = sosfilt(_butter(4, speaker.cutoff_hz, "low"), shaped)
    level = np.sqrt(np.mean(shaped**2)) + 1e-9

    # room: dull noise at the speaker's signal-to-noise ratio
    room = sosfilt(_butter(1, 1200, "low"), rng.standard_normal(len(shaped)))
    shaped = shaped + room / np.sqrt(np.mean(room**2)) * level * 10 ** (-speaker.snr_db / 20)

    # knocks: bursts as loud as the speech that die away
    for position in noise_bursts:
        start = int(position * max(1, len(shaped) - _KNOCK))
        burst = rng.standard_normal(_KNOCK) * np.exp(-np.arange(_KNOCK) / _DECAY) * level
        shaped[start : start + _KNOCK] += burst[: len(shaped[start : start + _KNOCK])]
    return (shaped * (speaker.peak / np.max(np.abs(shaped)))).astype(np.float32)


def _butter(order: int, hertz: int, kind: str) -> np.ndarray:
    return butter(order, hertz, kind, fs=RATE, output="sos")
