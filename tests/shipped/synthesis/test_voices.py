"""Speakers and their microphones."""

import numpy as np
import pytest

from speakor_common.shipped.synthesis.voices import VOICES, make_speakers, record_speech
from tests.builders import tone


def test_speakers_follow_the_seed_and_do_not_change_when_there_are_more():
    assert make_speakers("VN", 3, 1) == make_speakers("VN", 7, 1)[:3] != make_speakers("VN", 3, 2)


@pytest.mark.parametrize("l1", ["KR", "VN"])
def test_a_speaker_is_a_mixture_of_voices(l1):
    for speaker in make_speakers(l1, 7, 1):
        assert len(speaker.mix) == len(VOICES) and sum(speaker.mix) == pytest.approx(1, abs=1e-3)
        assert (speaker.level is None) == (l1 == "KR") == (speaker.learning_months == 0)


def test_a_recording_has_the_speakers_level_and_its_knocks():
    speaker = make_speakers("VN", 1, 1)[0]
    speech = np.concatenate([tone(1.0), np.zeros(16_000, np.float32)])
    quiet = record_speech(speech, speaker, (), seed=1)
    knocked = record_speech(speech, speaker, (1.0,), seed=1)
    assert quiet.dtype == np.float32 and np.abs(quiet).max() == pytest.approx(speaker.peak)
    assert np.abs(knocked[-1600:]).max() > 3 * np.abs(quiet[-1600:]).max()
    assert np.array_equal(quiet, record_speech(speech, speaker, (), seed=1))
