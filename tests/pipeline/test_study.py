"""Studies change what they say and compare what belongs together."""

from dataclasses import asdict

import pandas as pd
import pytest

from speakor_common.errors import TrainingError
from speakor_common.pipeline import study
from speakor_common.storage import write_text
from speakor_common.training.epochlog import LOG_FILE
from speakor_common.training.experiments import resolve
from tests.builders import predictions


def differences(a, b):
    return {key for key, value in asdict(a).items() if asdict(b)[key] != value}


def test_every_rung_changes_what_it_claims_and_nothing_else():
    rungs = {variant.name: variant for variant in study.ladder("sample")}
    changed = {
        name: differences(v.experiment, rungs[v.against].experiment) for name, v in rungs.items()
    }
    assert changed == {
        "exp01": set(),
        "accumulation": {"gradient_accumulation"},
        "constant": {"schedule", "warmup"},
        "exp05": {"stages", "name", "note"},
        "equal steps": {"gradient_accumulation", "epochs"},
        "blank padding": {"blank_padding"},
    }
    assert (
        rungs["exp05"].experiment
        == resolve("exp05", "sample", epochs=rungs["exp01"].experiment.epochs)[0]
    )
    steps = [rungs[name].experiment for name in ("equal steps", "accumulation")]
    assert len({e.epochs / (e.batch_size * e.gradient_accumulation) for e in steps}) == 1


def test_the_other_presets_are_compared_with_the_same_exp05_as_the_ladder_has():
    others = study.presets("sample")
    assert [variant.name for variant in others] == [
        "exp05",
        "exp06",
        "exp06-one-cycle",
        "exp05-as-run",
        "exp02",
    ]
    assert [variant.name for variant in others if variant.experiment.weights] == ["exp06"]
    assert {variant.against for variant in others} == {"exp05"}
    assert others[0].experiment in [variant.experiment for variant in study.ladder("sample")]


def results(wrong_by_seed, name):
    """``wrong`` of six two-word clips have one wrong word."""
    good, bad = "저는 학생", "저는 학교"
    parts = [
        predictions([good] * 6, [bad] * wrong + [good] * (6 - wrong), name).assign(seed=s)
        for s, wrong in wrong_by_seed.items()
    ]
    return pd.concat(parts, ignore_index=True)


def test_a_verdict_joins_the_seeds_and_leaves_out_what_has_no_pair():
    table = pd.concat(
        [results({1: 2, 2: 4}, "exp01"), results({1: 1, 2: 3, 3: 0}, "accumulation")],
        ignore_index=True,
    )
    found = study.verdicts(study.ladder("sample"), table)
    assert found["variant"].tolist() == ["accumulation"]
    row = found.iloc[0]
    assert (
        row["difference"] == pytest.approx(-2 / 24) and row["seeds"] == 2 and row["n"] == 12
    )  # the third seed has no partner


def test_a_run_that_training_stops_is_a_result(tmp_path, monkeypatch):
    def train(used, profile, changed, seed, output, callbacks=()):
        if used.blank_padding:
            raise TrainingError("loss is nan")
        write_text(output / LOG_FILE, "epoch,train_loss\n1,0.9\n2,0.4\n")
        return {"steps": 5, "seconds": 60.0, "best_validation_wer": 0.5}

    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    monkeypatch.setattr(study.runs, "run", train)
    monkeypatch.setattr(
        study.workflow,
        "predict_model",
        lambda name, *rest: results({1: 2}, name).drop(columns="seed"),
    )
    rows, found = study.run("ablation", "sample", seeds=(1, 2))
    assert (
        len(rows) == 12
        and rows[rows["variant"] == "blank padding"]["stopped"].tolist() == ["loss is nan"] * 2
    )
    assert set(rows["lowest_train_loss"].dropna()) == {0.4}
    assert set(found["variant"]) == {"accumulation", "constant", "exp05", "equal steps"}
    written = pd.read_csv(tmp_path / "results" / "sample" / "ablation.csv")
    assert (
        len(written) == 12 and (tmp_path / "results" / "sample" / "ablation_verdicts.csv").is_file()
    )
