"""Walk a corpus root: plain files and zip members alike, names repaired, nothing unpacked.

Zips made on Korean Windows hold CP949 names that Python reads as CP437; names occur in NFD.
What systems leave behind without being asked (a Mac's ``._`` files, Windows' thumbnails) is
skipped. What holds data that cannot be reached is rejected with the way out: a zip inside a zip,
a piece of a split zip, another kind of archive, an encrypted or oversized member, a member whose
path would leave the archive.
"""

from __future__ import annotations

import contextlib
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from speakor_common.audio import ZIP_SEPARATOR, read_bytes
from speakor_common.text import to_nfc

MAX_MEMBER_BYTES = 512 * 2**20  # the longest real clip (291 s) is 9 MB as wav
MAX_RATIO = 200  # uncompressed : compressed; deflate bombs start near 1000
_UTF8_FLAG = 0x800

_SYSTEM_FILES = frozenset((".ds_store", "thumbs.db", "desktop.ini"))
_ARCHIVES = (".7z", ".alz", ".bz2", ".egg", ".gz", ".rar", ".tar", ".tgz", ".xz")
_ZIP_PIECE = re.compile(r"\.(zip\.part\d*|zip\.\d{3}|z\d{2})$", re.IGNORECASE)


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
        """With its dot, lower case."""
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


@dataclass(frozen=True)
class Skipped:
    """A file nobody needs, and why: no loss."""

    where: str
    reason: str


Item = Entry | Rejected | Skipped


def walk(root: Path) -> Iterator[Item]:
    """Every file below ``root``, zips opened, in a stable order; links out of it are rejected."""
    top = root.resolve()
    unreadable: list[OSError] = []
    for folder, folders, files in os.walk(root, onerror=unreadable.append):
        folders.sort()

        # os.walk does not enter links
        for name in folders:
            if (Path(folder) / name).is_symlink():
                yield Rejected(
                    _below(Path(folder) / name, root),
                    "link to a folder is not followed; give the folder itself as the corpus root",
                )
        for name in sorted(files):
            yield from _open(Path(folder) / name, root, top)

    for error in unreadable:
        yield Rejected(_below(Path(error.filename), root), f"unreadable folder ({error.strerror})")


def _open(path: Path, root: Path, top: Path) -> Iterator[Item]:
    """One plain file, or the members of one zip."""
    below = _below(path, root)
    if is_system_file(below):
        yield Skipped(below, "hidden file of a system")
    elif not _is_utf8(path):
        yield Rejected(
            below,
            "name is not UTF-8, so nothing can refer to it; rename with: "
            "convmv -f cp949 -t utf8 -r --notest FOLDER",
        )
    elif not path.resolve().is_relative_to(top):
        yield Rejected(below, "link leaves the corpus root")
    elif reason := _unreachable(below):
        yield Rejected(below, reason)

    # what is left can be read
    elif path.suffix.lower() == ".zip":
        yield from _members(path, below)
    else:
        yield Entry(below, str(path))


def _below(path: Path, root: Path) -> str:
    """A path below the root as shown to people: NFC, bytes that are no UTF-8 replaced."""
    relative = path.relative_to(root).as_posix()
    return to_nfc(os.fsencode(relative).decode("utf-8", "replace"))


def _is_utf8(path: Path) -> bool:
    """Whether a path can be written down; others stem from zips unpacked without their charset."""
    try:
        os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _members(path: Path, below: str) -> Iterator[Item]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        yield Rejected(below, f"unreadable zip ({error})")
        return

    for info in infos:
        if info.is_dir():
            continue

        # names are judged as repaired, members are read as they are called
        name = repair_name(info)
        where = f"{below}{ZIP_SEPARATOR}{name}"
        if is_system_file(name):
            yield Skipped(where, "hidden file of a system")
        elif reason := _unsafe(info, name) or _unreachable(name):
            yield Rejected(where, reason)
        elif PurePosixPath(name).suffix.lower() == ".zip":
            yield Rejected(where, "zip inside a zip is not opened; unpack the outer one")
        else:
            yield Entry(name, f"{path}{ZIP_SEPARATOR}{info.filename}", below)


def is_system_file(name: str) -> bool:
    """Whether a system wrote this for itself: ``._x.wav``, ``__MACOSX/…``, ``Thumbs.db`` …"""
    folders_and_file = PurePosixPath(name.replace("\\", "/")).parts
    file = folders_and_file[-1] if folders_and_file else ""
    return "__MACOSX" in folders_and_file or file.startswith("._") or file.lower() in _SYSTEM_FILES


def repair_name(info: zipfile.ZipInfo) -> str:
    """Member name in NFC; CP949 bytes that were read as CP437 are read again."""
    name = info.filename
    if not info.flag_bits & _UTF8_FLAG:
        with contextlib.suppress(UnicodeError):  # a name that is genuinely CP437 stays
            name = name.encode("cp437").decode("cp949")
    return to_nfc(name)


def _unreachable(name: str) -> str:
    """Why the content of a file cannot be reached as it is, or ``""``."""
    if _ZIP_PIECE.search(name):
        return (
            "piece of a split zip; join the pieces in the order of their numbers, "
            "for example: cat NAME.zip.part* > NAME.zip"
        )
    if name.lower().endswith(_ARCHIVES):
        return "archive of a kind that is not opened; unpack it, or pack it as zip"
    return ""


def _unsafe(info: zipfile.ZipInfo, name: str) -> str:
    """Why a member may not be read, or ``""``."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (len(name) > 1 and name[1] == ":"):
        return "name leaves the zip"
    if info.flag_bits & 0x1:
        return "encrypted zip member"
    if info.file_size > MAX_MEMBER_BYTES:
        return f"larger than {MAX_MEMBER_BYTES // 2**20} MiB"
    if info.compress_size and info.file_size / info.compress_size > MAX_RATIO:
        return f"compressed more than {MAX_RATIO}:1"
    return ""


def decode_text(content: bytes) -> str:
    """Text in whatever encoding AI Hub or Excel gave it: UTF-8, UTF-16 with BOM, CP949.

    Raises:
        UnicodeError: none of them.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp949")
