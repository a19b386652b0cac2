"""Requests dealt out to processes: the same rows as by one, in the order asked for."""

import pandas as pd
import pytest

from speakor_common import parallel
from speakor_common.decoding.output_readings import Reading
from speakor_common.recognition import predict, predict_many
from speakor_common.recognition.predict_many import Request
from speakor_common.recognition.transcriber import Transcriber
from tests.builders import prepared, tiny_ctc


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_ctc(tmp_path_factory.mktemp("model"))


def test_clips_dealt_to_processes_are_recognised_as_by_one(model, monkeypatch):
    data = prepared()["test"]
    requests = [
        Request("exp05", model, ("clean", "clipping")),
        Request("again", model, ("clean",)),
    ]
    alone = list(predict_many.predict_many(requests, data))
    monkeypatch.setattr(predict_many, "_SHARD", 1)
    monkeypatch.setattr(predict_many, "_WORTH_A_PROCESS", 1)
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(parallel, "_MEMORY", 1)
    for one, dealt in zip(alone, predict_many.predict_many(requests, data), strict=True):
        assert dealt.drop(columns="words").equals(one.drop(columns="words"))
    recogniser = Transcriber.from_pretrained(model).recogniser
    expected = [
        predict.predict_split(recogniser, data, "exp05", condition)
        for condition in ("clean", "clipping")
    ]
    assert alone[0].equals(pd.concat(expected, ignore_index=True)) and set(
        alone[1]["experiment"]
    ) == {"again"}


def test_no_requests_make_no_tables():
    assert list(predict_many.predict_many([], prepared()["test"])) == []


def test_requests_of_one_model_share_its_passes(model):
    requests = [
        Request("a plain", model, ("clean",), Reading.PLAIN),
        Request("a", model, ("clean", "clipping"), Reading.WHOLE_SYLLABLES),
    ]
    both, alone = predict_many._passes(requests)
    assert both.condition == "clean" and list(both.readings) == ["a plain", "a"]
    assert alone.condition == "clipping" and alone.readings == {"a": Reading.WHOLE_SYLLABLES}

    plain, own = predict_many.predict_many(requests, prepared()["test"])
    assert set(plain["experiment"]) == {"a plain"} and len(plain) == 4
    assert own["condition"].tolist() == ["clean"] * 4 + ["clipping"] * 4
