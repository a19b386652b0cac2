"""Predictions are made once, and again when anything they depend on changes."""

import pytest

from speakor_common.pipeline import prediction_cache
from speakor_common.pipeline.prediction_cache import cached_predictions, prediction_file
from speakor_common.recognition import predict
from speakor_common.recognition.predict_many import Request
from speakor_common.storage import read_json, write_json
from tests.builders import prepared

DATA = prepared({"test": 2})["test"]


@pytest.fixture
def model(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"weights")
    return tmp_path / "model"


def ask(folder, model, *conditions, name="exp05", data=DATA):
    (table,) = cached_predictions([Request(name, model, conditions)], data, folder)
    return table


def test_what_is_there_is_not_made_again(tmp_path, model, made):
    first = ask(tmp_path, model, "clean")
    again = ask(tmp_path, model, "clean")
    assert made == [("exp05", ("clean",))]
    assert first.equals(again) and len(again) == 2


def test_only_missing_conditions_are_added_and_only_those_asked_for_returned(tmp_path, model, made):
    ask(tmp_path, model, "clean")
    both = ask(tmp_path, model, "clean", "real")
    assert made == [("exp05", ("clean",)), ("exp05", ("real",))]
    assert both["condition"].tolist() == ["clean", "clean", "real", "real"]
    assert set(ask(tmp_path, model, "real")["condition"]) == {"real"}
    assert len(made) == 2


@pytest.mark.parametrize("changed", ["model", "data", "sound", "recogniser_code"])
def test_a_change_of_anything_makes_them_again(tmp_path, model, made, monkeypatch, changed):
    ask(tmp_path, model, "clean")
    data = DATA
    if changed == "model":
        (model / "model.safetensors").write_bytes(b"others")
    elif changed == "data":
        data = DATA.select([1])
    elif changed == "sound":
        data = DATA.remove_columns("audio").add_column("audio", DATA["audio"][::-1])
    else:
        monkeypatch.setattr(predict, "recogniser_code_hash", lambda: "other code")
    ask(tmp_path, model, "clean", data=data)
    assert len(made) == 2


def test_a_table_without_its_record_is_not_trusted(tmp_path, model, made):
    ask(tmp_path, model, "clean")
    record = prediction_file(tmp_path, "exp05").with_suffix(".json")
    assert set(read_json(record)) == {"model", "data", "recogniser_code"}
    record.unlink()
    ask(tmp_path, model, "clean")
    write_json(record, {})
    ask(tmp_path, model, "clean")
    assert len(made) == 3


def test_names_with_spaces_have_files(tmp_path, model, made):
    ask(tmp_path, model, "clean", name="whisper zero-shot")
    assert (tmp_path / "whisper-zero-shot.csv").is_file()
    prediction_cache.remove_others(["exp05"], tmp_path)
    assert list(tmp_path.glob("*.csv")) == []
