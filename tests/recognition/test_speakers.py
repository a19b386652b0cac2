"""Turns from windows: voices and speech are given, what becomes of them is looked at."""

import numpy as np
import pytest

from speakor_common.audio import RATE
from speakor_common.models import speaker_encoder
from speakor_common.models.voice_activity import WINDOW
from speakor_common.recognition import speakers
from speakor_common.recognition.speakers import Turn, separate_speakers, speech_stretches
from tests.builders import tone

SIZE = speaker_encoder.SIZE
STEP = WINDOW / RATE  # seconds of a decision of the detector


@pytest.fixture(autouse=True)
def heard(monkeypatch):
    """Speech is what is loud; a voice is its frequency: 100 Hz the first, 200 Hz the second."""

    def loud(samples):
        whole = np.pad(samples, (0, -len(samples) % WINDOW)).reshape(-1, WINDOW)
        return (np.abs(whole).max(axis=1) > 0.05).astype(np.float32)

    def by_frequency(clips, step):
        vectors = []
        for clip in clips:
            count = max(1, (len(clip) - 160 * 160) // (160 * step) + 1)
            crossings = int(np.sum(np.diff(np.sign(clip)) > 0) * RATE / len(clip))
            vectors.append(np.eye(SIZE, dtype=np.float32)[[crossings // 100] * count])
        return vectors

    monkeypatch.setattr(speakers, "speech_probabilities", loud)
    monkeypatch.setattr(speaker_encoder, "window_vectors", by_frequency)


def talk(*parts):
    """Tones of seconds and frequency one after the other; a frequency of 0 is silence."""
    pieces = []
    for seconds, frequency in parts:
        time = np.arange(round(seconds * RATE)) / RATE
        pieces.append(0.3 * np.sin(2 * np.pi * (frequency + 50) * time) * (frequency > 0))
    return np.concatenate(pieces).astype(np.float32)


CONVERSATION = talk(
    (0.5, 0), (3.0, 200), (0.5, 0), (2.0, 100), (0.2, 0), (2.5, 100), (0.6, 0), (4.0, 200), (0.5, 0)
)


@pytest.mark.parametrize("number", [2, None])
def test_turns_of_two_voices_are_numbered_as_they_are_heard(number):
    found = separate_speakers(CONVERSATION, number)
    assert found.status == "ok"
    expected = [Turn(1, 0.5, 3.5), Turn(2, 4.0, 8.7), Turn(1, 9.3, 13.3)]  # the short pause is none
    assert [turn.speaker for turn in found.turns] == [1, 2, 1]
    for turn, true in zip(found.turns, expected, strict=True):
        assert turn[1:] == pytest.approx(true[1:], abs=2 * STEP)
    assert [voice.speech_s for voice in found.voices] == pytest.approx([7.0, 4.7], abs=4 * STEP)


def test_a_voice_is_heard_in_its_longest_stretch_and_alone_in_what_is_left():
    found = separate_speakers(CONVERSATION, 2)
    first, second = found.voices
    assert first.sample[1:] == pytest.approx((9.3, 13.3), abs=2 * STEP)
    assert second.sample.speaker == 2 and 3.9 <= second.sample.start_s < second.sample.end_s <= 8.8

    left = found.only(CONVERSATION, 2)
    assert left.shape == CONVERSATION.shape and left.dtype == np.float32
    assert np.array_equal(left[5 * RATE : 6 * RATE], CONVERSATION[5 * RATE : 6 * RATE])
    assert not left[: 3 * RATE].any() and not left[10 * RATE :].any()
    with pytest.raises(ValueError, match="no speaker 3; 2 were found"):
        found.only(CONVERSATION, 3)


def test_a_sample_keeps_away_from_another_voice_and_is_not_long():
    turns = (Turn(1, 0.0, 3.0), Turn(2, 3.0, 6.0), Turn(1, 6.2, 20.0))
    first, second = speakers._voices(turns)
    assert first.sample == Turn(1, pytest.approx(6.3), pytest.approx(14.3))
    assert second.sample == Turn(2, pytest.approx(3.3), pytest.approx(5.9))


@pytest.mark.parametrize(
    ("samples", "number", "status", "count"),
    [
        (talk((3.0, 0)), None, "no_speech", 0),
        (np.zeros(0, np.float32), 2, "no_speech", 0),
        (talk((0.5, 0), (0.6, 100), (0.5, 0)), 2, "too_short", 1),
        (talk((0.5, 0), (6.0, 100), (0.5, 0), (5.0, 100)), None, "one_voice", 1),
        (talk((0.5, 0), (6.0, 100), (0.5, 0), (5.0, 200)), 1, "one_voice", 1),
        # Two are asked for, but every window is the same.
        (talk((0.5, 0), (6.0, 100), (0.5, 0), (5.0, 100)), 2, "one_voice", 1),
    ],
)
def test_statuses(samples, number, status, count):
    found = separate_speakers(samples, number)
    assert (found.status, len(found.voices)) == (status, count)
    assert bool(found.turns) == bool(count)


@pytest.mark.parametrize("number", [0, 9])
def test_an_impossible_number_is_refused(number):
    with pytest.raises(ValueError, match=f"speakers is {number}, expected 1 to 8"):
        separate_speakers(CONVERSATION, number)


def test_stretches_end_in_pauses_and_leave_out_clicks():
    samples = talk((0.5, 0), (1.0, 100), (0.05, 0), (1.0, 100), (1.0, 0), (0.03, 100), (0.5, 0))
    stretches = speech_stretches(samples)
    assert len(stretches) == 1
    assert np.array(stretches[0]) / RATE == pytest.approx((0.5, 2.55), abs=2 * STEP)


def test_what_is_encoded_is_as_loud_as_the_encoder_knows_and_fills_a_window():
    stretch = speakers._loud_and_long(0.01 * tone(0.5))
    assert len(stretch) == 1.6 * RATE and stretch.dtype == np.float32
    assert 20 * np.log10(np.sqrt(np.mean(stretch[: RATE // 2] ** 2))) == pytest.approx(-30, abs=0.1)
    assert len(speakers._loud_and_long(tone(3.0))) == 3 * RATE
