"""Write files so that they appear whole or not at all.

A reader, or a run that continues after a crash, never meets half a file: content goes to a
temporary neighbour first and is renamed into place.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def write_text(path: Path, content: str) -> Path:
    """Write UTF-8 text atomically, making parent folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(content, encoding="utf-8")
    temporary.replace(path)
    return path


def write_json(path: Path, content: Any) -> Path:
    """Write JSON atomically; Hangul stays readable."""
    return write_text(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@contextmanager
def whole_directory(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that takes the place of ``path`` only if the block succeeds."""
    temporary = path.with_name(path.name + ".part")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    yield temporary
    shutil.rmtree(path, ignore_errors=True)
    temporary.replace(path)
