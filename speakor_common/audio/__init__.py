"""Any recording → mono 16 kHz float32, its loudness, and back to bytes."""

from speakor_common.audio.encoding import encode_opus, encode_wav
from speakor_common.audio.loudness import SILENCE_DB, Level, level_speech, measure_level, rms_db
from speakor_common.audio.sources import (
    EXTENSIONS,
    RATE,
    ZIP_SEPARATOR,
    Source,
    Transform,
    blocks,
    decode,
    describe,
    duration,
    is_file,
    read_bytes,
    split_reference,
)

__all__ = [
    "EXTENSIONS",
    "RATE",
    "SILENCE_DB",
    "ZIP_SEPARATOR",
    "Level",
    "Source",
    "Transform",
    "blocks",
    "decode",
    "describe",
    "duration",
    "encode_opus",
    "encode_wav",
    "is_file",
    "level_speech",
    "measure_level",
    "read_bytes",
    "rms_db",
    "split_reference",
]
