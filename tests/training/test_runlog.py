"""What a run writes down: its facts, and a row an epoch."""

import csv

import pytest
from transformers import TrainerControl, TrainerState

from speakor_common.storage import write_text
from speakor_common.training import runlog
from speakor_common.training.experiments import resolve_experiment
from speakor_common.training.runlog import (
    LOG_COLUMNS,
    LOG_FILE,
    RunLog,
    TrainingLog,
    code_revision,
    keep_logs,
    package_versions,
    peak_memory_mib,
    read_training_log,
)


def test_a_drawn_part_is_said_and_a_whole_split_is_not():
    drawn = {"train": {"clips": 5, "of": 5}, "valid": {"clips": 2, "of": 9}}
    run = {"clips": 4, "drawn": drawn}
    assert runlog.clips_used(run) == "4" == runlog.clips_used({"clips": 4})
    assert runlog.clips_used(run, "valid").startswith("2 of 9 (drawn")


def test_a_run_log_holds_what_decided_the_run(tmp_path):
    used, _, changed = resolve_experiment("exp05", "sample")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    facts = RunLog(used, "sample", changed, 7).write(tmp_path, steps=12)
    assert facts["experiment"] == used.as_json() and facts["seed"] == 7 and facts["steps"] == 12
    assert facts["changed_by_profile"]["epochs"] == {"preset": 12, "used": 8}
    assert facts["changed_by_profile"]["train_clips"] == {"preset": 0, "used": 600}
    assert len(facts["weights_sha256"]) == 64 and facts["peak_memory_mib"] > 0
    assert set(facts["versions"]) >= {"torch", "transformers"} and facts["seconds"] >= 0


def state(step, epoch):
    return TrainerState(global_step=step, epoch=epoch, is_world_process_zero=True)


def evaluated(log, step, epoch, loss, wer=None):
    log.on_epoch_begin(None, state(step, epoch), TrainerControl())
    control = TrainerControl()
    log.on_epoch_end(None, state(step, epoch), control)
    assert control.should_log
    log.on_log(None, state(step, epoch), control, {"loss": loss, "learning_rate": 1e-3})
    metrics = {"eval_loss": loss + 1} | ({} if wer is None else {"eval_wer": wer})
    log.on_evaluate(None, state(step, epoch), control, metrics)


def test_a_row_an_epoch_with_validation(tmp_path):
    log = TrainingLog(tmp_path / "work", epoch_audio_seconds=10.0)
    evaluated(log, 2, 1.0, 0.5, wer=0.25)
    evaluated(log, 4, 2.0, 0.4)
    first, second = read_training_log(tmp_path / "work" / LOG_FILE)
    assert list(first) == list(LOG_COLUMNS)
    assert (first["epoch"], first["step"], first["train_loss"]) == ("1.0", "2", "0.5")
    assert first["wer"] == "0.25" and second["wer"] == "" and second["validation_loss"] == "1.4"
    assert float(first["audio_seconds_per_second"]) > 0
    assert first["peak_memory_mib_by_device"] == first["peak_memory_mib"]  # one device


def test_a_continued_run_replaces_the_rows_it_makes_again(tmp_path):
    log = TrainingLog(tmp_path, 10.0)
    for step in (2, 4, 6):
        evaluated(log, step, step / 2, 0.5)
    continued = TrainingLog(tmp_path, 10.0)
    evaluated(continued, 4, 2.0, 0.3)
    rows = read_training_log(tmp_path / LOG_FILE)
    assert [(row["step"], row["train_loss"]) for row in rows] == [("2", "0.5"), ("4", "0.3")]


@pytest.mark.parametrize(("steps", "rows"), [(True, 1), (False, 0)])
def test_short_runs_are_logged_between_validations(tmp_path, steps, rows):
    log = TrainingLog(tmp_path, 10.0, steps=steps)
    log.on_log(None, state(5, 0.1), TrainerControl(), {"loss": 0.7, "grad_norm": 2.0})
    log.on_log(None, state(6, 0.1), TrainerControl(), {"eval_runtime": 1.0})
    written = list(csv.DictReader((tmp_path / LOG_FILE).open())) if rows else []
    assert len(written) == rows and (not rows or written[0]["grad_norm"] == "2.0")


def test_only_the_first_process_writes(tmp_path):
    other = TrainerState(global_step=1, epoch=1.0, is_world_process_zero=False)
    log = TrainingLog(tmp_path, 10.0, steps=True)
    log.on_log(None, other, TrainerControl(), {"loss": 0.7})
    log.on_evaluate(None, other, TrainerControl(), {"eval_loss": 0.7})
    assert not (tmp_path / LOG_FILE).exists()


def test_logs_go_from_the_work_folder_to_the_model(tmp_path):
    work = tmp_path / "work"
    write_text(work / LOG_FILE, "epoch\n1\n")
    (tmp_path / "model").mkdir()
    keep_logs(work, tmp_path / "model")
    write_text(work / "runs" / "events", "content")
    keep_logs(work, tmp_path / "model")
    assert (tmp_path / "model" / "runs" / "events").read_text() == "content"
    assert read_training_log(tmp_path / "model" / LOG_FILE) == [{"epoch": "1"}]


def test_what_cannot_be_found_out_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))  # no git there
    assert code_revision() == "unknown"
    monkeypatch.setattr(runlog, "_PACKAGES", ("torch", "speakor-no-such-package"))
    assert package_versions()["speakor-no-such-package"] == "not installed"
    assert peak_memory_mib() > 10
