"""Write files so that they appear whole or not at all.

A reader, or a run that continues after a crash, never meets half a file: content goes to a
temporary neighbour first, whose name ends in ``.partial``, and is renamed into place. All other
rooms write through this module; what the files hold is theirs to decide.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from speakor_common.errors import SpeakorError

UNFINISHED = ".partial"  # suffix of what is still being written; such files may be deleted


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a neighbour of ``path`` to write to; it becomes ``path`` only if the block succeeds.

    Parent folders are made. After a failure ``path`` holds what it held before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + UNFINISHED)
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:  # a full disk should not also keep half a file
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def write_text(path: Path, content: str) -> Path:
    """Write UTF-8 text atomically, making parent folders."""
    with whole_file(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
    return path


def write_json(path: Path, content: Any) -> Path:
    """Write JSON atomically; Hangul stays readable."""
    return write_text(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file in UTF-8."""
    return json.loads(path.read_text(encoding="utf-8"))


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Keep ``path`` for one run: a second one is refused.

    A killed run leaves nothing behind but the empty lock file. The processes of a ``torchrun``
    are one run; their first holds the lock.

    Raises:
        SpeakorError: another run is writing there.
    """
    if os.environ.get("RANK", "0") != "0":
        yield
        return

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise SpeakorError(
            f"{path} is being written by another run; wait until it ends, or stop it"
        ) from None

    try:
        yield
    finally:
        lock.release()


@contextmanager
def whole_directory(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that takes the place of ``path`` only if the block succeeds."""
    temporary = path.with_name(path.name + UNFINISHED)
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    yield temporary
    shutil.rmtree(path, ignore_errors=True)
    temporary.replace(path)
