"""What was found out about a corpus, kept beside it until what it was made from changes.

Reading hundreds of gigabytes once is enough. Whatever is kept lies in a file whose name or first
field is a fingerprint of all it follows from: the files of the corpus by path, size and time, and
the code that read them. A file that is damaged counts as absent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from speakor_common import audio
from speakor_common.storage import write_text

_CODE = ("corpus", "text")  # rooms that decide what a label says


def fingerprint(*parts: Any) -> str:
    """16 hex digits that change with any of the parts, which JSON must be able to hold."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def code_fingerprint() -> str:
    """Changes with every file of the rooms that turn labels into text."""
    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for room in _CODE:
        for path in sorted((package / room).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.relative_to(package).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def read_kept(path: Path) -> Any:
    """Content of a kept file, ``None`` if there is none or it cannot be read."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def write_kept(path: Path, content: Any) -> None:
    """Keep a JSON value; in ASCII, so that halves of characters in damaged labels survive."""
    write_text(path, json.dumps(content, separators=(",", ":")))


def made_once(path: Path, made_from: str, make: Callable[[], Any]) -> Any:
    """The kept value, if it was made from the same; else a new one, which is kept.

    Args:
        made_from: fingerprint of all that ``make`` depends on.
        make: returns a JSON value.
    """
    kept = read_kept(path)
    if isinstance(kept, dict) and kept.get("made_from") == made_from:
        return kept["value"]
    value = make()
    write_kept(path, {"made_from": made_from, "value": value})
    return value


def containers(references: Iterable[str]) -> list[str]:
    """The files that references point to or into, each once, sorted."""
    return sorted({audio.split_reference(reference)[0] for reference in references})


def file_state(file: str) -> tuple[str, int, int]:
    """Path, size and time of a file: what changes when its content does."""
    try:
        status = Path(file).stat()
    except FileNotFoundError:  # taken away meanwhile: its clips will be found undecodable
        return file, 0, 0
    return file, status.st_size, status.st_mtime_ns
