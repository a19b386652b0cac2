"""Loaded models: long files, hardly any audio, unknown directories."""

import numpy as np
import pytest

from speakor_common.errors import CheckpointError
from speakor_common.recognition.recognisers import _windows
from speakor_common.recognition.transcriber import Transcriber, transcribe_audio
from tests.builders import encoded, tiny_ctc, tone, write


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_ctc(tmp_path_factory.mktemp("model"))


@pytest.mark.parametrize("samples", [1, 399, 400, 800])
def test_a_clip_of_hardly_a_frame_is_no_error(model, samples):
    transcript = Transcriber.from_pretrained(model).transcribe(
        [(np.full(samples, 0.1, np.float32), 16_000)]
    )[0]
    assert transcript.words == () or transcript.words[-1].end_s <= transcript.duration_s


def test_transcriber_keeps_order_and_takes_any_source(model, tmp_path):
    path = write(tmp_path / "a.wav", encoded(tone(0.7)))
    found = Transcriber.from_pretrained(model).transcribe(
        [path, encoded(tone(2.0)), (tone(1.0), 16_000)]
    )
    assert [t.duration_s for t in found] == [0.7, 2.0, 1.0] and found[0].source == str(path)
    assert transcribe_audio(path, model) == found[0].text


def test_long_files_are_stitched_without_losing_frames(model):
    recogniser = Transcriber.from_pretrained(model).recogniser
    wave = np.tile(tone(5.0), 9)
    frames = recogniser.log_probabilities([wave])[0].shape[0]
    assert abs(frames - len(wave) / 16_000 * 50) <= 3
    kept = [(last or len(piece)) - first for piece, first, last in _windows(wave)]
    assert sum(kept) == len(wave)


def test_unknown_model_and_wrong_kind(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CheckpointError, match="was not found"):
        Transcriber.from_pretrained(tmp_path / "none")
    write(tmp_path / "config.json", b'{"model_type": "bert"}')
    with pytest.raises(CheckpointError, match="'bert'; expected wav2vec2 or whisper"):
        Transcriber.from_pretrained(tmp_path)
