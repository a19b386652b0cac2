"""Augmented training clips."""

import pickle

import numpy as np
import pytest

from speakor_common.audio import RATE
from speakor_common.batching.augment import (
    change_speed,
    random_clicks,
    random_room,
    training_transform,
)
from tests.builders import tone


def test_no_strength_is_no_augmentation():
    assert training_transform(0.0) is None


def test_augmentation_changes_sound_and_speed_but_stays_finite():
    transform = pickle.loads(pickle.dumps(training_transform(1.0)))  # loader processes get a copy
    outputs = [transform(tone(1.0)) for _ in range(40)]

    assert all(np.isfinite(output).all() and output.dtype == np.float32 for output in outputs)
    assert len({len(output) for output in outputs}) > 1
    assert len(change_speed(tone(1.0), 2.0)) == pytest.approx(8000, abs=2)


def test_a_room_goes_on_sounding_after_the_sound():
    samples = np.zeros(RATE, np.float32)
    samples[: RATE // 10] = tone(0.1)
    echoed = random_room(samples, RATE)

    assert len(echoed) == len(samples)
    assert echoed.dtype == np.float32
    assert np.abs(echoed[RATE // 10 : RATE // 5]).max() > 0
    assert np.abs(samples[RATE // 10 :]).max() == 0


@pytest.mark.parametrize("count", [0, 100, RATE])
def test_clicks_stand_at_the_ends_only(count):
    samples = np.full(count, 0.1, np.float32)
    clicked = random_clicks(samples, RATE)

    assert len(clicked) == count
    middle = slice(RATE // 50, -RATE // 50)
    assert np.array_equal(clicked[middle], samples[middle])
    assert count == 0 or not np.array_equal(clicked, samples)
