"""Studies change what they say and compare what belongs together."""

import pandas as pd
import pytest

from speakor_common.errors import TrainingError
from speakor_common.pipeline import study
from speakor_common.pipeline.study_predictions import read_study, unlike_studies
from speakor_common.storage import write_text
from speakor_common.training.experiments import EXPERIMENTS, resolve_experiment
from speakor_common.training.runlog import LOG_FILE
from tests.builders import predictions


def differences(a, b):
    other = b.settings()
    return {key for key, value in a.settings().items() if other[key] != value}


def test_every_rung_changes_what_it_claims_and_nothing_else():
    rungs = {variant.name: variant for variant in study.ladder("sample")}
    changed = {
        name: differences(variant.experiment, rungs[variant.against].experiment)
        for name, variant in rungs.items()
    }
    assert changed == {
        "exp01": set(),
        "accumulation": {"gradient_accumulation"},
        "constant": {"schedule", "warmup"},
        "exp05": {"stages"},
        "equal steps": {"gradient_accumulation", "epochs"},
        "blank padding": {"blank_padding"},
    }


def test_the_ladder_trains_equally_long_and_ends_at_exp05():
    rungs = {variant.name: variant.experiment for variant in study.ladder("sample")}
    epochs = rungs["exp01"].training.epochs
    whole = {"train_clips": 0, "valid_clips": 0}
    assert rungs["exp05"] == resolve_experiment("exp05", "sample", epochs=epochs, **whole)[0]

    def clips_a_step(training):
        return training.batch_size * training.gradient_accumulation

    trainings = [rungs[name].training for name in ("equal steps", "accumulation")]
    assert len({training.epochs / clips_a_step(training) for training in trainings}) == 1


def test_presets_are_all_experiments_that_are_compared_with_exp05():
    variants = study.presets("sample")
    names = [variant.name for variant in variants]
    assert names == ["exp05", "exp02", "exp05-as-run", "exp06", "exp06-one-cycle"]
    assert {variant.against for variant in variants} == {"exp05"}
    assert variants[0].experiment in [variant.experiment for variant in study.ladder("sample")]
    for variant in variants[1:]:
        assert "exp05" in EXPERIMENTS[variant.name].compared_with


@pytest.mark.parametrize("name", study.STUDIES)
def test_studies_take_all_clips(name):
    for variant in study.STUDIES[name]("sample"):
        training = variant.experiment.training
        assert training.train_clips == training.valid_clips == 0


def results(wrong_by_seed, name):
    """``wrong`` of six two-word clips have one wrong word."""
    good = "저는 학생"
    bad = "저는 학교"
    tables = [
        predictions([good] * 6, [bad] * wrong + [good] * (6 - wrong), name).assign(seed=seed)
        for seed, wrong in wrong_by_seed.items()
    ]
    return pd.concat(tables, ignore_index=True)


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """A home in which training writes a log and no model; the places of the models."""
    places = []

    def train(experiment, data, output, log, seed):
        places.append(output)
        if getattr(experiment.training, "blank_padding", False):
            raise TrainingError(f"loss is nan in {output}")
        write_text(output / LOG_FILE, "epoch,train_loss\n1,0.9\n2,0.4\n")
        return {"steps": 5, "seconds": 60.0, "best_validation_wer": 0.5}

    def predict(name, *rest):
        return results({1: 2}, name).drop(columns="seed").assign(raw_hypothesis="")

    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    monkeypatch.setattr(study.runs, "train_model", train)
    monkeypatch.setattr(study.runs, "training_data", lambda profile: None)
    monkeypatch.setattr(study.evaluate, "predict_model", predict)
    return places


def test_a_run_that_training_stops_is_a_result(tmp_path, trained):
    rows, claims = study.run_study("ablation", "sample", seeds=(1, 2))
    stopped = rows[rows["variant"] == "blank padding"]["stopped"].tolist()
    assert len(rows) == 12 and stopped == [
        f"loss is nan in models/studies/sample/blank-padding-seed{seed}" for seed in (1, 2)
    ]
    assert set(rows["lowest_train_loss"].dropna()) == {0.4}
    assert set(claims["variant"]) == {"accumulation", "constant", "exp05", "equal steps"}
    folder = tmp_path / "results" / "sample"
    assert len(pd.read_csv(folder / "ablation.csv")) == 12
    assert list(pd.read_csv(folder / "ablation.csv")) == list(study.COLUMNS)
    assert (folder / "ablation_verdicts.csv").is_file()


def test_a_studys_predictions_are_kept_and_its_tables_follow_from_them(tmp_path, trained):
    rows, _ = study.run_study("ablation", "sample", seeds=(1, 2))
    folder = tmp_path / "results" / "sample"
    kept = read_study(folder / "studies" / "ablation")
    assert set(kept["experiment"]) == set(rows["variant"]) - {"blank padding"}
    assert unlike_studies(folder) == []


def test_a_study_of_which_nothing_came_to_its_end_says_where_the_reasons_are(
    tmp_path, trained, monkeypatch
):
    def stop(*arguments):
        raise TrainingError("loss is nan")

    monkeypatch.setattr(study.runs, "train_model", stop)
    with pytest.raises(TrainingError, match=r"every run of presets stopped .*presets\.csv"):
        study.run_study("presets", "sample", seeds=(1,))
    assert list(pd.read_csv(tmp_path / "results/sample/presets.csv")) == list(study.COLUMNS)


def test_studies_share_the_models_of_a_seed(tmp_path, trained):
    study.run_study("presets", "sample", seeds=(1,))
    study.run_study("ablation", "sample", seeds=(1,))
    models = tmp_path / "models" / "studies" / "sample"
    assert trained.count(models / "exp05-seed1") == 2  # the second finds what the first made
    assert {place.parent for place in trained} == {models}
