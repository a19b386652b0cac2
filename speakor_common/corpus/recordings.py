"""One recording decoded whole: is it there, finite, not silent, and is it there twice?

A header says little: samples may be NaN, digital silence, or fewer than promised because a
download broke off, and a clip that fails in the middle of training stops it for all. The digest
taken on the way finds the same recording under two ids.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import pandas as pd
import soundfile

from speakor_common import audio
from speakor_common.corpus.schema import QUARANTINE_COLUMNS
from speakor_common.corpus.splits import SPLITS, UNUSED
from speakor_common.errors import AudioError

_TOLERANCE = 0.02  # seconds; lossy coders pad and trim
# Files made of chunks: byte order of their numbers, and the chunk that holds the samples.
_CHUNKED = {b"RIFF": ("little", b"data"), b"RIFX": ("big", b"data"), b"FORM": ("big", b"SSND")}
_STREAMED = 0x7FFF0000  # sizes from here on stand in WAVs written before their length was known


@dataclass(frozen=True, slots=True)
class Recording:
    """What decoding one clip showed.

    Attributes:
        length: samples at 16 kHz; 0 if it cannot be used.
        digest: equal for recordings with the same samples, whatever their container.
        problem: why it cannot be used, ``""`` if it can.
        seconds: as its header says; -1 if not even that can be read.
        level_db: RMS in dB of full scale, ``-inf`` of what has no samples or is digital silence.
    """

    length: int = 0
    digest: str = ""
    problem: str = ""
    seconds: float = -1.0
    level_db: float = float("-inf")


def check_recording(reference: str) -> Recording:
    """Decode one clip and say whether it is whole, finite and not silent."""
    raw = reference.lower().endswith(".pcm")  # known by its name, and without a header
    stated = -1.0
    try:
        source = reference if raw else audio.read_bytes(reference)
        stated = audio.duration(source)
        samples = audio.decode(source)
        seconds = len(samples) / audio.RATE
        promised = seconds if raw else promised_seconds(source, seconds)
    except AudioError as error:
        return Recording(problem=f"undecodable audio ({str(error)[-120:]})", seconds=stated)

    loudness = audio.rms_db(samples)
    known = {"seconds": stated, "level_db": round(loudness, 2)}
    if seconds < promised - _TOLERANCE:
        problem = f"cut recording ({seconds:.2f} of {promised:.2f} s are there)"
        return Recording(problem=problem, **known)
    if loudness < audio.SILENCE_DB:
        return Recording(problem=f"silent recording ({loudness:.0f} dB)", **known)
    digest = hashlib.blake2b(samples, digest_size=16).hexdigest()
    return Recording(len(samples), digest, **known)


def promised_seconds(content: bytes, seconds: float) -> float:
    """Length that the header of encoded audio promises, given the seconds that were decoded.

    libsndfile quietly corrects the header of a cut WAV or AIFF, so those are read here.
    """
    if content[:4] in _CHUNKED:
        stated, present = _sample_bytes(content)
        return seconds if stated >= _STREAMED or not present else seconds * stated / present
    try:
        info = soundfile.info(io.BytesIO(content))
    except (soundfile.LibsndfileError, RuntimeError):
        return audio.duration(content)
    return info.frames / info.samplerate


def _sample_bytes(content: bytes) -> tuple[int, int]:
    """Bytes of samples a WAV or AIFF states, and those that are there; 0, 0 if it has none."""
    order, samples = _CHUNKED[content[:4]]
    at = 12
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], order)
        if content[at : at + 4] == samples:
            return size, min(size, len(content) - at - 8)
        at += 8 + size + size % 2
    return 0, 0


def find_duplicates(manifest: pd.DataFrame, digests: pd.Series) -> pd.DataFrame:
    """Utterances to leave out because another one is the same recording.

    If their labels say the same, one stays: the first in the order train, valid, test, unused
    and then by id, so that nothing in doubt is tested on. If the labels differ, none stays,
    because one of them is wrong and nobody knows which.

    Args:
        manifest: with ``split`` assigned.
        digests: of :meth:`.RecordingChecks.table`, on the index of ``manifest``.

    Returns:
        quarantine rows, ``file`` being the utterance id; each names the other id.
    """
    order = {split: place for place, split in enumerate((*SPLITS, UNUSED))}
    twice = manifest[digests.duplicated(keep=False)]
    rows = []
    for _, same in twice.groupby(digests.loc[twice.index], sort=False):
        places = same["split"].map(order)
        ranked = same.assign(place=places).sort_values(["place", "utterance_id"])
        ids = ranked["utterance_id"].tolist()

        # one stays, or none
        if ranked["text"].nunique() == 1:
            rows += [(other, f"same recording as {ids[0]}, which is kept") for other in ids[1:]]
        else:
            for identifier in ids:
                other = ids[1] if identifier == ids[0] else ids[0]
                rows.append((identifier, f"same recording as {other}, but the labels differ"))
    return pd.DataFrame(rows, columns=list(QUARANTINE_COLUMNS))
