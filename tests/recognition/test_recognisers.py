"""Which recogniser a model directory gets."""

import json

import numpy as np
import pytest

from speakor_common.decoding.words import Hypothesis
from speakor_common.errors import CheckpointError
from speakor_common.recognition.ctc_recogniser import CTCRecogniser
from speakor_common.recognition.recognisers import RECOGNISERS, load_recogniser
from speakor_common.recognition.segments import SegmentLengths
from speakor_common.recognition.transcriber import Transcriber
from speakor_common.recognition.whisper_recogniser import WhisperRecogniser
from tests.builders import tiny_ctc, tiny_whisper, tone, write


@pytest.mark.parametrize(
    ("model_type", "recogniser"),
    [
        ("wav2vec2", CTCRecogniser),
        ("hubert", CTCRecogniser),
        ("wavlm", CTCRecogniser),
        ("wav2vec2-bert", CTCRecogniser),
        ("data2vec-audio", CTCRecogniser),
        ("whisper", WhisperRecogniser),
    ],
)
def test_the_model_type_decides(model_type, recogniser):
    assert RECOGNISERS[model_type] is recogniser


def test_an_adapter_is_recognised_with_as_its_base_is(tmp_path, monkeypatch):
    base = tiny_whisper(tmp_path / "base")
    content = json.dumps({"base_model_name_or_path": str(base)}).encode()
    write(tmp_path / "adapter" / "adapter_config.json", content)
    monkeypatch.setitem(RECOGNISERS, "whisper", lambda directory, device: (directory, device))
    assert load_recogniser(tmp_path / "adapter", "cpu") == (tmp_path / "adapter", "cpu")


def test_an_unknown_model_type_is_an_error_that_lists_the_known_ones(tmp_path):
    write(tmp_path / "config.json", b'{"model_type": "bert"}')
    with pytest.raises(CheckpointError, match=r"'bert'; expected one of .*wav2vec2.*whisper"):
        load_recogniser(tmp_path)
    (tmp_path / "config.json").unlink()
    with pytest.raises(CheckpointError, match="model type None"):
        load_recogniser(tmp_path)


class Counting:
    """A recogniser that says how long a clip is."""

    segment_lengths = SegmentLengths(1.0, 30.0)

    def __init__(self, directory, device):
        self.unit = (directory / "unit.txt").read_text()

    def recognise(self, waves):
        return [Hypothesis(f"{len(wave) // 16_000} {self.unit}") for wave in waves]


def test_a_recogniser_is_added_by_one_entry(tmp_path, monkeypatch):
    monkeypatch.setitem(RECOGNISERS, "counting", Counting)
    write(tmp_path / "config.json", b'{"model_type": "counting"}')
    write(tmp_path / "unit.txt", "초".encode())
    transcriber = Transcriber.from_pretrained(tmp_path)
    hypotheses = transcriber.recogniser.recognise([tone(3.0)])
    assert [hypothesis.text for hypothesis in hypotheses] == ["3 초"]


def test_a_device_that_is_not_there_is_not_asked_for(tmp_path):
    recogniser = load_recogniser(tiny_ctc(tmp_path))
    assert len(recogniser.recognise([np.zeros(16_000, np.float32)])) == 1
