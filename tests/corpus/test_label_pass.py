"""Label files are read by several processes, and again only if something changed."""

from dataclasses import replace

import pytest

from speakor_common.corpus import kept, label_pass
from speakor_common.corpus.aihub import read_label_file
from speakor_common.corpus.files import Entry, walk
from speakor_common.corpus.label_pass import read_labels
from speakor_common.corpus.labelled_clips import LabelledClip, Outcome, Refused, as_row, from_row
from speakor_common.corpus.schema import ReadOptions
from tests.builders import as_json, label, stem, write, write_zip

READ = []


def noting(entry, options):
    """Reads as the reader of AI Hub does, and notes which files."""
    READ.append(entry.name)
    return read_label_file(entry, options)


@pytest.fixture
def root(tmp_path):
    """Five labels in a zip, three in a folder, one of them broken."""
    packed = {f"{stem(item=n)}.json": as_json(label(stem(item=n))) for n in range(5)}
    write_zip(tmp_path / "in" / "a.zip", packed)
    for n in range(5, 8):
        content = as_json(label(stem(item=n), "어/ 네")) if n > 5 else b"{"
        write(tmp_path / "in" / "b" / f"{stem(item=n)}.json", content)
    READ.clear()
    return tmp_path / "in"


def entries(root):
    return [entry for entry in walk(root) if isinstance(entry, Entry)]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_kept_says_the_same_in_the_same_order(root, tmp_path, monkeypatch, workers):
    monkeypatch.setattr(label_pass, "GROUP", 2)
    plain = list(read_labels(entries(root), read_label_file, ReadOptions()))
    options = ReadOptions(keep=tmp_path / "out", workers=workers)
    first = list(read_labels(entries(root), read_label_file, options))
    assert first == plain == list(read_labels(entries(root), read_label_file, options))
    assert [outcome.text for outcome in plain] == ["저는 학생입니다"] * 5 + ["", "어 네", "어 네"]
    assert plain[5].reason.startswith("unreadable label")


def test_only_what_is_new_is_read(root, tmp_path):
    options = ReadOptions(keep=tmp_path / "out")
    list(read_labels(entries(root), noting, options))
    assert len(READ) == 8
    READ.clear()
    list(read_labels(entries(root), noting, options))
    assert READ == []

    # one more zip, and a label of the folder mended
    write_zip(root / "c.zip", {f"{stem(item=9)}.json": as_json(label(stem(item=9)))})
    write(root / "b" / f"{stem(item=5)}.json", as_json(label(stem(item=5))))
    found = list(read_labels(entries(root), noting, options))
    assert len(READ) == 3 + 1 and all(outcome.text for outcome in found)
    assert len(list((tmp_path / "out" / "labels").iterdir())) == 3


@pytest.mark.parametrize("change", ["options", "code", "damage"])
def test_labels_are_read_anew_where_they_could_say_something_else(
    root, tmp_path, monkeypatch, change
):
    options = ReadOptions(keep=tmp_path / "out")
    list(read_labels(entries(root), noting, options))
    READ.clear()
    if change == "options":
        options = replace(options, fillers="drop")
    elif change == "code":
        monkeypatch.setattr(label_pass, "code_fingerprint", lambda: "other")
    else:
        for path in (tmp_path / "out" / "labels").iterdir():
            path.write_bytes(b"[[")
    texts = [found.text for found in read_labels(entries(root), noting, options)]
    assert len(READ) == 8
    assert texts[-1] == ("네" if change == "options" else "어 네")


@pytest.mark.parametrize(
    "finding",
    [
        Refused("a.csv", "no table of labels"),
        Refused("a.csv row 1", "fileName: absent", is_label=True),
        Outcome(LabelledClip("a", "네", {"l1": "VN", "category": 1}, "a.json", "json"), "네"),
        Outcome(LabelledClip("a\ud800", "", {}, "a.json", "json"), reason="missing text"),
    ],
)
def test_a_finding_is_kept_whole(tmp_path, finding):
    kept.write_kept(tmp_path / "x.json", [as_row(finding)])
    assert from_row(kept.read_kept(tmp_path / "x.json")[0]) == finding
