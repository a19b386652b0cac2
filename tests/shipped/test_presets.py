"""What is shipped is made by the same functions as every experiment, stage by stage."""

import pkgutil

import pytest

from speakor_common.shipped import base_tiny, hearing_base, listener_tiny, presets
from speakor_common.storage import write_text
from speakor_common.training import runs
from speakor_common.training.experiments import EXPERIMENTS
from speakor_common.training.fingerprints import RUN_FILE
from tests.builders import prepared

ALL = (
    *(presets.BASE_START, presets.BASE_MIDDLE, presets.BASE_TINY, presets.LISTENER_TINY),
    *(presets.HEARING_HEADS, presets.HEARING_BASE),
)


def test_each_shipped_model_has_a_function_that_makes_it():
    assert set(presets.SHIPPED_MODELS) == {"base-tiny", "listener-tiny", "hearing-base"}
    made = [pkgutil.resolve_name(name) for name in presets.SHIPPED_MODELS.values()]
    assert made == [
        base_tiny.train_base_tiny,
        listener_tiny.train_listener_tiny,
        hearing_base.train_hearing_base,
    ]


def test_shipped_presets_are_no_experiments_and_continue_one_another():
    assert not {experiment.name for experiment in ALL} & set(EXPERIMENTS)
    bases = [experiment.base for experiment in ALL]
    tiny = ["base-untrained", "base-start", "base-middle", "base-tiny"]
    assert bases == [*tiny, "hearing-untrained", "hearing-heads"]
    assert not any(experiment.decoding or experiment.compared_with for experiment in ALL)


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """A home in which training writes an empty model; what was trained on how many clips."""
    calls = []

    def train(experiment, data, output, log, seed, callbacks):
        calls.append((experiment.name, len(data["train"])))
        write_text(output / "config.json", "{}")
        write_text(output / "model.safetensors", f"weights {len(calls)}")
        return log.write(output, steps=1)

    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    monkeypatch.setattr(runs.pkgutil, "resolve_name", lambda name: train)
    said = {"text": "소리", "pronounced": "소리"}
    row = said | {"utterance_id": "x", "audio": b"", "length": 16_000}
    monkeypatch.setattr(base_tiny.extra, "extra_clips", lambda folder, count: [row] * count)
    monkeypatch.setattr(base_tiny.espeak, "espeak_clips", lambda count: [row] * 5)
    return calls


def native():
    data = prepared()
    return {"native_train": data["train"], "native_valid": data["valid"]}


def test_the_base_is_trained_in_three_stages_on_more_and_more_voices(tmp_path, trained):
    facts = base_tiny.train_base(native())
    assert trained == [
        ("base-start", 8 + base_tiny.EARLY_CLIPS + 5),
        ("base-middle", 8 + base_tiny.EARLY_CLIPS),
        ("base-tiny", 8 + base_tiny.extra.CLIPS),
    ]
    assert base_tiny.EARLY_CLIPS < base_tiny.extra.CLIPS
    assert facts["experiment"]["name"] == "base-tiny" and facts["profile"] == presets.PROFILE
    untrained = tmp_path / "models" / "base-untrained"
    assert (untrained / "vocab.json").is_file() and (untrained / "model.safetensors").is_file()

    # Finished stages are kept, and what follows from a changed one is trained again.
    base_tiny.train_base(native())
    assert len(trained) == 3
    (tmp_path / "models" / "base-middle" / RUN_FILE).unlink()
    base_tiny.train_base(native())
    assert [name for name, _ in trained[3:]] == ["base-middle", "base-tiny"]


def test_a_card_written_by_hand_outlives_training(tmp_path, trained):
    card = write_text(tmp_path / "models" / "base-tiny" / "README.md", "# By hand\n")
    write_text(tmp_path / "models" / "base-middle" / "config.json", "{}")
    data = prepared()
    base_tiny.train_shipped(presets.BASE_TINY, data, seed=1)
    assert card.read_text() == "# By hand\n" and len(trained) == 1
