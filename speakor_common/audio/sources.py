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

from speakor_common.audio.channels import ChannelEnergies, mix_channels
from speakor_common.audio.media import MEDIA_EXTENSIONS, media_blocks, media_duration, read_media
from speakor_common.errors import AudioError

RATE = 16_000  # Hz; rate of the corpus and of every model here
ZIP_SEPARATOR = "!/"
EXTENSIONS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".pcm", *MEDIA_EXTENSIONS)
_PCM_BYTES = 2  # raw .pcm files of AI Hub corpora are 16-bit little-endian mono at 16 kHz
# What reading a file or a zip member raises where it is missing, damaged or of an unknown form.
_UNREADABLE = (OSError, KeyError, zipfile.BadZipFile, RuntimeError, EOFError, zlib.error)

Source = str | Path | bytes | tuple[np.ndarray, int]
Transform = Callable[[np.ndarray], np.ndarray]  # 16 kHz float32 in, same out


def decode(source: Source) -> np.ndarray:
    """Decode to mono 16 kHz.

    Returns:
        float32, shape = (samples,), finite. Level is left as recorded, see :func:`level_speech`.

    Raises:
        AudioError: unreadable, empty, or not finite; the message names the source.
    """
    if isinstance(source, tuple):
        samples, rate = _from_array(source)
    else:
        samples, rate = _read(source)

    # Nothing, or no numbers, is no recording.
    if samples.size == 0:
        raise AudioError(f"{describe(source)}: no samples; expected speech")
    if not np.isfinite(samples).all():
        raise AudioError(
            f"{describe(source)}: {np.count_nonzero(~np.isfinite(samples))} samples are "
            "NaN or infinite"
        )

    # One channel, at one rate.
    if samples.ndim == 2:
        samples = mix_channels(samples, ChannelEnergies().add(samples))
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
        or split_reference(source)[1]
        or str(source).lower().endswith(".pcm")
    ):
        yield decode(source)
        return
    channels = _channel_energies(source, seconds)
    resampler = None
    for block, rate in _channel_blocks(source, seconds):
        if not np.isfinite(block).all():
            raise AudioError(f"{describe(source)}: samples are NaN or infinite")
        resampler = resampler or soxr.ResampleStream(rate, RATE, 1, "float32")
        yield resampler.resample_chunk(mix_channels(block, channels))

    # What the resampler still holds back.
    if resampler is not None:
        yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


def _channel_blocks(source: Source, seconds: float) -> Iterator[tuple[np.ndarray, int]]:
    """Pieces of a file as recorded: float32, shape = (samples, channels), and their rate."""
    samples_read = 0
    try:
        with soundfile.SoundFile(str(source)) as file:
            size = int(seconds * file.samplerate)
            while len(block := file.read(size, dtype="float32", always_2d=True)):
                samples_read += len(block)
                yield block, file.samplerate
    except (soundfile.LibsndfileError, RuntimeError) as error:
        # Another reader would begin anew, and what was yielded would come twice.
        if samples_read:
            raise AudioError(
                f"{describe(source)}: damaged after {samples_read} samples ({error})"
            ) from error
        yield from media_blocks(str(source), seconds, describe(source))
    except OSError as error:
        raise AudioError(f"{describe(source)}: no readable audio ({error})") from error


def _channel_energies(source: Source, seconds: float) -> ChannelEnergies:
    """Energies over a whole file; a file of one channel is not read for it."""
    channels = ChannelEnergies()
    for block, _ in _channel_blocks(source, seconds):
        if block.shape[1] == 1:
            break
        channels.add(block)
    return channels


def _from_array(source: tuple[np.ndarray, int]) -> tuple[np.ndarray, int]:
    given, rate = source
    samples = np.asarray(given)
    if (
        samples.dtype.kind not in "iuf"
        or samples.ndim not in (1, 2)
        or not isinstance(rate, (int, np.integer))
        or rate <= 0
    ):
        raise AudioError(
            f"array of {samples.dtype}, shape {samples.shape}, at rate {rate!r}; expected numbers, "
            "(samples,) or (samples, channels), and a whole number of samples a second"
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
    except (soundfile.LibsndfileError, RuntimeError, ValueError):
        return read_media(content, describe(source))


def _read_plain_wav(content: bytes) -> tuple[np.ndarray, int] | None:
    """A whole mono 16-bit WAV, as prepared corpora store; ``None`` for all else.

    Read without libsndfile, which calls back into Python many times a file.
    """
    try:
        with wave.open(io.BytesIO(content)) as file:
            frames = file.getnframes()
            rate = file.getframerate()
            usual = file.getnchannels() == 1 and file.getsampwidth() == _PCM_BYTES
            data = file.readframes(frames) if usual else b""
    except (wave.Error, EOFError):
        return None
    return (_from_int16(data), rate) if frames and len(data) == frames * _PCM_BYTES else None


def _from_int16(content: bytes) -> np.ndarray:
    return np.frombuffer(content, "<i2").astype(np.float32) / 32768


def duration(source: str | Path | bytes) -> float:
    """Seconds of audio, from the header where it says so.

    Raises:
        AudioError: the header cannot be read.
    """
    plain = not isinstance(source, bytes) and not split_reference(source)[1]
    content = b"" if plain else source if isinstance(source, bytes) else read_bytes(source)
    try:
        if not isinstance(source, bytes) and str(source).lower().endswith(".pcm"):
            size = Path(source).stat().st_size if plain else len(content)
            return size / _PCM_BYTES / RATE
        info = soundfile.info(str(source) if plain else io.BytesIO(content))
    except (soundfile.LibsndfileError, RuntimeError):
        return media_duration(str(source) if plain else content, describe(source))
    except OSError as error:
        raise AudioError(f"{describe(source)}: no readable audio ({error})") from error
    return info.frames / info.samplerate


def read_bytes(reference: str | Path) -> bytes:
    """Encoded bytes behind a path or zip reference.

    Raises:
        AudioError: the file, zip or member is missing or damaged.
    """
    text = str(reference)
    file, member = split_reference(text)
    try:
        if member:
            return _open_zip(file, os.getpid()).read(member)
        return Path(file).read_bytes()
    except _UNREADABLE as error:
        raise AudioError(f"{text}: cannot be read ({error})") from error


def split_reference(reference: str | Path) -> tuple[str, str]:
    """The file an audio reference names, and the member if that file is a zip, else ``""``.

    A folder's name may end in ``!`` as well, so only a ``!/`` behind an existing file separates.

    Raises:
        AudioError: see :func:`is_file`.
    """
    text = str(reference)
    at = text.find(ZIP_SEPARATOR)
    while at >= 0:
        if is_file(text[:at]):
            return text[:at], text[at + len(ZIP_SEPARATOR) :]
        at = text.find(ZIP_SEPARATOR, at + 1)
    return text, ""


def is_file(path: str | Path) -> bool:
    """Whether there is a file of that name.

    Raises:
        AudioError: nobody can tell, because the name is too long or a folder may not be entered.
    """
    try:
        return Path(path).is_file()
    except (OSError, ValueError) as error:
        raise AudioError(f"{path}: cannot be read ({error})") from error


@lru_cache(maxsize=64)
def _open_zip(path: str, pid: int) -> zipfile.ZipFile:
    """One open archive a process: a forked child must not share the file position of its parent."""
    return zipfile.ZipFile(path)


def describe(source: Source) -> str:
    """A source as named in messages."""
    if isinstance(source, bytes):
        return f"<{len(source)} bytes>"
    return f"<array of {len(source[0])} samples>" if isinstance(source, tuple) else str(source)
