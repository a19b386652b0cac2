"""CTranslate2 files: read, and wrong ones refused."""

import struct

import numpy as np
import pytest

from speakor_common.errors import CheckpointError
from speakor_common.models.ctranslate2 import read_ctranslate2


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
    variables = read_ctranslate2(ctranslate2({"a/weight": value}))
    assert np.array_equal(variables["a/weight"], value) and np.array_equal(
        variables["alias"], value
    )
    with pytest.raises(CheckpointError, match="binary version 5"):
        read_ctranslate2(ctranslate2({"a": value}, version=5))
    with pytest.raises(CheckpointError, match="ends too early"):
        read_ctranslate2(ctranslate2({"a": value})[:40])
