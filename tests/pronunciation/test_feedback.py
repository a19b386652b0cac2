"""feedback.jsonl: records, their schema, and the file."""

import json

import pytest
from pydantic import ValidationError

from speakor_common import parallel
from speakor_common.audio import encode_wav
from speakor_common.pronunciation import feedback
from speakor_common.pronunciation.feedback import Record
from speakor_common.pronunciation.listener import NativeListener
from tests.builders import predictions, tiny_ctc, tone

TEXTS = ["밥을 먹어요", "가요"]
CLIPS = {"u000": encode_wav(tone(1.0)), "u001": encode_wav(tone(0.8))}


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tiny_ctc(tmp_path_factory.mktemp("listener"))


@pytest.fixture(scope="module")
def records(directory):
    listener = NativeListener(directory, minimum=-1.0)
    return feedback.make_records(predictions(TEXTS, TEXTS), listener, CLIPS)


def test_a_record_says_what_was_meant_and_how_that_sounds(records):
    assert records[0].pronunciation == "바블 머거요"
    assert [record.intended for record in records] == TEXTS


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


def test_utterances_dealt_to_processes_give_the_same_records(directory, monkeypatch):
    table = predictions(TEXTS, TEXTS)
    alone = feedback.make_records(table, NativeListener(directory), CLIPS)
    monkeypatch.setattr(feedback, "_SHARD", 1)
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(parallel, "_MEMORY", 1)
    assert feedback.make_records_on_cores(table, directory, CLIPS) == alone
