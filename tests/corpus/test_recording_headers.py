"""Lengths from headers: a zip is not read for them."""

import zipfile

import pytest

from speakor_common.corpus import recording_headers
from speakor_common.corpus.recording_headers import by_place, header_seconds, in_file_order
from tests.builders import encoded, tone, write, write_zip


def test_lengths_of_all_kinds_of_recordings(tmp_path):
    members = {
        "long.wav": encoded(tone(3.0)),
        "b/short.WAV": encoded(tone(0.5)),
        "adpcm.wav": encoded(tone(1.0), subtype="IMA_ADPCM"),
        "c.flac": encoded(tone(0.75), form="FLAC"),
        "broken.wav": b"no sound",
    }
    archive = write_zip(tmp_path / "z.zip", members)
    plain = str(write(tmp_path / "d!" / "plain.wav", encoded(tone(0.25))))
    references = [*(f"{archive}!/{name}" for name in members), f"{archive}!/none.wav", plain]
    seconds = header_seconds(references)
    found = {reference.rsplit("/", 1)[1]: round(seconds[reference], 1) for reference in references}
    assert found == {
        "long.wav": 3.0,
        "short.WAV": 0.5,
        "adpcm.wav": 1.0,
        "c.flac": 0.8,
        "broken.wav": -1,
        "none.wav": -1,
        "plain.wav": 0.2,
    }


def test_only_the_first_bytes_of_a_wav_are_read(tmp_path, monkeypatch):
    archive = write_zip(tmp_path / "z.zip", {"a.wav": encoded(tone(3.0))})
    monkeypatch.setattr(recording_headers.audio, "duration", lambda reference: pytest.fail("read"))
    assert header_seconds([f"{archive}!/a.wav"]) == {f"{archive}!/a.wav": 3.0}


def test_members_come_in_the_order_they_lie_in(tmp_path):
    archive = str(write_zip(tmp_path / "z.zip", dict.fromkeys("cab", b"x")))
    references = [f"{archive}!/{name}" for name in "abc"]
    assert in_file_order(archive, references) == [f"{archive}!/{name}" for name in "cab"]
    assert in_file_order(str(tmp_path), ["b", "a"]) == ["a", "b"]
    assert list(by_place(dict.fromkeys(references, archive) | {"/d/x": "/d/x"})) == [archive, "/d"]


def test_a_zip_that_is_none_holds_nothing_readable(tmp_path):
    archive = write(tmp_path / "z.zip", b"PK")
    assert not zipfile.is_zipfile(archive)
    assert list(header_seconds([f"{archive}!/a.wav"]).values()) == [-1]
