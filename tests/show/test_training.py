"""Runs and studies as notebooks 02 to 04 show them."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from speakor_common.show import training
from speakor_common.storage import write_json
from speakor_common.training.experiments import resolve_experiment

EMPTY = float("nan")
RUN = {"clips": 8, "steps": 25, "seconds": 60.0, "peak_memory_mib": 9, "best_validation_wer": 0.5}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def displayed(monkeypatch):
    shown = []
    monkeypatch.setattr(training, "display", shown.append)
    monkeypatch.setattr("IPython.display.display", shown.append)
    return shown


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_settings_name_what_the_profile_changed():
    preset, _, changed = resolve_experiment("exp05", "smoke")
    rows = training.setting_table(preset, changed)
    assert "note" not in rows.index
    changed_rows = rows[rows["preset"] != ""]
    assert set(changed_rows.index) == set(changed)


def test_facts_are_those_the_run_has():
    assert training.fact_table(RUN).loc["steps", "value"] == "25"
    assert "left_out" not in training.fact_table(RUN).index
    weights = {"decoding": {"weights": {"jamo": 0.1234}}}
    assert training.weight_table(weights).loc["jamo", "weight"] == 0.12


def test_only_finished_runs_are_compared(home):
    write_json(home / "models" / "exp05" / "run.json", RUN)
    rows = training.validation_table(["exp01", "exp05"], "sample")
    assert rows["experiment"].tolist() == ["exp05"] and rows["minutes"].tolist() == [1.0]


def test_curves_without_error_rates_have_one_panel_and_a_point_an_evaluation():
    log = pd.DataFrame(
        {
            "epoch": [0.1, 0.2, 0.5],
            "train_loss": [1.2, 0.5, 0.3],
            "validation_loss": [EMPTY, EMPTY, 0.28],
            "wer": EMPTY,
        }
    )
    figure = training.learning_curves({"whisper": log})
    losses, validation = figure.axes[0].lines
    assert len(figure.axes) == 1 and len(losses.get_xdata()) == 3
    assert list(validation.get_ydata()) == [0.28]
    sentence = training.finding_curves("whisper", log, RUN)
    assert "1.200 → 0.300" in sentence and "0.280 → 0.280 in 1 evaluation (" in sentence
    assert sentence.endswith("(training clips: 8; 25 steps, 1.0 min).")
    drawn = {"train": {"clips": 8, "of": 80}, "valid": {"clips": 2, "of": 2}}
    lent = RUN | {"seconds": 1.0, "training_seconds": 120.0, "trained_as": "exp05"}
    assert "25 steps, 2.0 min, trained as exp05" in training.finding_curves("exp06", log, lent)
    sentence = training.finding_curves("whisper", log, RUN | {"drawn": drawn, "best_epoch": 2.0})
    assert "; kept is epoch 2 (training clips: 8 of 80 (drawn, " in sentence


def test_unfreezing_is_marked_in_the_curves(home, displayed):
    preset, _, _ = resolve_experiment("exp05", "sample")
    epoch = training.unfreezing_epochs(preset)["exp05"]
    frozen, _, _ = resolve_experiment("exp01", "sample")
    assert training.unfreezing_epochs(frozen) == {}

    log = {"epoch": [1, 2], "train_loss": 1.0, "validation_loss": 1.0, "wer": 0.5, "cer": 0.2}
    folder = home / "models" / "exp05"
    folder.mkdir(parents=True)
    pd.DataFrame(log).to_csv(folder / "training_log.csv", index=False)
    training.show_curves(preset, "sample", RUN)
    figure, finding = displayed
    assert "WER 0.500" in finding.data
    assert [list(ax.lines[-1].get_xdata()) for ax in figure.axes] == [[epoch, epoch]] * 2
    assert (home / "results" / "sample" / "figures" / "exp05_curves.png").is_file()


def test_live_curves_are_redrawn_in_one_place_and_make_room_at_the_end(tmp_path, monkeypatch):
    shown = []
    place = SimpleNamespace(update=shown.append)
    monkeypatch.setattr(training, "display", lambda first, display_id: shown.append(first) or place)
    log = {"epoch": [1], "train_loss": [2.0], "validation_loss": [1.5], "wer": [0.9], "cer": [0.5]}
    arguments = SimpleNamespace(output_dir=str(tmp_path))
    state = SimpleNamespace(is_world_process_zero=True, global_step=7)

    curves = training.LiveCurves("exp05")
    curves.on_train_begin(arguments, state, None)
    curves.on_evaluate(arguments, state, None)  # no log yet: nothing to draw
    pd.DataFrame(log).to_csv(tmp_path / "training_log.csv", index=False)
    curves.on_evaluate(arguments, state, None)
    curves.on_train_end(arguments, state, None)
    assert [type(entry).__name__ for entry in shown] == ["Markdown", "Figure", "Markdown"]
    assert "7 steps" in shown[-1].data

    other = training.LiveCurves("exp05")
    other.on_train_begin(arguments, SimpleNamespace(is_world_process_zero=False), None)
    other.on_evaluate(arguments, state, None)
    assert len(shown) == 3  # only the first process draws


def test_a_study_that_was_not_made_says_how_to_make_it(home, displayed):
    training.show_study("ablation", "sample")
    assert "make ablation PROFILE=sample" in displayed.pop().data


def test_a_study_is_shown_with_what_helped_and_what_stopped(home, displayed):
    runs = [
        {"variant": variant, "seed": seed, "wer": wer, "n": 9, "lowest_train_loss": loss}
        for variant, seed, wer, loss in (
            ("exp01", 5, 0.5, 0.1),
            ("exp01", 2, 0.4, 0.1),
            ("constant", 2, 0.3, -0.157),
        )
    ]
    runs.append({"variant": "blank padding", "seed": 2, "stopped": "loss is nan; Check labels"})
    verdict = {"claim": "constant", "variant": "constant", "against": "exp01"}
    verdict |= {"difference": -0.1, "low": -0.2, "high": -0.05, "no_interval": None}
    verdict |= {"verdict": "helps", "seeds": 3, "n": 27}
    folder = home / "results" / "sample"
    folder.mkdir(parents=True)
    pd.DataFrame(runs).to_csv(folder / "ablation.csv", index=False)
    pd.DataFrame([verdict]).to_csv(folder / "ablation_verdicts.csv", index=False)

    training.show_study("ablation", "sample")
    text = displayed[1].data
    assert "WER -0.100 [-0.200, -0.050]; helps (3 seeds of 9 clips)" in text
    assert "training stopped, loss is nan." in text and "fell to -0.157" in text
    assert (folder / "figures" / "ablation.png").is_file()

    axes = training.study_dots(pd.DataFrame(runs))
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ["exp01", "constant", "blank padding"]
    assert "Seeds 2, 5; n = 9" in axes.get_title(loc="left")
