"""One pass over the recordings: what is new is decoded, in file order, and kept."""

import json
import os
import zipfile

import pandas as pd
import pytest

from speakor_common.corpus import recording_checks
from speakor_common.corpus.recording_checks import RecordingChecks
from speakor_common.corpus.recordings import check_recording
from tests.builders import encoded, tone, write, write_zip


@pytest.fixture
def references(tmp_path):
    """Nine clips in two folders and a zip, one of them broken."""
    paths = [
        str(write(tmp_path / folder / f"{n}.wav", encoded(tone(0.5, frequency=100 + n))))
        for folder in ("a", "b!")
        for n in range(3)
    ]
    packed = {f"{n}.wav": encoded(tone(0.5, frequency=200 + n)) for n in range(2)}
    archive = write_zip(tmp_path / "z.zip", packed | {"2.wav": b"broken"})
    return pd.Series([*paths, *(f"{archive}!/{n}.wav" for n in range(3))], index=range(5, 14))


@pytest.fixture
def decoded(monkeypatch):
    """References in the order in which they are decoded."""
    done = []
    monkeypatch.setattr(
        recording_checks, "check_recording", lambda r: (done.append(r), check_recording(r))[1]
    )
    return done


@pytest.mark.parametrize("workers", [1, 2])
def test_all_recordings_of_a_manifest_are_checked_in_its_order(tmp_path, references, workers):
    shuffled = references.sample(frac=1, random_state=1)
    checked = RecordingChecks(tmp_path / "kept", workers).table(shuffled)
    assert checked.index.equals(shuffled.index)
    assert checked.loc[shuffled.str.endswith("z.zip!/2.wav"), "problem"].str.len().tolist() > [0]
    assert (checked["length"] == 8_000).sum() == 8 and checked["digest"].nunique() == 6
    for row, reference in zip(checked.itertuples(index=False), shuffled, strict=True):
        assert row == tuple(getattr(check_recording(reference), field) for field in checked)


def test_only_what_changed_is_decoded_again(tmp_path, references, decoded):
    first = RecordingChecks(tmp_path).table(references)
    assert sorted(decoded) == sorted(references)
    decoded.clear()
    assert RecordingChecks(tmp_path).table(references).equals(first) and decoded == []

    # one file of a folder, not its neighbours
    changed = write(tmp_path / "a" / "1.wav", encoded(tone(0.75)))
    again = RecordingChecks(tmp_path).table(references)
    assert decoded == [str(changed)] and 12_000 in set(again["length"])

    # a new clip, and fewer of a zip than before
    decoded.clear()
    new = str(write(tmp_path / "a" / "0 new.wav", encoded(tone(0.5))))
    RecordingChecks(tmp_path).table(pd.Series([new, *references[:-1]]))
    assert decoded == [new]


def test_a_zip_that_was_written_anew_is_read_anew(tmp_path, decoded):
    archive = write_zip(tmp_path / "z.zip", {"a.wav": encoded(tone(0.5))})
    reference = f"{archive}!/a.wav"
    RecordingChecks(tmp_path).check([reference])
    time = archive.stat().st_mtime_ns + 1
    os.utime(archive, ns=(time, time))
    RecordingChecks(tmp_path).check([reference])
    assert decoded == [reference] * 2
    assert len(list((tmp_path / "recordings").iterdir())) == 1  # what is out of date goes


def test_members_are_read_in_the_order_they_lie_in(tmp_path, decoded):
    names = ["c.wav", "a.wav", "b.wav"]
    archive = write_zip(tmp_path / "z.zip", {name: encoded(tone(0.5)) for name in names})
    RecordingChecks(tmp_path).check([f"{archive}!/{name}" for name in sorted(names)])
    assert [reference.split("!/")[1] for reference in decoded] == names


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path, references, monkeypatch, decoded):
    monkeypatch.setattr(recording_checks, "GROUP", 2)
    real = recording_checks.check_recording

    def stopped(reference):
        if len(decoded) == 5:
            raise KeyboardInterrupt
        return real(reference)

    monkeypatch.setattr(recording_checks, "check_recording", stopped)
    with pytest.raises(KeyboardInterrupt):
        RecordingChecks(tmp_path).check(references)
    kept = set(decoded)  # two groups of folder a, one of b
    monkeypatch.setattr(recording_checks, "check_recording", real)
    decoded.clear()
    RecordingChecks(tmp_path).check(references)
    assert set(decoded) == set(references) - kept and len(kept) == 5


@pytest.mark.parametrize("damage", [b"", b"[1, 2]", b'{"version": 1}'])
def test_a_damaged_or_older_file_counts_as_absent(tmp_path, references, decoded, damage):
    whole = RecordingChecks(tmp_path).table(references)
    for path in (tmp_path / "recordings").iterdir():
        path.write_bytes(damage)
    decoded.clear()
    assert RecordingChecks(tmp_path).table(references).equals(whole)
    assert len(decoded) == len(references)


def test_without_a_folder_headers_are_read_and_nothing_is_decoded(tmp_path, references, decoded):
    seconds = RecordingChecks(None).seconds(references)
    assert list(seconds.values()) == [0.5] * 8 + [-1] and decoded == []
    kept = RecordingChecks(tmp_path).seconds(references)
    assert kept == seconds and len(decoded) == 9
    with pytest.raises(ValueError, match="only where"):
        RecordingChecks(None).check(references)


def test_a_zip_that_cannot_be_opened_is_each_clips_problem(tmp_path):
    archive = write(tmp_path / "z.zip", b"PK")
    found = RecordingChecks(tmp_path).check([f"{archive}!/a.wav"])
    assert [recording.problem[:11] for recording in found.values()] == ["undecodable"]


def test_hours_and_what_is_left_are_shown(tmp_path, references, capsys):
    RecordingChecks(tmp_path, progress=True).check(references)
    shown = capsys.readouterr().err
    assert "recordings: 100%" in shown and "9/9" in shown and "0.0 h of audio" in shown
    RecordingChecks(tmp_path, progress=True).check(references)
    assert "recordings" not in capsys.readouterr().err  # nothing was read


def test_what_is_kept_is_plain_json(tmp_path):
    archive = write_zip(tmp_path / "z.zip", {"a.wav": encoded(tone(0.5))}).resolve()
    RecordingChecks(tmp_path).check([f"{archive}!/a.wav"])
    (path,) = (tmp_path / "recordings").iterdir()
    kept = json.loads(path.read_text())
    assert list(kept["files"]) == [str(archive)]
    assert kept["recordings"][0][:3] == [str(archive), "!/a.wav", 8_000]
    assert zipfile.is_zipfile(kept["recordings"][0][0])
