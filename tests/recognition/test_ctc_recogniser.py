"""CTC recognisers: long files, hardly any audio, batches."""

import numpy as np
import pytest

from speakor_common.audio import RATE
from speakor_common.decoding.output_readings import Reading
from speakor_common.errors import SpeakorError
from speakor_common.recognition import ctc_recogniser
from speakor_common.recognition.ctc_recogniser import CTCRecogniser
from tests.builders import tiny_ctc, tone


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory):
    return CTCRecogniser(tiny_ctc(tmp_path_factory.mktemp("model")), "cpu")


@pytest.mark.parametrize("samples", [0, 1, 399, 400, 800])
def test_a_clip_of_hardly_a_frame_is_no_error(recogniser, samples):
    (hypothesis,) = recogniser.recognise_segments([np.full(samples, 0.1, np.float32)])
    assert all(word.end_s <= samples / RATE for word in hypothesis.words)


@pytest.mark.parametrize("samples_per_frame", [320, 1280, 2560])
@pytest.mark.parametrize("seconds", [19.0, 20.0, 45.0, 60.1])
def test_windows_keep_every_frame_of_a_long_wave_once(samples_per_frame, seconds):
    wave = np.arange(int(seconds * RATE), dtype=np.float32)
    kept = []
    for window in ctc_recogniser._windows(0, wave, samples_per_frame):
        first_frame = int(window.samples[0]) // samples_per_frame
        frames = np.arange(len(window.samples) // samples_per_frame) + first_frame
        kept.extend(frames[window.first : window.last])
        assert window.samples[0] % samples_per_frame == 0
    assert kept == list(range(len(wave) // samples_per_frame))


def test_a_long_wave_has_as_many_frames_as_its_length_asks_for(recogniser):
    wave = np.tile(tone(5.0), 9)
    (log_probabilities,) = recogniser.log_probabilities([wave])
    assert abs(len(log_probabilities) - len(wave) / RATE / recogniser.seconds_per_frame) <= 3


@pytest.mark.parametrize("lengths", [[], [5], [9, 1, 5, 1], [70, 20, 20, 20, 20]])
def test_batches_hold_clips_of_similar_length_and_little_audio(lengths):
    samples = [seconds * RATE for seconds in lengths]
    batches = ctc_recogniser._batches(samples)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(samples[i] for i in batch) <= 60 * RATE


def test_posteriors_by_speed_are_those_of_perturbed_copies(recogniser):
    (by_speed,) = recogniser.posteriors_by_speed([tone(2.0)], (0.5, 2.0))
    frames = [len(posteriors) for posteriors in by_speed]
    assert frames == pytest.approx([100, 200, 50], abs=2)


def test_plain_is_the_strongest_symbol_of_each_frame_whatever_it_spells(recogniser, monkeypatch):
    spelled = ["ᄀ", "", "ᄀ", "", "ᅡ"]  # an onset too many
    vocabulary = recogniser.symbols
    logs = np.full((len(spelled), len(vocabulary)), -9.0, np.float32)
    for frame, symbol in enumerate(spelled):
        logs[frame, vocabulary.index(symbol) if symbol else recogniser.blank] = 0.0
    readings = (Reading.PLAIN, Reading.WHOLE_SYLLABLES)
    monkeypatch.setattr(recogniser, "log_probabilities", lambda waves: [logs for _ in waves])
    read = recogniser.read([tone(1.0)], readings)
    assert read[Reading.PLAIN][0].text == "ㄱ가"
    assert read[Reading.WHOLE_SYLLABLES][0].text == "가"
    assert recogniser.recognise([tone(1.0)]) == read[Reading.WHOLE_SYLLABLES]


def test_language_models_that_are_not_there_cannot_read(recogniser):
    with pytest.raises(SpeakorError, match="no language models"):
        recogniser.read([tone(1.0)], [Reading.LANGUAGE_MODELS])
