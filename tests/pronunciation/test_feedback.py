"""feedback.jsonl: a record with a status for every utterance, the schema, and the file."""

import json

import numpy as np
import pytest
from pydantic import ValidationError

from speakor_common import parallel, paths
from speakor_common.audio import encode_wav
from speakor_common.corpus import aihub
from speakor_common.pronunciation import feedback
from speakor_common.pronunciation.feedback import Record
from speakor_common.pronunciation.listener import NativeListener
from tests.builders import predictions, tone

LISTENER = paths.root() / "models" / "listener-tiny"


@pytest.fixture(scope="module")
def clip():
    """A clip of the sample: its audio and its text."""
    row = aihub.read(paths.sample_corpus()).manifest.iloc[0]
    return row["audio"], row["text"]


@pytest.fixture(scope="module")
def batch(clip):
    """Utterances of every kind: predictions, and audio by id."""
    audio, text = clip
    noise = 0.1 * np.random.default_rng(0).standard_normal(32_000).astype(np.float32)
    cases = [
        (text, audio),
        (text, encode_wav(noise)),
        (text, b"RIFF no audio at all"),
        (text, None),
        ("저는 닭칼국수를 3번 먹어요", audio),
        ("개ㅇㅆ어요", audio),
        ("", audio),
        ("저녁에는 불고기와 김치찌개를 맛있게 먹었습니다", audio),
        (text * 20, audio),
        (text, audio),
    ]
    texts = [text for text, _ in cases]
    sounds = {f"u{n:03d}": sound for n, (_, sound) in enumerate(cases) if sound is not None}
    return predictions(texts, texts), sounds


@pytest.fixture(scope="module")
def records(batch):
    return feedback.make_records(batch[0], NativeListener(LISTENER), batch[1])


def test_every_utterance_has_a_record_and_none_stops_the_others(records, batch):
    assert [record.utterance_id for record in records] == batch[0]["utterance_id"].tolist()
    assert [record.status for record in records] == [
        "ok",
        "no_speech",
        "unreadable",
        "unreadable",
        "bad_text",
        "bad_text",
        "bad_text",
        "not_spoken",
        "too_short",
        "ok",
    ]


def test_what_is_not_judged_says_why_and_reports_nothing(records):
    for record in records:
        assert bool(record.problem) == (record.status != "ok")
        if record.status != "ok":
            assert (record.deviations, record.pronunciation) == ([], "")
    assert "no audio is known of utterance 'u003'" in records[3].problem


def test_a_record_says_what_was_meant_how_that_sounds_and_what_was_heard(records, clip):
    first = records[0]
    assert first.intended == clip[1]
    assert len(first.pronunciation.replace(" ", "")) == len(clip[1].replace(" ", ""))
    assert first.heard
    assert first.deviations == records[-1].deviations != []
    assert all(d.start_s < d.end_s for d in first.deviations)


def test_records_survive_a_round_trip_and_follow_their_schema(records, tmp_path):
    path = feedback.write_records(records, tmp_path / "feedback.jsonl")
    assert feedback.read_records(path) == records

    schema = json.loads((tmp_path / feedback.SCHEMA_FILE).read_text(encoding="utf-8"))
    first = json.loads(path.read_text(encoding="utf-8").split("\n")[0])
    assert set(schema["required"]) == set(Record.model_fields) == set(first)
    deviation = schema["$defs"]["Deviation"]
    assert set(deviation["required"]) == set(first["deviations"][0])


def test_an_unknown_field_is_refused(records):
    with pytest.raises(ValidationError):
        Record.model_validate(records[0].model_dump() | {"unknown": 1})


def test_utterances_dealt_to_processes_give_the_same_records(batch, records, monkeypatch):
    monkeypatch.setattr(feedback, "_SHARD", 6)
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(parallel, "_MEMORY", 1)
    assert feedback.make_records_on_cores(batch[0], LISTENER, batch[1]) == records


def test_clips_are_listened_to_whatever_their_number(monkeypatch):
    monkeypatch.setattr(feedback, "_CHUNK", 2)
    table = predictions(["가요"] * 5, ["가요"] * 5)
    sounds = {name: encode_wav(tone(0.5)) for name in table["utterance_id"]}
    records = feedback.make_records(table, NativeListener(LISTENER), sounds)
    assert [record.status for record in records] == ["no_speech"] * 5


def test_a_fault_of_the_decoder_is_no_missing_audio(monkeypatch):
    def broken(audio):
        raise KeyError("left")

    monkeypatch.setattr(feedback, "decode", broken)
    table = predictions(["가요"], ["가요"])
    sounds = {name: encode_wav(tone(0.5)) for name in table["utterance_id"]}
    with pytest.raises(KeyError, match="left"):
        feedback.make_records(table, NativeListener(LISTENER), sounds)
