"""Batches: labels padded with -100, in the units and with the tokens a model is trained on."""

import pytest
import torch
from transformers import Wav2Vec2Processor, WhisperProcessor

from speakor_common.batching.collate import (
    CTCCollator,
    Seq2SeqCollator,
    frames_needed,
    pad_labels,
    to_label_form,
)
from tests.builders import FakeWhisperProcessor, tiny_ctc, tiny_whisper, tone


def test_labels_are_padded_with_minus_100_in_every_batch(tmp_path):
    processor = Wav2Vec2Processor.from_pretrained(tiny_ctc(tmp_path))
    batch = CTCCollator(processor)(
        [{"audio": (tone(s), 16_000), "text": t} for s, t in ((1.0, "저는 학생"), (0.7, "네"))]
    )
    labels = batch["labels"]
    assert labels.dtype == torch.long and labels.shape[0] == 2
    assert (labels[1, 2:] == -100).all() and not (labels == processor.tokenizer.pad_token_id).any()
    assert batch["input_values"].shape == (2, 16_000) and batch["attention_mask"][1].sum() == 11_200
    assert processor.decode(labels[0], group_tokens=False) == to_label_form(
        "저는 학생", processor.tokenizer.get_vocab()
    )


def test_frames_needed_counts_repeats():
    assert frames_needed([1, 2, 2, 3]) == 5 and frames_needed([]) == 0
    assert pad_labels([[1], [1, 2]]).tolist() == [[1, -100], [1, 2]]


def test_labels_ask_for_korean_transcription(tmp_path):
    processor = WhisperProcessor.from_pretrained(
        tiny_whisper(tmp_path), language="ko", task="transcribe"
    )
    start = processor.tokenizer.convert_tokens_to_ids("<|startoftranscript|>")
    batch = Seq2SeqCollator(processor, start)([{"audio": (tone(1.0), 16_000), "text": "네"}])
    spelled = processor.tokenizer.convert_ids_to_tokens(batch["labels"][0])
    assert (
        spelled[:3] == ["<|ko|>", "<|transcribe|>", "<|notimestamps|>"]
        and spelled[-1] == "<|endoftext|>"
    )


def test_collator_strips_the_start_keeps_the_end_and_pads_with_minus_100():
    collator = Seq2SeqCollator(FakeWhisperProcessor(), decoder_start_token_id=2)
    batch = collator(
        [
            {"audio": (tone(seconds), 16_000), "text": text}
            for seconds, text in ((3.1, "가나다"), (1.0, "가"))
        ]
    )
    assert batch["input_features"].shape == (2, 80, 496) and batch["labels"].shape == (2, 4)
    assert batch["labels"][0, -1] == 0 and batch["labels"][1].tolist()[1:] == [0, -100, -100]
    with pytest.raises(ValueError, match="at most 448"):
        collator([{"audio": (tone(1.0), 16_000), "text": "가" * 500}])
