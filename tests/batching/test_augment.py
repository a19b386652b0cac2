"""Augmented training clips."""

import numpy as np
import pytest

from speakor_common.batching.augment import change_speed, training_transform
from tests.builders import tone


def test_augmentation_changes_sound_and_speed_but_stays_finite():
    assert training_transform(0.0) is None
    transform = training_transform(1.0)
    outputs = [transform(tone(1.0)) for _ in range(6)]
    assert (
        all(np.isfinite(o).all() and o.dtype == np.float32 for o in outputs)
        and len({len(o) for o in outputs}) > 1
    )
    assert len(change_speed(tone(1.0), 2.0)) == pytest.approx(8000, abs=2)
