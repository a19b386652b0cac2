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
from speakor_common.errors import AudioError
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


GOOD = {"utterance_id": "good", "audio": (tone(1.0), 16_000), "text": "네"}
BAD = {"utterance_id": "bad", "audio": b"no audio", "text": "저는 학생"}


def test_a_clip_that_cannot_be_read_costs_its_batch_nothing_else(tmp_path, caplog):
    processor = Wav2Vec2Processor.from_pretrained(tiny_ctc(tmp_path))
    collator = CTCCollator(processor, keep_ids=True)
    batch = collator([BAD, GOOD, BAD])
    assert batch["utterance_id"] == ["good"] and batch["labels"].shape[0] == 1
    assert int(collator.clips.skipped) == 2 and "bad is skipped" in caplog.text


def test_whole_batches_that_cannot_be_read_end_a_run_only_when_they_keep_coming(tmp_path):
    processor = Wav2Vec2Processor.from_pretrained(tiny_ctc(tmp_path))
    collator = CTCCollator(processor, keep_ids=True)
    with pytest.raises(AudioError, match="1 batches in a row without a readable clip"):
        collator([BAD])  # with nothing to stand in
    collator([GOOD])
    for _ in range(10):
        assert collator([BAD])["utterance_id"] == ["good"]
    with pytest.raises(AudioError, match="11 batches in a row"):
        collator([BAD])


def test_what_loader_processes_skip_is_counted(tmp_path):
    processor = Wav2Vec2Processor.from_pretrained(tiny_ctc(tmp_path))
    collator = CTCCollator(processor)
    rows = [GOOD, BAD] * 4
    loader = torch.utils.data.DataLoader(rows, batch_size=2, num_workers=2, collate_fn=collator)
    assert len(list(loader)) == 4 and int(collator.clips.skipped) == 4
