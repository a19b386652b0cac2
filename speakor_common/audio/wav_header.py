"""How long a WAV is, from its first bytes: so that a zip need not be read for its lengths."""

from __future__ import annotations

HEAD_BYTES = 4096  # enough for a header with notes in it
_INTEGERS, _FLOATS, _EXTENSIBLE = 1, 3, 0xFFFE  # formats whose samples all take the same bytes


def wav_seconds(head: bytes, size: int) -> float | None:
    """Seconds of a WAV with samples of fixed size; ``None`` for all else.

    Args:
        head: its first bytes, :data:`HEAD_BYTES` or all.
        size: of the whole file, bytes; what a header promises beyond that is not counted.
    """
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    bytes_a_second = 0
    at = 12
    while at + 8 <= len(head):
        name = head[at : at + 4]
        length = int.from_bytes(head[at + 4 : at + 8], "little")
        if name == b"fmt ":
            bytes_a_second = _rate(head[at + 8 : at + 24])
        elif name == b"data":
            if not length or not bytes_a_second:  # nothing, or not known when it was written
                return None
            return min(length, max(0, size - at - 8)) / bytes_a_second
        at += 8 + length + length % 2
    return None


def _rate(fields: bytes) -> int:
    """Bytes a second of the format chunk's first 16 bytes, 0 if samples differ in size."""
    if len(fields) < 16 or int.from_bytes(fields[:2], "little") not in (
        _INTEGERS,
        _FLOATS,
        _EXTENSIBLE,
    ):
        return 0
    samples_a_second = int.from_bytes(fields[4:8], "little")
    return samples_a_second * int.from_bytes(fields[12:14], "little")
