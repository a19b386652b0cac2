"""Clips and their table are read; what cannot be measured keeps its row and says why."""

import hashlib

import pytest

from speakor_common.corpus import clip_folder
from speakor_common.errors import CorpusError
from tests.builders import encoded, tone, write

HEADER = "file\tspeaker\tseconds\ttext\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Five clips: two good ones, a quiet one, a broken one, and one with a foreign word."""
    monkeypatch.setattr(clip_folder, "somebody_speaks", lambda wave: len(wave) > 16_000)
    for name, seconds in (("a", 2.0), ("b", 1.5), ("quiet", 0.5), ("foreign", 2.0)):
        write(tmp_path / f"{name}.flac", encoded(tone(seconds), 16_000, "FLAC"))
    write(tmp_path / "broken.flac", b"no audio")
    rows = (
        "a.flac\tn00\t2.0\t안녕하세요, 여러분.",
        "b.flac\tn01\t1.5\t3번 봤어요",
        "quiet.flac\tn01\t0.5\t네",
        "foreign.flac\tn02\t2.0\tcoffee 주세요",
        "broken.flac\tn02\t1.0\t네",
        "gone.flac\tn02\t1.0\t네",
    )
    write(tmp_path / "transcripts.tsv", (HEADER + "\n".join(rows) + "\n").encode())
    return tmp_path


def test_every_row_has_a_status(folder):
    clips = clip_folder.read_clip_folder(folder)
    assert dict(zip(clips["utterance_id"], clips["status"], strict=True)) == {
        "a.flac": "ok",
        "b.flac": "ok",
        "quiet.flac": "no_speech",
        "foreign.flac": "bad_text",
        "broken.flac": "unreadable",
        "gone.flac": "unreadable",
    }
    assert clips["text"].tolist()[:2] == ["안녕하세요 여러분", "세 번 봤어요"]
    assert clips["length"].tolist()[:2] == [32_000, 24_000]


def test_only_what_is_scored_becomes_a_dataset(folder):
    data = clip_folder.as_dataset(clip_folder.read_clip_folder(folder))
    assert data["utterance_id"][:] == ["a.flac", "b.flac", "quiet.flac"]
    assert data["audio"][0] == str(folder / "a.flac") and data["l1"][0] == ""
    assert "raw_text" not in data.column_names


def test_the_hash_is_that_of_the_table(folder):
    content = (folder / "transcripts.tsv").read_bytes()
    assert clip_folder.transcripts_hash(folder) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, "holds no transcripts.tsv"),
        ("file\ttext\na.flac\t네\n", r"lacks the columns \['seconds', 'speaker'\]"),
        (HEADER, "names 0 files"),
        (HEADER + "a.flac\tn\t1\t네\na.flac\tn\t1\t네\n", "names 2 files, 1 different"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path, table, message):
    if table is not None:
        write(tmp_path / "transcripts.tsv", table.encode())
    with pytest.raises(CorpusError, match=message):
        clip_folder.read_clip_folder(tmp_path)
