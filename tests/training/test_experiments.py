"""The registry: every entry runs in every profile, and nothing else names an experiment."""

from dataclasses import replace

import pytest

from speakor_common.errors import SpeakorError, TrainingError
from speakor_common.training import experiments
from speakor_common.training.experiments import (
    EXPERIMENTS,
    experiments_with,
    resolve_experiment,
)
from speakor_common.training.preset import CTCTraining, LoraTraining
from speakor_common.training.profiles import PROFILES
from speakor_common.training.systems import compared_pairs, system_title

ALL = [(name, profile) for name in EXPERIMENTS for profile in PROFILES]


@pytest.mark.parametrize(("name", "profile"), ALL)
def test_a_profile_changes_only_what_makes_a_run_longer_or_larger(name, profile):
    used, scale, changed = resolve_experiment(name, profile)
    allowed = {"batch_size", "gradient_accumulation", "epochs", "gradient_checkpointing"}
    allowed |= {"patience", "train_clips", "valid_clips"}
    assert set(changed) <= allowed
    assert used.base == scale.base[type(used.training)] and scale is PROFILES[profile]
    for field, (preset, value) in changed.items():
        assert used.settings()[field] == value != preset


@pytest.mark.parametrize(
    ("name", "profile", "epochs", "batch_size", "accumulation"),
    [
        ("exp01", "smoke", 1, 2, 1),
        ("exp01", "sample", 8, 2, 1),
        ("exp01", "aihub", 30, 2, 1),
        ("exp02", "sample", 10, 2, 4),
        ("exp05", "smoke", 2, 2, 8),
        ("exp05", "sample", 8, 2, 8),
        ("exp05", "aihub", 12, 2, 8),
        ("exp05-as-run", "sample", 4, 2, 8),
        ("exp06", "smoke", 2, 2, 8),
        ("exp06", "sample", 8, 2, 8),
        ("exp06-one-cycle", "sample", 14, 8, 1),
        ("whisper", "smoke", 0.5, 4, 2),
        ("whisper", "sample", 4, 8, 2),
        ("whisper", "aihub", 6, 1, 32),
    ],
)
def test_how_much_is_trained(name, profile, epochs, batch_size, accumulation):
    training = resolve_experiment(name, profile)[0].training
    assert (training.epochs, training.batch_size) == (epochs, batch_size)
    assert training.gradient_accumulation == accumulation
    assert training.gradient_checkpointing is (
        profile == "aihub" and EXPERIMENTS[name].training.gradient_checkpointing
    )


def test_a_base_comes_from_the_caller_the_experiment_or_the_profile(monkeypatch):
    own = replace(EXPERIMENTS["exp05"], name="own", base="facebook/hubert-large-ll60k")
    monkeypatch.setitem(EXPERIMENTS, "own", own)
    assert resolve_experiment("own", "sample")[0].base == "facebook/hubert-large-ll60k"
    assert resolve_experiment("exp05", "sample")[0].base == "base-tiny"
    used, _, changed = resolve_experiment("exp05", "sample", base="elsewhere")
    assert used.base == "elsewhere" and changed["base"] == ("base-tiny", "elsewhere")

    profile = replace(PROFILES["sample"], name="ctc-only", base={CTCTraining: "base-tiny"})
    monkeypatch.setitem(PROFILES, "ctc-only", profile)
    with pytest.raises(TrainingError, match="no base for LoraTraining, which whisper needs"):
        resolve_experiment("whisper", "ctc-only")
    assert resolve_experiment("whisper", "ctc-only", base="w")[0].base == "w"


def test_the_caller_goes_before_the_profile():
    used, _, changed = resolve_experiment("exp05", "sample", epochs=3, learning_rate=1e-5)
    assert used.training.epochs == 3 and used.training.learning_rate == 1e-5
    drawn = {"train_clips": (0, 600), "valid_clips": (0, 100)}
    assert changed == {"epochs": (12, 3), "learning_rate": (3e-4, 1e-5)} | drawn
    same, _, unchanged = resolve_experiment("exp05", "sample", epochs=12)
    assert same.training.epochs == 12 and unchanged == drawn


@pytest.mark.parametrize(
    ("name", "profile", "changes"),
    [
        ("exp99", "smoke", {}),
        ("exp05", "huge", {}),
        ("exp05", "smoke", {"colour": 1}),
        ("exp05", "smoke", {"learning_rate": "fast"}),
    ],
)
def test_unknown_names_are_errors_that_list_the_known_ones(name, profile, changes):
    with pytest.raises(SpeakorError, match=r"exp01|smoke|learning_rate"):
        resolve_experiment(name, profile, **changes)


@pytest.mark.parametrize("name", ["exp04", "exp05"])
def test_presets_reach_their_stages(name):
    training = EXPERIMENTS[name].training
    assert training.epochs > max(stage.epoch for stage in training.stages)
    assert training.schedule == "constant_with_warmup"


def test_as_run_is_what_the_seed_ran():
    training = EXPERIMENTS["exp05-as-run"].training
    assert (training.epochs, training.schedule) == (4, "linear")
    assert training.warmup == pytest.approx(1000 / 1148)
    assert all(stage.epoch > training.epochs for stage in training.stages)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("plain", "read"), [("exp05", "exp06"), ("whisper", "whisper-lm")])
def test_what_is_read_with_language_models_is_trained_as_without(profile, plain, read):
    trained = resolve_experiment(plain, profile)[0]
    decoded = resolve_experiment(read, profile)[0]
    assert decoded.training == trained.training and decoded.base == trained.base
    assert decoded.decoding and not trained.decoding


def test_experiments_by_kind_of_training():
    assert experiments_with(LoraTraining) == ("whisper", "whisper-lm")
    assert set(experiments_with(CTCTraining)) == set(EXPERIMENTS) - {"whisper", "whisper-lm"}
    assert list(EXPERIMENTS) == [experiment.name for experiment in EXPERIMENTS.values()]


def test_an_experiment_is_one_entry(monkeypatch):
    """What CONTRIBUTING.md says: with an entry alone it resolves, is compared and has titles."""
    mine = replace(
        EXPERIMENTS["exp05"],
        name="mine",
        title="Mine, with dropout",
        compared_with=("exp05",),
        training=replace(EXPERIMENTS["exp05"].training, dropout=0.2),
    )
    monkeypatch.setitem(experiments.EXPERIMENTS, "mine", mine)
    assert resolve_experiment("mine", "sample")[0].training.dropout == 0.2
    assert ("mine plain", "exp05 plain") in compared_pairs()
    assert "mine" in experiments_with(CTCTraining)
    assert system_title("mine plain", "sample") == "Mine, with dropout, read plainly"
