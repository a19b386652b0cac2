"""Numbers are counted from predictions in one place, and one call writes everything about them."""

import pandas as pd
import pytest

from speakor_common import paths
from speakor_common.audio import encode_wav
from speakor_common.pipeline import results
from speakor_common.recognition import predict
from speakor_common.storage import read_json, write_json
from tests.builders import predictions, tone

REFERENCES = ["저는 학생", "학교에 가요", "밥을 먹어요"]


@pytest.fixture
def table():
    right = predictions(REFERENCES, REFERENCES)
    wrong = predictions(REFERENCES, ["저는 학교", *REFERENCES[1:]], "base")
    degraded = right.assign(condition="real", hypothesis="네")
    return pd.concat([right, wrong, degraded], ignore_index=True)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    return tmp_path


def test_clean_predictions_are_those_of_one_experiment_or_all(table):
    assert len(results.clean_predictions(table)) == 6
    assert results.clean_predictions(table, "exp05")["hypothesis"].tolist() == REFERENCES


def test_native_rates_stand_with_the_base(table):
    metrics = results.count_metrics(table, predictions(REFERENCES, REFERENCES, "base", "native"))
    assert results.native_rates(metrics)["wer"] == 0 and set(metrics["exp05"]) == {"clean", "real"}
    assert results.native_rates(results.count_metrics(table, None)) is None


def test_a_folder_counts_as_its_tables_do(table, tmp_path):
    for name, rows in table.groupby("experiment"):
        predict.write_predictions(rows, tmp_path / "predictions" / f"{name}.csv")
    assert results.read_counted(tmp_path) == results.count_metrics(table, None)


def test_only_systems_that_were_evaluated_are_compared(table):
    compared = results.compare_models(table)
    assert list(compared) == [("exp05", "base")]
    assert compared["exp05", "base"].difference.value < 0


def test_everything_is_written_by_one_call_even_without_some_clips(table, home):
    metrics = results.count_metrics(table, None)
    clips = {"u000": encode_wav(tone(0.5)), "u001": "/nowhere/gone.wav"}
    text = results.write_results("smoke", table, metrics, clips)
    folder = paths.results("smoke")
    written = sorted(path.name for path in folder.iterdir())
    assert written == ["explorer.html", "metrics.json", "report.html", "result.txt"]
    assert (folder / "result.txt").read_text() == text
    assert text.startswith("WER: 0.000000\n") and "command: make reproduce PROFILE=smoke" in text
    assert read_json(folder / "metrics.json")["base"]["clean"]["n"] == 3
    assert "2 of them cannot be heard" in (folder / "explorer.html").read_text()


def test_finished_models_get_their_cards(home, monkeypatch):
    monkeypatch.setattr("speakor_common.pipeline.publish.write_card", lambda *card: card)
    for name in ("exp01", "exp05"):
        write_json(paths.model(name, "smoke") / "run.json", {"seed": 1})
    cards = results.write_cards("smoke")
    assert [name for _, name in cards] == ["exp01", "exp05"]
