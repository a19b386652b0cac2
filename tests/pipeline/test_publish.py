"""Model cards say what the run's files say; uploading keeps transcripts of AI Hub back."""

import pytest
from huggingface_hub import HfApi, ModelCard

from speakor_common.errors import CheckpointError, ResultsError
from speakor_common.pipeline import evaluate, publish, results
from speakor_common.storage import write_json
from speakor_common.training.experiments import resolve
from speakor_common.training.runlog import RunLog

RATES = {"n": 240, "wer": 0.25, "cer": 0.125, "wer_95": [0.2, 0.3], "cer_95": [0.1, 0.15]}


def run(home, name, profile, wer=0.5):
    used, _, changed = resolve(name, profile)
    directory = home / "models" / (name if profile == "sample" else f"{profile}/{name}")
    directory.mkdir(parents=True)
    RunLog(used, profile, changed, 1).write(
        directory, clips=800, left_out={"empty label": 2}, best_validation_wer=wer
    )
    return directory


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    return tmp_path


def test_a_card_holds_preset_data_and_numbers(home):
    directory = run(home, "exp05", "sample")
    assert "Not evaluated" in str(publish.model_card(directory, "exp05"))
    write_json(home / "results" / "sample" / "metrics.json", {"exp05": {"clean": RATES}})
    card = ModelCard.load(publish.write_card(directory, "exp05"))
    assert card.data.language == "ko" and {r.metric_value for r in card.data.eval_results} == {
        0.25,
        0.125,
    }
    for expected in (
        "n = 240",
        "| WER | 0.250 | 0.200-0.300 |",
        "800 training clips",
        "2 empty label",
        "gradient_accumulation: 8",
        "epochs",
    ):
        assert expected in card.text
    with pytest.raises(CheckpointError, match=r"no run\.json"):
        publish.model_card(home, "nothing")


@pytest.mark.parametrize(
    ("profile", "kept_back"),
    [("sample", ["runs/**"]), ("aihub", ["runs/**", "*.arpa", "decoder.json"])],
)
def test_push_uploads_privately_and_keeps_transcripts_back(home, monkeypatch, profile, kept_back):
    directory = run(home, "exp06", profile)
    calls = []
    monkeypatch.setattr(
        HfApi,
        "create_repo",
        lambda self, repo_id, **kwargs: calls.append(kwargs) or "https://hub/u/m",
    )
    monkeypatch.setattr(HfApi, "upload_folder", lambda self, **kwargs: calls.append(kwargs))
    assert publish.push(directory, "u/m") == "https://hub/u/m"
    assert (
        calls[0]["private"]
        and calls[1]["ignore_patterns"] == kept_back
        and (directory / "README.md").is_file()
    )


def test_push_without_a_connection_says_so(home, monkeypatch):
    directory = run(home, "exp05", "sample")

    def refuse(*_args, **_kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr(HfApi, "create_repo", refuse)
    with pytest.raises(CheckpointError, match=r"was not uploaded to u/m \(no route"):
        publish.push(directory, "u/m")


def test_the_reported_experiment_is_chosen_by_validation(home):
    with pytest.raises(ResultsError, match="no trained CTC"):
        evaluate.choose_experiment("sample")
    run(home, "exp01", "sample", wer=0.4)
    run(home, "exp05", "sample", wer=0.3)
    write_json(
        home / "results" / "sample" / "metrics.json",
        {"exp01": {"clean": RATES | {"wer": 0.1}}, "exp05": {"clean": RATES}},
    )
    assert evaluate.choose_experiment("sample") == "exp05"
    assert len(results.write_cards("sample")) == 2
