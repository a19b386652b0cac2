"""Whisper as a recogniser, on a random model."""

import pytest

from speakor_common.models import precision, short_context
from speakor_common.recognition import whisper_recogniser
from speakor_common.recognition.whisper_recogniser import WhisperRecogniser
from tests.builders import tiny_whisper, tone


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(precision, "name", lambda: "fp32")
        return WhisperRecogniser(tiny_whisper(tmp_path_factory.mktemp("whisper")), "cpu")


@pytest.mark.parametrize("full_context", [False, True])
def test_clips_of_one_length_share_a_context_and_keep_their_order(
    recogniser, monkeypatch, full_context
):
    contexts = []
    shortened = short_context.shortened_context

    def record(model, positions):
        contexts.append(positions)
        return shortened(model, positions)

    monkeypatch.setattr(whisper_recogniser, "shortened_context", record)
    monkeypatch.setattr(recogniser, "full_context", full_context)
    spoken = [f"{seconds}" for seconds in (2.5, 0.5, 2.9)]
    monkeypatch.setattr(
        recogniser.processor,
        "batch_decode",
        lambda ids, **_: ["나무" if len(ids) == 1 else "바다" for _ in ids],
    )
    hypotheses = recogniser.recognise_segments([tone(float(seconds)) for seconds in spoken])
    assert contexts == ([1500, 1500] if full_context else [50, 150])
    assert [hypothesis.text for hypothesis in hypotheses] == ["바다", "나무", "바다"]
