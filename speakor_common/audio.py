"""Decode any source to mono 16 kHz float32, and measure it without decoding.

A *source* is a path, encoded bytes, an ``(array, rate)`` pair, or an audio reference: the
string form kept in manifests, either a path or ``<zip path>!/<member>`` for audio that
stays inside its zip. Everything downstream sees one form: float32, shape = (samples,),
16 kHz, full scale 1.0.
"""

from __future__ import annotations

import io
import os
import wave
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
import soxr

from speakor_common.errors import AudioError

RATE = 16_000  # Hz; rate of the corpus and of every model here
ZIP_SEPARATOR = "!/"
EXTENSIONS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".pcm")
_PCM_BYTES = 2  # raw .pcm files of AI Hub corpora are 16-bit little-endian mono at 16 kHz
SILENCE_DB = -70.0  # RMS below which a clip holds no speech

Source = str | Path | bytes | tuple[np.ndarray, int]


def decode(source: Source) -> np.ndarray:
    """Decode to mono 16 kHz.

    Returns:
        float32, shape = (samples,), finite. Level is left as recorded, see :func:`level_peak`.

    Raises:
        AudioError: unreadable, empty, or not finite; the message names the source.
    """
    if isinstance(source, tuple):
        samples, rate = _from_array(source)
    else:
        samples, rate = _read(source)
    if samples.ndim == 2:
        samples = samples.mean(axis=1)
    if samples.size == 0:
        raise AudioError(f"{describe(source)}: no samples; expected speech")
    if not np.isfinite(samples).all():
        raise AudioError(
            f"{describe(source)}: {np.count_nonzero(~np.isfinite(samples))} samples are NaN or infinite"
        )
    if rate != RATE:
        samples = soxr.resample(samples, rate, RATE)
    return np.ascontiguousarray(samples, dtype=np.float32)


def blocks(source: Source, seconds: float = 60.0) -> Iterator[np.ndarray]:
    """The same samples as :func:`decode` in pieces, without ever holding the whole file.

    Arrays, bytes, zip members and raw PCM, which are in memory anyway, come as one piece.

    Yields:
        float32, shape = (samples,), 16 kHz.

    Raises:
        AudioError: as :func:`decode`, also in the middle.
    """
    if (
        isinstance(source, (tuple, bytes))
        or ZIP_SEPARATOR in str(source)
        or str(source).lower().endswith(".pcm")
    ):
        yield decode(source)
        return
    try:
        with soundfile.SoundFile(str(source)) as file:
            resampler = soxr.ResampleStream(file.samplerate, RATE, 1, "float32")
            size = int(seconds * file.samplerate)
            while len(block := file.read(size, dtype="float32", always_2d=True)):
                if not np.isfinite(block).all():
                    raise AudioError(f"{describe(source)}: samples are NaN or infinite")
                yield resampler.resample_chunk(block.mean(axis=1), last=len(block) < size)
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise AudioError(f"{describe(source)}: no readable audio ({error})") from error


def _from_array(source: tuple[np.ndarray, int]) -> tuple[np.ndarray, int]:
    samples, rate = np.asarray(source[0]), source[1]
    if (
        samples.dtype.kind not in "iuf"
        or samples.ndim not in (1, 2)
        or not isinstance(rate, (int, np.integer))
        or rate <= 0
    ):
        raise AudioError(
            f"array of {samples.dtype}, shape {samples.shape}, at rate {rate!r}; expected numbers, (samples,) or (samples, channels), "
            "and a whole number of samples a second"
        )
    if samples.dtype.kind == "u":  # unsigned audio rests in the middle of its range
        samples = samples / (np.iinfo(samples.dtype).max / 2) - 1
    elif samples.dtype.kind == "i":
        samples = samples / np.iinfo(samples.dtype).max
    return samples.astype(np.float32), int(rate)


def _read(source: str | Path | bytes) -> tuple[np.ndarray, int]:
    content = source if isinstance(source, bytes) else read_bytes(source)
    if not isinstance(source, bytes) and str(source).lower().endswith(".pcm"):
        usable = len(content) - len(content) % _PCM_BYTES
        return _from_int16(content[:usable]), RATE
    if plain := _read_plain_wav(content):
        return plain
    try:
        return soundfile.read(io.BytesIO(content), dtype="float32")
    except (soundfile.LibsndfileError, RuntimeError, ValueError) as error:
        raise AudioError(
            f"{describe(source)}: {len(content)} bytes that are no readable audio ({error})"
        ) from error


