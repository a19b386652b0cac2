"""Walking a corpus root: what is listed, what is skipped as harmless, what is rejected and why."""

import os
import zipfile

import pytest

from speakor_common.corpus.files import Entry, Rejected, Skipped, decode_text, repair_name, walk
from tests.builders import nfd, write, write_zip

HARMLESS = (
    "._clip.wav",
    "folder/._clip.json",
    "__MACOSX/folder/._clip.wav",
    "__MACOSX/clip.json",
    ".DS_Store",
    "Thumbs.db",
    "thumbs.db",
    "Desktop.ini",
)
UNREACHABLE = {
    "TS_1.zip.part0": "piece of a split zip; join the pieces",
    "TS_1.zip.part1073741824": "piece of a split zip; join the pieces",
    "TS_1.zip.001": "piece of a split zip",
    "TS_1.z01": "piece of a split zip",
    "labels.7z": "archive of a kind that is not opened; unpack it",
    "labels.tar.gz": "archive of a kind that is not opened",
    "labels.rar": "archive of a kind that is not opened",
}


def kinds(root):
    """Names listed, skipped and rejected (with reason) below a root."""
    listed = {item.where for item in walk(root) if isinstance(item, Entry)}
    skipped = {item.where for item in walk(root) if isinstance(item, Skipped)}
    rejected = {item.where: item.reason for item in walk(root) if isinstance(item, Rejected)}
    return listed, skipped, rejected


@pytest.mark.parametrize("name", HARMLESS)
def test_what_systems_leave_behind_is_skipped(tmp_path, name):
    write(tmp_path / name, b"x")
    write_zip(tmp_path / "a.zip", {name: b"x", "clip.wav": b"x"})
    listed, skipped, rejected = kinds(tmp_path)
    assert listed == {"a.zip!/clip.wav"} and skipped == {name, f"a.zip!/{name}"} and not rejected


@pytest.mark.parametrize("name", UNREACHABLE)
def test_what_cannot_be_opened_is_named_with_the_way_out(tmp_path, name):
    write(tmp_path / name, b"x")
    write_zip(tmp_path / "a.zip", {name: b"x"})
    listed, _, rejected = kinds(tmp_path)
    assert not listed and set(rejected) == {name, f"a.zip!/{name}"}
    assert all(reason.startswith(UNREACHABLE[name]) for reason in rejected.values())


def test_a_zip_inside_a_zip_is_named(tmp_path):
    inner = write_zip(tmp_path / "outside" / "b.zip", {"c.json": b"{}"}).read_bytes()
    write_zip(tmp_path / "root" / "a.zip", {"b.zip": inner, "d.json": b"{}"})
    listed, _, rejected = kinds(tmp_path / "root")
    assert listed == {"a.zip!/d.json"}
    assert rejected == {"a.zip!/b.zip": "zip inside a zip is not opened; unpack the outer one"}


def test_order_is_stable_and_names_are_nfc(tmp_path):
    for name in ("b/2.json", "a/1.json", f"{nfd('한국')}/3.json"):
        write(tmp_path / name, b"{}")
    names = [item.where for item in walk(tmp_path)]
    assert names == ["a/1.json", "b/2.json", "한국/3.json"]
    assert all(item.read() == b"{}" for item in walk(tmp_path))


def test_links_are_not_followed_out_of_the_root_nor_into_folders(tmp_path):
    write(tmp_path / "elsewhere" / "a.json", b"{}")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "folder").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "root" / "file.json").symlink_to(tmp_path / "elsewhere" / "a.json")
    listed, _, rejected = kinds(tmp_path / "root")
    assert not listed and rejected["file.json"] == "link leaves the corpus root"
    assert rejected["folder"].startswith("link to a folder is not followed")


def test_a_folder_nobody_may_read_is_named(tmp_path, monkeypatch):
    write(tmp_path / "a" / "1.json", b"{}")
    real = os.scandir

    def scandir(path):
        if str(path).endswith("a"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert kinds(tmp_path)[2] == {"a": "unreadable folder (Permission denied)"}


def test_a_name_that_is_no_utf8_is_named_with_the_way_out(tmp_path):
    write(tmp_path / os.fsdecode("한국".encode("cp949")) / "a.json", b"{}")
    listed, _, rejected = kinds(tmp_path)
    (where,) = rejected
    assert not listed and "convmv" in rejected[where] and where.encode("utf-8")


@pytest.mark.parametrize("folder", ["dir!", "a!/b!", "dir!/x.zip!"])
def test_folders_may_end_in_an_exclamation_mark(tmp_path, folder):
    write(tmp_path / folder / "a.json", b"plain")
    write_zip(tmp_path / folder / "z.zip", {"in!/b.json": b"packed"})
    contents = {item.name.rsplit("/")[-1]: item.read() for item in walk(tmp_path)}
    assert contents == {"a.json": b"plain", "b.json": b"packed"}


def test_names_of_korean_windows_are_repaired():
    info = zipfile.ZipInfo("한국.json".encode("cp949").decode("cp437"))
    assert repair_name(info) == "한국.json"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_every_encoding_of_the_corpus_is_read(encoding):
    assert decode_text("값, 뷁".encode(encoding)) == "값, 뷁"
