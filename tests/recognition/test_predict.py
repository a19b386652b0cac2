"""Predictions of a split: dealt to processes, written and read again."""

import pandas as pd
import pytest

from speakor_common import parallel
from speakor_common.errors import ResultsError
from speakor_common.recognition import predict
from speakor_common.recognition.transcriber import Transcriber
from tests.builders import prepared, tiny_ctc, write


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_ctc(tmp_path_factory.mktemp("model"))


def test_clips_dealt_to_processes_are_heard_as_by_one(model, monkeypatch):
    data = prepared()["test"]
    requests = [
        predict.Request("exp05", model, ("clean", "clipping")),
        predict.Request("again", model, ("clean",)),
    ]
    alone = list(predict.predict_together(requests, data))
    monkeypatch.setattr(predict, "_PART", 1)
    monkeypatch.setattr(predict, "_WORTH_A_PROCESS", 1)
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(parallel, "_MEMORY", 1)
    for one, dealt in zip(alone, predict.predict_together(requests, data), strict=True):
        assert dealt.drop(columns="words").equals(one.drop(columns="words"))
    recogniser = Transcriber.from_pretrained(model).recogniser
    expected = [
        predict.predict(recogniser, data, "exp05", condition) for condition in ("clean", "clipping")
    ]
    assert alone[0].equals(pd.concat(expected, ignore_index=True)) and set(
        alone[1]["experiment"]
    ) == {"again"}


def test_predictions_survive_a_round_trip(model, tmp_path):
    table = predict.predict(
        Transcriber.from_pretrained(model).recogniser, prepared()["test"], "exp05"
    )
    again = predict.read(predict.save(table, tmp_path / "exp05.csv"))
    assert (
        again["reference"].tolist() == prepared()["test"]["text"][:] and again.shape == table.shape
    )
    with pytest.raises(ResultsError, match="no predictions"):
        predict.read(tmp_path / "none.csv")
    write(tmp_path / "bad.csv", b"a,b\n1,2\n")
    with pytest.raises(ResultsError, match="lacks the columns"):
        predict.read(tmp_path / "bad.csv")
