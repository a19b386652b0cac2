"""Loudness: speech decides it, not the loudest sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common import audio
from tests.builders import tone

RNG = np.random.default_rng(0)


def speech(level: float, seconds: float = 2.0) -> np.ndarray:
    """Noise in syllables: four bursts a second."""
    time = np.arange(int(seconds * audio.RATE)) / audio.RATE
    envelope = np.clip(np.sin(2 * np.pi * 4 * time), 0, None)
    return (level * envelope * RNG.uniform(-1, 1, len(time))).astype(np.float32)


def test_levelling_keeps_silence_silent():
    assert np.abs(audio.level_speech(tone() * 0.01)).max() == pytest.approx(0.95)
    assert not audio.level_speech(np.zeros(10, np.float32)).any()


def test_speech_alone_is_scaled_by_its_loudest_sample():
    voice = speech(0.05)
    assert np.allclose(audio.level_speech(voice), voice * (0.95 / np.abs(voice).max()))


@pytest.mark.parametrize("disturbance_s", [0.001, 0.02, 0.3])
def test_a_click_or_a_beep_does_not_decide_how_loud_speech_is(disturbance_s):
    voice = speech(0.05, 3.0)
    click = 0.99 * np.sign(tone(disturbance_s))
    quiet = np.zeros(3200, np.float32)
    samples = np.concatenate([click, quiet, voice]).astype(np.float32)
    spoken = audio.level_speech(samples)[-len(voice) :]
    assert audio.rms_db(spoken) > audio.rms_db(audio.level_speech(voice)) - 12
    assert np.abs(audio.level_speech(samples)).max() <= 0.951


def test_a_long_silence_does_not_make_speech_an_outlier():
    voice = speech(0.2, 0.5)
    room = 5e-4 * RNG.uniform(-1, 1, 20 * audio.RATE)
    samples = np.concatenate([room, voice]).astype(np.float32)
    assert np.isinf(audio.measure_level([samples]).limit)


@given(st.integers(1, 40_000), st.lists(st.integers(1, 40_000), max_size=4))
def test_blocks_have_the_level_of_the_whole(length, cuts):
    samples = np.resize(speech(0.1, 1.0), length)
    pieces = np.split(samples, sorted(cut for cut in cuts if cut < length))
    whole = audio.measure_level([samples])
    assert audio.measure_level(pieces).gain == pytest.approx(whole.gain, rel=0.3)
    assert np.abs(whole.apply(samples)).max(initial=0) <= 0.951
