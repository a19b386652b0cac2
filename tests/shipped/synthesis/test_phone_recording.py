"""Clean speech as a telephone in a room records it."""

from dataclasses import replace

import numpy as np
import pytest

from speakor_common.audio import RATE
from speakor_common.shipped.synthesis.phone_recording import record_speech
from speakor_common.shipped.synthesis.voices import make_speaker
from tests.builders import tone

MICROPHONE = replace(
    make_speaker("VN0001", "VN", "test", 0, seed=1).microphone,
    snr_db=40,
    clicks=False,
    edge_s=1.0,
)


def test_a_recording_has_the_microphones_level_and_is_the_same_again():
    recorded = record_speech(tone(1.0), MICROPHONE, (), seed=1)
    assert recorded.dtype == np.float32
    assert np.abs(recorded).max() == pytest.approx(MICROPHONE.peak, abs=1e-6)
    assert np.array_equal(recorded, record_speech(tone(1.0), MICROPHONE, (), seed=1))
    assert not np.array_equal(recorded, record_speech(tone(1.0), MICROPHONE, (), seed=2)[:16000])


def test_the_room_is_heard_before_and_after_speech():
    lengths = {
        len(record_speech(tone(1.0), MICROPHONE, (), seed=seed)) / RATE for seed in range(20)
    }
    assert min(lengths) >= 1.0
    assert max(lengths) > 1.5
    assert max(lengths) < 1.0 + 2 * MICROPHONE.edge_s + MICROPHONE.echo_s


def test_knocks_and_clicks_are_heard():
    quiet = record_speech(tone(1.0), MICROPHONE, (), seed=3)
    knocked = record_speech(tone(1.0), MICROPHONE, (1.0,), seed=3)
    assert np.abs(knocked[-1600:]).max() > 3 * np.abs(quiet[-1600:]).max()

    clicked = record_speech(tone(1.0), replace(MICROPHONE, clicks=True), (), seed=3)
    assert np.abs(clicked[:320]).max() > 3 * np.abs(quiet[:320]).max()
