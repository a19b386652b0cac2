"""Whole decoding: cut, silent or not finite; the same recording under two ids."""

import io
import struct

import numpy as np
import pandas as pd
import pytest
import soundfile

from speakor_common.corpus.recordings import check_recording, find_duplicates
from tests.builders import encoded, tone, write, write_zip

CLIP = tone(2.0)


def with_data_size(content: bytes, size: int) -> bytes:
    """A WAV whose header says another length."""
    at = content.index(b"data") + 4
    return content[:at] + struct.pack("<I", size) + content[at + 4 :]


def with_chunk(content: bytes) -> bytes:
    """A WAV with a chunk of odd length before its samples."""
    at = content.index(b"data")
    return content[:at] + b"note" + struct.pack("<I", 3) + b"abc\x00" + content[at:]


def big_endian(samples: np.ndarray) -> bytes:
    """A RIFX file: as RIFF, numbers the other way round."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 16_000, "PCM_16", "BIG", "WAV")
    return buffer.getvalue()


# Bytes by kind, and how the problem begins; "" is a good clip.
SOUNDS = {
    "wav": (encoded(CLIP), ""),
    "stereo 44.1 kHz": (encoded(np.stack([tone(2.0, 44_100)] * 2, axis=1), 44_100), ""),
    "8 bit": (encoded(CLIP, subtype="PCM_U8"), ""),
    "float": (encoded(CLIP, subtype="FLOAT"), ""),
    "mu-law": (encoded(CLIP, subtype="ULAW"), ""),
    "ADPCM": (encoded(CLIP, subtype="IMA_ADPCM"), ""),
    "RF64": (encoded(CLIP, form="RF64"), ""),
    "flac": (encoded(CLIP, form="FLAC"), ""),
    "ogg": (encoded(CLIP, form="OGG", subtype="VORBIS"), ""),
    "opus": (encoded(CLIP, form="OGG", subtype="OPUS"), ""),
    "mp3": (encoded(CLIP, form="MP3", subtype="MPEG_LAYER_III"), ""),
    "aiff": (encoded(CLIP, form="AIFF"), ""),
    "very quiet": (encoded(CLIP * 0.003), ""),
    "chunk of odd length": (with_chunk(encoded(CLIP)), ""),
    "length unknown when written": (with_data_size(encoded(CLIP), 0xFFFFFFFF), ""),
    "length unknown, another writer": (with_data_size(encoded(CLIP), 0x7FFFF000), ""),
    "cut wav": (encoded(CLIP)[:-9_000], "cut recording (1.72 of 2.00 s are there)"),
    "cut float wav": (encoded(CLIP, subtype="FLOAT")[:-32_000], "cut recording (1.50 of 2.00"),
    "wav that promises more": (with_data_size(encoded(CLIP), 10**8), "cut recording (2.00 of 3125"),
    "cut flac": (encoded(CLIP, form="FLAC")[:-9_000], "cut recording|undecodable audio"),
    "cut aiff": (encoded(CLIP, form="AIFF")[:-9_000], "cut recording (1.72 of 2.00 s are there)"),
    "big-endian wav": (big_endian(CLIP), ""),
    "cut big-endian wav": (big_endian(CLIP)[:-9_000], "cut recording (1.72 of 2.00"),
    "NaN": (encoded(np.full(16_000, np.nan, np.float32), subtype="FLOAT"), "undecodable audio"),
    "one infinite sample": (
        encoded(np.append(CLIP, np.float32(np.inf)), subtype="FLOAT"),
        "undecodable audio",
    ),
    "zeros": (encoded(np.zeros(16_000, np.float32)), "silent recording (-inf dB)"),
    "hum far below speech": (encoded(CLIP * 1e-4, subtype="FLOAT"), "silent recording (-"),
    "empty": (b"", "undecodable audio"),
    "no sound": ("이것은 글입니다".encode(), "undecodable audio"),
    "header only": (encoded(CLIP)[:44], "undecodable audio"),
}


@pytest.mark.parametrize("kind", SOUNDS)
def test_a_recording_is_good_or_its_problem_is_said(tmp_path, kind):
    content, problem = SOUNDS[kind]
    recording = check_recording(str(write(tmp_path / "a.wav", content)))
    assert any(recording.problem.startswith(p) for p in problem.split("|")), recording
    assert bool(recording.length) == bool(recording.digest) == (not problem)
    if not problem:
        assert abs(recording.length - 32_000) < 1_200  # lossy coders pad


@pytest.mark.parametrize("size", [64_000, 64_001])
def test_raw_pcm_has_no_header_and_may_end_in_half_a_sample(tmp_path, size):
    content = (np.append(CLIP, 0) * 32767).astype("<i2").tobytes()[:size]
    plain = check_recording(str(write(tmp_path / "a.pcm", content)))
    assert plain.length == 32_000 and not plain.problem
    packed = write_zip(tmp_path / "z.zip", {"b.PCM": content})
    assert check_recording(f"{packed}!/b.PCM").digest == plain.digest


def test_the_digest_is_of_the_samples_not_of_the_container(tmp_path):
    samples = (CLIP * 32767).astype(np.int16)
    wav = check_recording(str(write(tmp_path / "a.wav", encoded(samples))))
    flac = check_recording(str(write(tmp_path / "b.flac", encoded(samples, form="FLAC"))))
    other = check_recording(str(write(tmp_path / "c.wav", encoded(tone(2.0, frequency=221)))))
    assert wav.digest == flac.digest != other.digest


def manifest(*rows):
    columns = ["utterance_id", "split", "text", "digest"]
    table = pd.DataFrame(rows, columns=columns, index=range(3, 3 + len(rows)))
    found = find_duplicates(table, table["digest"])
    return dict(zip(found["file"], found["reason"], strict=True))


def test_of_the_same_recording_one_utterance_stays():
    kept = "same recording as {}, which is kept"
    assert manifest(("a", "test", "네", "1"), ("b", "train", "네", "2")) == {}
    assert manifest(("a", "test", "네", "1"), ("b", "train", "네", "1")) == {"a": kept.format("b")}
    assert manifest(("a", "valid", "네", "1"), ("b", "valid", "네", "1")) == {"b": kept.format("a")}
    three = manifest(
        ("c", "unused", "네", "1"), ("b", "valid", "네", "1"), ("a", "valid", "네", "1")
    )
    assert three == {"b": kept.format("a"), "c": kept.format("a")}


def test_if_its_labels_contradict_none_stays():
    differ = "same recording as {}, but the labels differ"
    found = manifest(
        ("a", "train", "네", "1"), ("b", "train", "아니요", "1"), ("c", "test", "", "2")
    )
    assert found == {"a": differ.format("b"), "b": differ.format("a")}
