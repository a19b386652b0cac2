"""What phones and browsers record (AAC, m4a, mp4, webm, 3gp, amr, caf …), by FFmpeg's libraries.

PyAV carries them. libsndfile reads the formats of corpora, and faster, so this is asked only where
it refuses. Channels come as they are; :mod:`speakor_common.audio.sources` mixes and resamples them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import av
import numpy as np

from speakor_common.errors import AudioError

# File name endings besides those of libsndfile.
MEDIA_EXTENSIONS = tuple(".m4a .aac .mp4 .mov .webm .mkv .mka .3gp .amr .caf .wma".split())


def read_media(source: str | bytes, name: str) -> tuple[np.ndarray, int]:
    """The whole first audio stream.

    Args:
        source: path, or encoded bytes.
        name: the source as named in messages.

    Returns:
        float32, shape = (samples, channels), full scale 1.0; and the rate in Hz.

    Raises:
        AudioError: nothing FFmpeg reads, no audio stream in it, or damaged.
    """
    with _first_stream(source, name) as stream:
        blocks = list(_blocks(stream))
        rate = stream.rate
    if not blocks:
        raise AudioError(f"{name}: no samples; expected speech")
    return np.concatenate(blocks), rate


def media_blocks(source: str, seconds: float, name: str) -> Iterator[tuple[np.ndarray, int]]:
    """The same samples in pieces of about ``seconds``, for files too long to hold.

    Yields:
        float32, shape = (samples, channels); and the rate in Hz.

    Raises:
        AudioError: as :func:`read_media`, also in the middle.
    """
    with _first_stream(source, name) as stream:
        waiting: list[np.ndarray] = []
        for block in _blocks(stream):
            waiting.append(block)
            if sum(map(len, waiting)) >= seconds * stream.rate:
                yield np.concatenate(waiting), stream.rate
                waiting = []
        if waiting:
            yield np.concatenate(waiting), stream.rate


def media_duration(source: str | bytes, name: str) -> float:
    """Seconds of audio, from the header where it says so, else by decoding.

    Raises:
        AudioError: as :func:`read_media`.
    """
    with _first_stream(source, name) as stream:
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        if stream.container.duration is not None:
            return stream.container.duration / av.time_base
    samples, rate = read_media(source, name)
    return len(samples) / rate


@contextmanager
def _first_stream(source: str | bytes, name: str) -> Iterator[av.audio.stream.AudioStream]:
    """The opened audio stream; FFmpeg's complaints, also while it is read, name the source."""
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with av.open(file, metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise AudioError(f"{name}: no sound in it; expected a recording of speech")
            yield container.streams.audio[0]
    except (av.FFmpegError, OSError, ValueError) as error:
        raise AudioError(
            f"{name}: no readable audio ({error}). "
            f"If it plays elsewhere, convert it: ffmpeg -i FILE -ac 1 -ar 16000 converted.wav"
        ) from error


def _blocks(stream: av.audio.stream.AudioStream) -> Iterator[np.ndarray]:
    """Decoded frames as float32, shape = (samples, channels)."""
    to_float = av.AudioResampler(format="fltp")
    for frame in stream.container.decode(stream):
        for converted in to_float.resample(frame):
            yield converted.to_ndarray().T
    for converted in to_float.resample(None):
        yield converted.to_ndarray().T
