"""Walk a corpus root: plain files and zip members alike, names repaired, nothing unpacked.

Zips made on Korean Windows hold CP949 names that Python reads as CP437; names occur in NFD.
A member whose path would leave the archive, an encrypted member and an oversized one are
reported instead of listed.
"""

from __future__ import annotations

import contextlib
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from speakor_common.audio import ZIP_SEPARATOR, read_bytes
from speakor_common.text import to_nfc

MAX_MEMBER_BYTES = 512 * 2**20  # the longest real clip (291 s) is 9 MB as wav
MAX_RATIO = 200  # uncompressed : compressed; deflate bombs start near 1000
_UTF8_FLAG = 0x800


@dataclass(frozen=True)
class Entry:
    """One file of the corpus.

    Attributes:
        name: path below the root or inside its zip, NFC, with ``/``.
        reference: what :func:`speakor_common.audio.read_bytes` reads.
        archive: path of the zip below the root, ``""`` for plain files.
    """

    name: str
    reference: str
    archive: str = ""

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()

    @property
    def where(self) -> str:
        """Path below the root for messages and the quarantine table."""
        return f"{self.archive}{ZIP_SEPARATOR}{self.name}" if self.archive else self.name

    def read(self) -> bytes:
        """Content; raises AudioError (unreadable) whatever the file holds."""
        return read_bytes(self.reference)


@dataclass(frozen=True)
class Rejected:
    """A file that is kept out, and why."""

    where: str
    reason: str


def walk(root: Path) -> Iterator[Entry | Rejected]:
    """Every file below ``root``, zips opened, in a stable order. Symlinks that leave the root are rejected."""
    top = root.resolve()
    for folder, folders, files in os.walk(root):
        folders.sort()
        for file in sorted(files):
            path = Path(folder) / file
            below = to_nfc(path.relative_to(root).as_posix())
            if not path.resolve().is_relative_to(top):
                yield Rejected(below, "link leaves the corpus root")
            elif path.suffix.lower() == ".zip":
                yield from _members(path, below)
            else:
                yield Entry(below, str(path))


def _members(path: Path, below: str) -> Iterator[Entry | Rejected]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        yield Rejected(below, f"unreadable zip ({error})")
        return
    for info in infos:
        if info.is_dir():
            continue
        name = repair_name(info)
        where = f"{below}{ZIP_SEPARATOR}{name}"
        if reason := _unsafe(info, name):
            yield Rejected(where, reason)
        else:
            yield Entry(name, f"{path}{ZIP_SEPARATOR}{info.filename}", below)


def repair_name(info: zipfile.ZipInfo) -> str:
    """Member name in NFC; CP949 bytes that were read as CP437 are read again."""
    name = info.filename
    if not info.flag_bits & _UTF8_FLAG:
        with contextlib.suppress(UnicodeError):  # a name that is genuinely CP437 stays
            name = name.encode("cp437").decode("cp949")
    return to_nfc(name)


def _unsafe(info: zipfile.ZipInfo, name: str) -> str:
    """Why a member may not be read, or ``""``."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or (len(name) > 1 and name[1] == ":"):
        return "name leaves the zip"
    if info.flag_bits & 0x1:
        return "encrypted zip member"
    if info.file_size > MAX_MEMBER_BYTES:
        return f"larger than {MAX_MEMBER_BYTES // 2**20} MiB"
    if info.compress_size and info.file_size / info.compress_size > MAX_RATIO:
        return f"compressed more than {MAX_RATIO}:1"
    return ""


def decode_text(content: bytes) -> str:
    """Label text in whatever AI Hub encoding it came: UTF-8 (with BOM), UTF-16 with BOM, CP949.

    Raises:
        UnicodeError: none of them.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp949")
