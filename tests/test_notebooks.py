"""The five notebooks, end to end in the smoke profile, in a home of their own."""

import json
import shutil
from pathlib import Path

import pytest

from speakor_common import notebooks, paths

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.notebooks
def test_five_notebooks_in_the_smoke_profile(tmp_path, monkeypatch):
    for shipped in ("notebooks", "data/sample", "models/base-tiny", "models/listener-tiny"):
        target = tmp_path / shipped
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(ROOT / shipped)
    if (ROOT / "models/whisper-base").is_dir():
        shutil.copytree(ROOT / "models/whisper-base", tmp_path / "models/whisper-base")
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
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
        assert (paths.model(experiment, "smoke") / "run.json").is_file()
