"""Clips a model cannot learn from are left out and counted by reason."""

import pytest
from transformers import WhisperProcessor

from speakor_common.errors import TrainingError
from speakor_common.models.ctc import load_ctc
from speakor_common.training.clips import ctc_clips, whisper_clips
from tests.builders import prepared
from tests.training.small import ctc_experiment, whisper_experiment


def changed(data, **columns):
    for name, values in columns.items():
        data = data.remove_columns(name).add_column(name, values)
    return data


def test_clips_too_short_for_their_label_are_left_out_and_counted(ctc_base):
    model, processor = load_ctc(ctc_base)
    data = prepared({"train": 4}, seconds=0.6)["train"]
    long = "아주 긴 문장이 아주 짧은 소리에 붙어 있으면 배울 수 없습니다 정말로"
    data = changed(data, text=[*data["text"][:3], long])
    kept, left_out = ctc_clips(data, model, processor, ctc_experiment(ctc_base).training)
    assert len(kept) == 3 and left_out == {"fewer frames than label needs": 1}


@pytest.mark.parametrize(
    ("changes", "texts", "lengths", "left_out"),
    [
        ({}, ["네", "네"], [16_000, 16_000], {}),
        ({}, ["네", ""], [16_000, 16_000], {"empty label": 1}),
        ({"min_seconds": 0.9}, ["네", "네"], [16_000, 8_000], {"shorter than min_seconds": 1}),
        ({"max_seconds": 0.9}, ["네", "네"], [16_000, 8_000], {"longer than max_seconds": 1}),
    ],
)
def test_reasons_of_ctc(ctc_base, changes, texts, lengths, left_out):
    model, processor = load_ctc(ctc_base)
    data = changed(prepared({"train": 2})["train"], text=texts, length=lengths)
    training = ctc_experiment(ctc_base, **changes).training
    kept, counted = ctc_clips(data, model, processor, training)
    assert counted == left_out and len(kept) == 2 - sum(left_out.values())


def test_a_split_without_a_usable_clip_is_an_error(ctc_base):
    model, processor = load_ctc(ctc_base)
    training = ctc_experiment(ctc_base, min_seconds=5.0).training
    with pytest.raises(TrainingError, match=r"none of 4 .* \{'shorter than min_seconds': 4\}"):
        ctc_clips(prepared({"train": 4})["train"], model, processor, training)


def test_clips_whisper_cannot_take_are_counted(whisper_base):
    processor = WhisperProcessor.from_pretrained(whisper_base)
    data = prepared({"train": 4})["train"]
    data = changed(
        data,
        length=[16_000, 31 * 16_000, 100, 16_000],
        text=[*data["text"][:3], "가" * 500],
    )
    training = whisper_experiment(whisper_base).training
    kept, left_out = whisper_clips(data, processor, training)
    assert kept["utterance_id"][:] == data["utterance_id"][:1]
    assert left_out == {"too long": 1, "too short": 1, "too many label tokens": 1}
