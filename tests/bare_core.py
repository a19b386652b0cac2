"""What the core alone can do, in an environment without the extras: ``make test-core`` runs it.

    python tests/bare_core.py

A clip of the sample corpus becomes a file, and the ``speakor`` of this environment hears it.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
EXTRAS = "pandas datasets accelerate peft bitsandbytes matplotlib jupyterlab papermill".split()


def main() -> None:
    """Raise SystemExit with a reason unless the core transcribes on its own."""
    if installed := [name for name in EXTRAS if importlib.util.find_spec(name)]:
        raise SystemExit(f"this is no bare core: {', '.join(installed)} are installed")

    # A clip as a user has one: a file of its own.
    archive = min(SAMPLE.rglob("VS_1*.zip"))
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(archive) as members:
        name = min(name for name in members.namelist() if not name.endswith("/"))
        clip = Path(folder) / "clip.ogg"
        clip.write_bytes(members.read(name))
        command = [
            Path(sys.executable).with_name("speakor"),
            "transcribe",
            clip,
            "--model",
            "base-tiny",
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True)

    if not re.search("[가-힣]", done.stdout):
        raise SystemExit(f"no Korean was heard in {name}: {done.stdout!r} {done.stderr!r}")
    print(f"core: {name}: {done.stdout.strip()}")


if __name__ == "__main__":
    main()
