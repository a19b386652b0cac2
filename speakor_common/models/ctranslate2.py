"""CTranslate2's ``model.bin``, read back into arrays; no library does that."""

from __future__ import annotations

import struct

import numpy as np

from speakor_common.errors import CheckpointError

_VERSION = 6  # of the binary format
_DTYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}  # by the file's ids

Variables = dict[str, np.ndarray]  # of a model, by name


def read_ctranslate2(content: bytes) -> Variables:
    """Variables of a CTranslate2 ``model.bin`` (binary version 6), in their stored dtype.

    Raises:
        CheckpointError: not that format.
    """
    # Header: version, name of the model's specification, its revision.
    reader = _Bytes(content)
    version = reader.number("<I")
    if version != _VERSION:
        raise CheckpointError(f"model.bin has binary version {version}, expected {_VERSION}")
    reader.text()
    reader.number("<I")

    # Variables: name, shape, dtype, bytes.
    variables: Variables = {}
    for _ in range(reader.number("<I")):
        name = reader.text()
        shape = [reader.number("<I") for _ in range(reader.number("<B"))]
        dtype = _DTYPES[reader.number("<B")]
        variables[name] = np.frombuffer(reader.take(reader.number("<I")), dtype).reshape(shape)

    # Second names of some of them.
    for _ in range(reader.number("<I")):
        alias = reader.text()
        variables[alias] = variables[reader.text()]
    return variables


class _Bytes:
    """A cursor over a file's content."""

    def __init__(self, content: bytes) -> None:
        self.content = memoryview(content)
        self.position = 0

    def take(self, count: int) -> memoryview:
        taken = self.content[self.position : self.position + count]
        if len(taken) != count:
            raise CheckpointError("model.bin ends too early")
        self.position += count
        return taken

    def number(self, layout: str) -> int:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def text(self) -> str:
        return bytes(self.take(self.number("<H"))).rstrip(b"\0").decode()