def _read_plain_wav(content: bytes) -> tuple[np.ndarray, int] | None:
    """A whole mono 16-bit WAV, what prepared corpora store, read without libsndfile's many callbacks; ``None`` for all else."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            frames, rate, usual = (
                file.getnframes(),
                file.getframerate(),
                file.getnchannels() == 1 and file.getsampwidth() == _PCM_BYTES,
            )
            data = file.readframes(frames) if usual else b""
    except (wave.Error, EOFError):
        return None
    return (_from_int16(data), rate) if frames and len(data) == frames * _PCM_BYTES else None


def _from_int16(content: bytes) -> np.ndarray:
    return np.frombuffer(content, "<i2").astype(np.float32) / 32768


def duration(source: str | Path | bytes) -> float:
    """Seconds of audio from the header alone.

    Raises:
        AudioError: the header cannot be read.
    """
    plain = not isinstance(source, bytes) and ZIP_SEPARATOR not in str(source)
    content = b"" if plain else source if isinstance(source, bytes) else read_bytes(source)
    try:
        if not isinstance(source, bytes) and str(source).lower().endswith(".pcm"):
            size = Path(source).stat().st_size if plain else len(content)
            return size / _PCM_BYTES / RATE
        info = soundfile.info(str(source) if plain else io.BytesIO(content))
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise AudioError(f"{describe(source)}: no readable audio ({error})") from error
    return info.frames / info.samplerate


def read_bytes(reference: str | Path) -> bytes:
    """Encoded bytes behind a path or zip reference.

    Raises:
        AudioError: the file, zip or member is missing or damaged.
    """
    text = str(reference)
    try:
        if ZIP_SEPARATOR in text:
            archive, member = text.split(ZIP_SEPARATOR, 1)
            return _open_zip(archive, os.getpid()).read(member)
        return Path(text).read_bytes()
    except (
        OSError,
        KeyError,
        zipfile.BadZipFile,
        RuntimeError,
        NotImplementedError,
        EOFError,
        zlib.error,
    ) as error:
        raise AudioError(f"{text}: cannot be read ({error})") from error


@lru_cache(maxsize=64)
def _open_zip(path: str, pid: int) -> zipfile.ZipFile:
    """One open archive a process: a forked child must not share the file position of its parent."""
    return zipfile.ZipFile(path)


def level_peak(samples: np.ndarray, peak: float = 0.95) -> np.ndarray:
    """Scale to a peak amplitude, the seed's volume normalisation; silence stays silence."""
    return samples * np.float32(level_gain(float(np.max(np.abs(samples), initial=0.0)), peak))


def level_gain(loudest: float, peak: float = 0.95) -> float:
    """Factor that takes a recording's loudest sample to ``peak``; 1 for silence."""
    return peak / loudest if loudest >= 1e-5 else 1.0


def rms_db(samples: np.ndarray) -> float:
    """RMS level in dB relative to full scale; ``-inf`` only for digital silence."""
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    return 20 * float(np.log10(rms)) if rms > 0 else float("-inf")


def encode_wav(samples: np.ndarray) -> bytes:
    """16-bit PCM WAV bytes of 16 kHz mono samples; the cheapest form to decode again."""
    return _encode(samples, format="WAV", subtype="PCM_16")


def encode_opus(samples: np.ndarray) -> bytes:
    """OGG/Opus bytes (about 31 kbit/s) of 16 kHz mono samples, for players and reports."""
    return _encode(samples, format="OGG", subtype="OPUS", compression_level=0.9)


def _encode(samples: np.ndarray, **options: str | float) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(samples, -1, 1), RATE, **options)
    return buffer.getvalue()


def describe(source: Source) -> str:
    """A source as named in messages."""
    if isinstance(source, bytes):
        return f"<{len(source)} bytes>"
    return f"<array of {len(source[0])} samples>" if isinstance(source, tuple) else str(source)


Transform = Callable[[np.ndarray], np.ndarray]  # 16 kHz float32 in, same out; used for augmentation
