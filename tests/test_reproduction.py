"""The five notebooks end to end in the smoke profile, in a home of their own, killed twice."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from speakor_common import paths
from speakor_common.pipeline import notebooks, verify

ROOT = Path(__file__).resolve().parent.parent

# When the first of these appears, a run is killed in training (02); the next one at the second,
# while the test split is transcribed (05).
KILLS = ("models/smoke/exp01.work", "results/smoke/predictions/base.csv")


def kill_once_there(sign: Path, home: Path) -> None:
    """Start a reproduction, and kill its runner as soon as ``sign`` is there."""
    command = [sys.executable, "-m", "speakor_common.cli", "reproduce", "--profile", "smoke"]
    environment = os.environ | {"SPEAKOR_HOME": str(home)}
    with (home / "killed.log").open("w") as log:
        runner = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        while not sign.exists():
            assert runner.poll() is None, (home / "killed.log").read_text()[-3000:]
            time.sleep(0.05)
        runner.kill()
        runner.wait()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with what is shipped, and with Whisper where it was unpacked already."""
    for shipped in ("notebooks", "data/sample", "models/base-tiny", "models/listener-tiny"):
        target = tmp_path / shipped
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(ROOT / shipped)
    if (ROOT / "models/whisper-base").is_dir():
        shutil.copytree(ROOT / "models/whisper-base", tmp_path / "models/whisper-base")
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.notebooks
def test_five_notebooks_in_the_smoke_profile(home):
    results = paths.results("smoke")
    for sign in KILLS:
        kill_once_there(home / sign, home)
        assert not (results / "notebooks" / "05_evaluation.ipynb").exists()

    # The third run finds what is trained, trains nothing again, and comes to the end.
    runs = {name: paths.model(name, "smoke") / "run.json" for name in ("exp01", "exp05", "whisper")}
    trained = {name: run.read_bytes() for name, run in runs.items()}
    executed = notebooks.reproduce("smoke")
    assert [path.name[:2] for path in executed] == ["01", "02", "03", "04", "05"]
    assert {name: run.read_bytes() for name, run in runs.items()} == trained

    # Every system is in the results, and the results are whole.
    lines = (results / "result.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith(("WER: 0.", "WER: 1."))
    metrics = json.loads((results / "metrics.json").read_text(encoding="utf-8"))
    assert {*runs, "base", "exp06", "whisper zero-shot"} <= set(metrics)
    assert all(entry["clean"]["n"] == 24 for entry in metrics.values() if "clean" in entry)
    for name in (
        "report.html",
        "explorer.html",
        "feedback.jsonl",
        "feedback.schema.json",
        "predictions/exp05.csv",
        "figures/05_conditions.png",
    ):
        assert (results / name).stat().st_size > 1000
    assert verify.differences(results) == []
    assert not [path for path in home.glob("**/*") if path.suffix in (".partial", ".work")]
