"""Degraded conditions: what they do to a clip, and that they do it again."""

import numpy as np
import pytest

from speakor_common.batching import conditions
from speakor_common.errors import SpeakorError
from tests.builders import tone


@pytest.mark.parametrize("condition", conditions.CONDITIONS)
def test_conditions_change_the_sound_and_are_repeatable(condition):
    clean = tone(1.0)
    first, second = (conditions.degrade(clean, condition, "u1") for _ in range(2))
    assert np.array_equal(first, second) and first.shape == clean.shape and np.isfinite(first).all()
    assert not np.allclose(first, clean, atol=1e-4)


@pytest.mark.parametrize("kind", conditions.NOISES)
def test_noise_conditions_have_their_level(kind):
    clean = np.sin(np.arange(32_000) / 5).astype(np.float32) * 0.5
    noise = conditions.degrade(clean, conditions.noise_name(kind, 10), "u1") - clean
    assert 10 * np.log10(np.mean(clean**2) / np.mean(noise**2)) == pytest.approx(10, abs=1)


def test_clean_is_the_clip_itself_and_an_unknown_name_is_an_error():
    clean = tone(1.0)
    assert conditions.degrade(clean, conditions.CLEAN, "u1") is clean
    with pytest.raises(SpeakorError, match=r"'pink'; known are: clean, .*pink noise 10 dB"):
        conditions.degrade(clean, "pink", "u1")


@pytest.mark.parametrize("condition", ["room", conditions.REAL])
def test_every_clip_gets_an_echo_of_its_own(condition):
    clean = tone(1.0)
    first = conditions.degrade(clean, condition, "u1")
    second = conditions.degrade(clean, condition, "u2")
    quieter = conditions.degrade(0.5 * clean, "room", "u1")
    assert not np.allclose(first, second, atol=1e-3)
    assert condition != "room" or np.allclose(quieter, 0.5 * first, atol=1e-5)


@pytest.mark.parametrize("condition", conditions.CONDITIONS)
def test_degrading_leaves_the_random_numbers_of_others_alone(condition):
    np.random.seed(7)
    conditions.degrade(tone(0.5), condition, "u1")
    drawn = np.random.random()
    np.random.seed(7)
    assert drawn == np.random.random()


def test_silence_gets_no_noise_shaped_like_it():
    silence = np.zeros(16_000, np.float32)
    noisy = conditions.degrade(silence, conditions.noise_name("speech-shaped", 5), "u1")
    assert np.array_equal(noisy, silence)
