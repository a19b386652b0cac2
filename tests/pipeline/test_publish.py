"""Model cards say what the run's files say; what may not be passed on stays here."""

import pytest
from huggingface_hub import HfApi, ModelCard

from speakor_common.errors import CheckpointError
from speakor_common.models.checkpoints import weights_hash
from speakor_common.pipeline import publish
from speakor_common.shipped.presets import LISTENER_TINY, PROFILE
from speakor_common.storage import read_json, write_json, write_text
from speakor_common.training.experiments import resolve_experiment
from speakor_common.training.runlog import RunLog

RATES = {"n": 240, "wer": 0.25, "cer": 0.125, "wer_95": [0.2, 0.3], "cer_95": [0.1, 0.15]}


def run(home, name, profile, wer=0.5, **facts):
    used, _, changed = resolve_experiment(name, profile)
    directory = home / "models" / (name if profile == "sample" else f"{profile}/{name}")
    directory.mkdir(parents=True)
    left_out = {"empty label": 2}
    log = RunLog(used, profile, changed, 1)
    log.write(directory, clips=800, left_out=left_out, best_validation_wer=wer, **facts)
    return directory


def evaluated(home, directory):
    """Have the model in ``directory`` evaluated as exp05."""
    results = home / "results" / "sample"
    write_json(results / "metrics.json", {"exp05": {"clean": RATES}})
    write_json(results / "predictions" / "exp05.json", {"model": weights_hash(directory)})


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def hub(monkeypatch):
    """What the Hub was asked for."""
    calls = []

    def create(self, repo_id, **kwargs):
        calls.append(kwargs)
        return f"https://hub/{repo_id}"

    monkeypatch.setattr(HfApi, "create_repo", create)
    monkeypatch.setattr(HfApi, "upload_folder", lambda self, **kwargs: calls.append(kwargs))
    return calls


def test_a_card_holds_preset_data_and_numbers(home):
    directory = run(home, "exp05", "sample")
    assert "Not evaluated" in str(publish.model_card(directory, "exp05"))
    evaluated(home, directory)
    card = ModelCard.load(publish.write_card(directory, "exp05"))
    assert card.data.language == "ko" and card.data.license == "mit"
    assert {result.metric_value for result in card.data.eval_results} == {0.25, 0.125}
    for expected in (
        "n = 240",
        "| whole syllables | WER | 0.250 | [0.200, 0.300] |",
        "Training clips: 800, of the synthetic sample corpus",
        "2 empty label",
        "- base: base-tiny",
        "- method: CTC",
        "- gradient_accumulation: 8",
        "Changed by the profile: epochs, train_clips, valid_clips.",
        'AutoModelForCTC.from_pretrained("exp05")',
    ):
        assert expected in card.text


@pytest.mark.parametrize("name", ["model.safetensors", "jamo.arpa"])
def test_numbers_of_other_weights_are_not_published(home, name):
    directory = run(home, "exp05", "sample")
    evaluated(home, directory)
    assert "n = 240" in str(publish.model_card(directory, "exp05"))
    write_text(directory / name, "other")
    card = publish.model_card(directory, "exp05")
    assert "Not evaluated" in card.text and not card.data.eval_results

    # Nor numbers that nothing says the origin of.
    evaluated(home, directory)
    (home / "results" / "sample" / "predictions" / "exp05.json").unlink()
    assert "Not evaluated" in str(publish.model_card(directory, "exp05"))


def test_cards_by_kind_of_training_and_decoding(home):
    adapter = publish.model_card(run(home, "whisper", "aihub"), "u/w")
    assert adapter.data.library_name == "peft" and adapter.data.license == "other"
    assert adapter.data.base_model == "ghost613/whisper-large-v3-turbo-korean"
    assert "PeftModel.from_pretrained(base" in adapter.text and "AI Hub 505" in adapter.text

    on_sample = publish.model_card(run(home, "whisper", "sample"), "u/w")
    assert on_sample.data.base_model == "openai/whisper-base"
    assert 'from_pretrained("openai/whisper-base")' in on_sample.text
    assert "- base: openai/whisper-base" in on_sample.text

    decoded = publish.model_card(run(home, "exp06", "aihub", decoding={}), "u/e")
    assert "may not be passed on" in decoded.text
    assert "- language models, order: 6" in decoded.text
    kept = publish.model_card(run(home, "exp06", "sample", decoding={}), "u/e")
    assert "may not be passed on" not in kept.text


def test_a_directory_without_a_finished_run_has_no_card(home):
    with pytest.raises(CheckpointError, match=r"no run\.json"):
        publish.model_card(home, "nothing")
    with pytest.raises(CheckpointError, match=r"no run\.json"):
        publish.push(home, "u/m")
    directory = run(home, "exp05", "sample")
    facts = read_json(directory / "run.json")
    del facts["experiment"]["training"]
    write_json(directory / "run.json", facts)
    with pytest.raises(CheckpointError, match="of an earlier version"):
        publish.model_card(directory, "exp05")


@pytest.mark.parametrize(
    ("profile", "kept_back"),
    [("sample", ["runs/**"]), ("aihub", ["runs/**", "*.arpa", "decoder.json"])],
)
def test_push_uploads_privately_and_keeps_transcripts_back(home, hub, profile, kept_back):
    directory = run(home, "exp06", profile)
    assert publish.push(directory, "u/m") == "https://hub/u/m"
    created, uploaded = hub
    assert created["private"] and uploaded["ignore_patterns"] == kept_back
    assert "# u/m" in (directory / "README.md").read_text()


def test_a_shipped_model_is_pushed_with_the_card_written_by_hand(home, hub):
    directory = home / "models" / LISTENER_TINY.name
    write_text(directory / "README.md", "# By hand\n")
    RunLog(LISTENER_TINY, PROFILE, {}, 1).write(directory, clips=10, left_out={})
    assert publish.push(directory, "u/listener") == "https://hub/u/listener"
    assert (directory / "README.md").read_text() == "# By hand\n"
    # Of a profile nobody knows, nothing is passed on that might be transcripts.
    assert hub[1]["ignore_patterns"] == ["runs/**", "*.arpa", "decoder.json"]


def test_shipped_models_have_what_push_reads():
    from speakor_common import paths

    for name in ("base-tiny", "listener-tiny"):
        directory = paths.root() / "models" / name
        before = (directory / "README.md").read_text(encoding="utf-8")
        assert publish.write_card(directory, name) == directory / "README.md"
        assert (directory / "README.md").read_text(encoding="utf-8") == before
        assert f"# {name}" in str(publish.model_card(directory, name))


def test_a_card_that_was_generated_is_written_again(home):
    directory = run(home, "exp05", "sample")
    publish.write_card(directory, "exp05")
    evaluated(home, directory)
    assert "n = 240" in publish.write_card(directory, "exp05").read_text()


def test_push_without_a_connection_says_so(home, monkeypatch):
    directory = run(home, "exp05", "sample")

    def refuse(*_args, **_kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr(HfApi, "create_repo", refuse)
    with pytest.raises(CheckpointError, match=r"was not uploaded to u/m \(no route"):
        publish.push(directory, "u/m")
