"""Degraded conditions: what they do to a clip, and that they do it again."""

import numpy as np
import pytest

from speakor_common.batching import conditions
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
