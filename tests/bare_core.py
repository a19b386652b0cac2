"""What the core alone can do, in an environment without the extras: ``make test-core`` runs it.

    python tests/bare_core.py

A clip of the sample corpus becomes a file. The ``speakor`` of this environment transcribes it, and
the native listener compares it with that text.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from speakor_common.audio import decode, level_speech
from speakor_common.paths import root
from speakor_common.pronunciation.listener import NativeListener

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
        text = done.stdout.strip()
        if not re.search("[가-힣]", text):
            raise SystemExit(f"no Korean was heard in {name}: {text!r} {done.stderr!r}")

        # The ear of the pronunciation feedback, on the same clip.
        listener = NativeListener(root() / "models" / "listener-tiny")
        impression = listener.listen([level_speech(decode(clip))], [text])[0]

    if impression.status != "ok":
        raise SystemExit(f"{name}: {impression.status}: {impression.problem}")
    print(f"core: {name}: {text} [{impression.pronunciation}]")


if __name__ == "__main__":
    main()
