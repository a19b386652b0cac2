"""Files and folders appear whole or not at all."""

import pytest

from speakor_common.storage import (
    UNFINISHED,
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
