"""Killed at ten points from corpus to report, the work goes on and comes to the same numbers."""

import shutil
import subprocess
import sys

import pytest

from speakor_common import paths
from tests.builders import seed_layout, tiny_ctc

# Events each process survives; the first five of a restart are prepare's lists.
KILLS = (0, 2, 5, 7, 8, 9, 10, 10, 10, 9)


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    """Results of an undisturbed run and of one killed again and again, and their processes."""
    start = tmp_path_factory.mktemp("start")
    seed_layout(start / "corpus", speakers=8, items=2)
    tiny_ctc(start / "base")
    found = []
    for kills in ((), KILLS):
        home = tmp_path_factory.mktemp("home")
        shutil.copytree(start, home, dirs_exist_ok=True)
        report = home / "report.txt"
        command = [sys.executable, "-m", "tests.kill_run", str(home), str(report), *map(str, kills)]
        done = subprocess.run(
            command, cwd=paths.root(), capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found.append((home, report.read_text().split("\n")[:-1], done.stderr[-3000:]))
    return found


def test_ten_processes_were_killed_and_the_last_one_ended(homes):
    _, fates, complaints = homes[1]
    assert fates[: len(KILLS)] == ["killed"] * len(KILLS), fates
    assert fates[-1] == "ended 0", complaints


def test_the_numbers_are_those_of_an_undisturbed_run(homes):
    (calm, _, _), (killed, _, _) = homes
    for name in ("metrics.json", "result.txt", "feedback.jsonl", "predictions/exp05.csv"):
        a, b = (home / "results" / "seconds" / name for home in (calm, killed))
        assert a.read_bytes() == b.read_bytes(), name
    for experiment in ("exp01", "exp05"):
        a, b = (
            home / "models" / "seconds" / experiment / "model.safetensors"
            for home in (calm, killed)
        )
        assert a.read_bytes() == b.read_bytes(), experiment


def test_nothing_half_written_is_left(homes):
    killed = homes[1][0]
    assert not [p for p in killed.rglob("*") if p.suffix in (".partial", ".work")]


def test_less_is_left_to_do_after_each_kill(homes):
    (_, calm, _), (_, killed, _) = homes
    assert int(killed[-2]) < int(
        calm[0]
    )  # events of the last process, and of one that did everything
