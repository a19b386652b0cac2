"""The five notebooks, end to end in the smoke profile, in a home of their own, killed twice on the way."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from speakor_common import paths
from speakor_common.pipeline import notebooks

ROOT = Path(__file__).resolve().parent.parent


# A run is killed when the first of these appears, the next one at the second: training in 02, test predictions in 05.
KILLS = ("models/smoke/exp01.work", "results/smoke/predictions/base.csv")


def kill_once_there(sign: Path, home: Path) -> None:
    """Start a reproduction, kill its runner when ``sign`` is there, and wait until the kernel has noticed."""
    command = [sys.executable, "-m", "speakor_common.cli", "reproduce", "--profile", "smoke"]
    with (home / "killed.log").open("w") as log:
        runner = subprocess.Popen(
            command, env=os.environ | {"SPEAKOR_HOME": str(home)}, stdout=log, stderr=log
        )
        while not sign.exists():
            assert runner.poll() is None, (home / "killed.log").read_text()[-3000:]
            time.sleep(0.05)
        runner.kill()
        runner.wait()


@pytest.mark.notebooks
def test_five_notebooks_in_the_smoke_profile(tmp_path, monkeypatch):
    for shipped in ("notebooks", "data/sample", "models/base-tiny", "models/listener-tiny"):
        target = tmp_path / shipped
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(ROOT / shipped)
    if (ROOT / "models/whisper-base").is_dir():
        shutil.copytree(ROOT / "models/whisper-base", tmp_path / "models/whisper-base")
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    for sign in KILLS:
        kill_once_there(tmp_path / sign, tmp_path)
        assert not (tmp_path / "results/smoke/notebooks/05_evaluation.ipynb").exists()
    trained = {
        name: (paths.model(name, "smoke") / "run.json").read_bytes()
        for name in ("exp01", "exp05", "whisper")
    }
    done = notebooks.reproduce("smoke")
    assert [p.name[:2] for p in done] == ["01", "02", "03", "04", "05"]
    results = paths.results("smoke")
    lines = (results / "result.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("WER: 0.") or lines[0].startswith("WER: 1.")
    metrics = json.loads((results / "metrics.json").read_text(encoding="utf-8"))
    assert {"base", "exp01", "exp05", "exp06", "whisper", "whisper zero-shot"} <= set(metrics)
    assert all(entry["clean"]["n"] == 24 for entry in metrics.values())
    for name in (
        "report.html",
        "explorer.html",
        "feedback.jsonl",
        "feedback.schema.json",
        "predictions/exp05.csv",
        "figures/05_conditions.png",
    ):
        assert (results / name).stat().st_size > 1000
    for experiment in ("exp01", "exp05", "whisper"):
        assert (paths.model(experiment, "smoke") / "run.json").read_bytes() == trained[
            experiment
        ]  # not trained again
    assert not [p for p in tmp_path.glob("**/*") if p.suffix in (".partial", ".work")]
