"""Files and folders appear whole or not at all."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from speakor_common.errors import SpeakorError
from speakor_common.storage import (
    UNFINISHED,
    only_writer,
    read_json,
    whole_directory,
    whole_file,
    write_json,
    write_text,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_text_and_json_make_their_folders_and_keep_hangul(tmp_path):
    path = write_json(tmp_path / "a" / "b.json", {"가": 1})
    assert read_json(path) == {"가": 1} and "가" in path.read_text(encoding="utf-8")
    assert write_text(path, "x").read_text() == "x" and names(path.parent) == ["b.json"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, ValueError])
def test_a_file_that_fails_leaves_what_was_there(tmp_path, error):
    path = write_text(tmp_path / "a.txt", "old")
    with pytest.raises(error), whole_file(path) as temporary:
        temporary.write_text("ne")
        raise error
    assert path.read_text() == "old" and names(tmp_path) == ["a.txt"]


def test_what_a_killed_process_left_is_written_over(tmp_path):
    (tmp_path / f"a.txt{UNFINISHED}").write_text("half")
    write_text(tmp_path / "a.txt", "whole")
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_takes_its_place_when_it_is_complete(tmp_path):
    with whole_directory(tmp_path / "m") as temporary:
        (temporary / "1").write_text("1")
    with pytest.raises(ValueError, match="stop"), whole_directory(tmp_path / "m") as temporary:
        (temporary / "2").write_text("2")
        raise ValueError("stop")
    assert names(tmp_path / "m") == ["1"]
    with whole_directory(tmp_path / "m") as temporary:
        (temporary / "3").write_text("3")
    assert names(tmp_path / "m") == ["3"] and names(tmp_path) == ["m"]


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    path = write_json(tmp_path / "a.json", {"old": 1})
    real = Path.write_text

    def full(self, content, **options):
        real(self, content[:3], **options)
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        write_json(path, {"new": 2})
    assert json.loads(path.read_text()) == {"old": 1} and [p.name for p in tmp_path.iterdir()] == [
        "a.json"
    ]


def test_a_second_run_on_the_same_output_is_refused(tmp_path):
    code = (
        "from pathlib import Path; from speakor_common.storage import only_writer\n"
        f"with only_writer(Path({str(tmp_path / 'out')!r})): pass"
    )
    with only_writer(tmp_path / "out"):
        second = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
    assert second.returncode == 1 and "is being written by another run" in second.stderr
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    with (
        pytest.raises(SpeakorError, match="another run"),
        only_writer(tmp_path / "out"),
        only_writer(tmp_path / "out"),
    ):
        pass
