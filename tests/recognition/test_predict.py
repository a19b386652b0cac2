"""Predictions of a split: dealt to processes, written and read again."""

import pandas as pd
import pytest
from datasets import Dataset

from speakor_common import parallel
from speakor_common.errors import ResultsError, SpeakorError
from speakor_common.recognition import predict
from speakor_common.recognition.transcriber import Transcriber
from tests.builders import prepared, tiny_ctc, write


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_ctc(tmp_path_factory.mktemp("model"))


def test_clips_dealt_to_processes_are_recognised_as_by_one(model, monkeypatch):
    data = prepared()["test"]
    requests = [
        predict.Request("exp05", model, ("clean", "clipping")),
        predict.Request("again", model, ("clean",)),
    ]
    alone = list(predict.predict_many(requests, data))
    monkeypatch.setattr(predict, "_SHARD", 1)
    monkeypatch.setattr(predict, "_WORTH_A_PROCESS", 1)
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(parallel, "_MEMORY", 1)
    for one, dealt in zip(alone, predict.predict_many(requests, data), strict=True):
        assert dealt.drop(columns="words").equals(one.drop(columns="words"))
    recogniser = Transcriber.from_pretrained(model).recogniser
    expected = [
        predict.predict_split(recogniser, data, "exp05", condition)
        for condition in ("clean", "clipping")
    ]
    assert alone[0].equals(pd.concat(expected, ignore_index=True)) and set(
        alone[1]["experiment"]
    ) == {"again"}


def test_a_label_stands_for_the_condition_and_an_unknown_condition_is_an_error(model):
    recogniser = Transcriber.from_pretrained(model).recogniser
    clips = prepared()["test"].select(range(2))
    native = predict.predict_split(recogniser, clips, "base", label="native")
    clean = predict.predict_split(recogniser, clips, "base")
    assert set(native["condition"]) == {"native"} and set(clean["condition"]) == {"clean"}
    assert native["hypothesis"].equals(clean["hypothesis"])
    with pytest.raises(
        SpeakorError, match=r"'native'; known are: clean, white noise 20 dB, .*real"
    ):
        predict.predict_split(recogniser, clips, "base", "native")


def test_no_requests_make_no_tables():
    assert list(predict.predict_many([], prepared()["test"])) == []


def test_predictions_survive_a_round_trip(model, tmp_path):
    table = predict.predict_split(
        Transcriber.from_pretrained(model).recogniser, prepared()["test"], "exp05"
    )
    again = predict.read_predictions(predict.write_predictions(table, tmp_path / "exp05.csv"))
    assert (
        again["reference"].tolist() == prepared()["test"]["text"][:] and again.shape == table.shape
    )
    with pytest.raises(ResultsError, match="no predictions"):
        predict.read_predictions(tmp_path / "none.csv")
    write(tmp_path / "bad.csv", b"a,b\n1,2\n")
    with pytest.raises(ResultsError, match="lacks the columns"):
        predict.read_predictions(tmp_path / "bad.csv")


def test_a_clip_that_cannot_be_read_has_no_text_and_stops_no_other(model, caplog):
    recogniser = Transcriber.from_pretrained(model).recogniser
    clips = prepared()["test"].select(range(3)).to_list()
    alone = predict.predict_split(recogniser, Dataset.from_list([clips[0]]), "exp05")
    clips[1]["audio"] = b"no audio"
    table = predict.predict_split(recogniser, Dataset.from_list(clips), "exp05")
    assert table["utterance_id"].tolist() == [clip["utterance_id"] for clip in clips]
    assert table["hypothesis"][0] == alone["hypothesis"][0] and table["hypothesis"][1] == ""
    assert f"{clips[1]['utterance_id']} counts as not recognised" in caplog.text
