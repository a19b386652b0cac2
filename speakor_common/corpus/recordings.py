"""Every recording decoded whole once, before anything is trained on it.

A header says little: samples may be NaN, digital silence, or fewer than promised because a
download broke off, and a clip that fails in the middle of training stops it for all. So each
recording is decoded here, in parallel, whatever the profile; what fails is quarantined. The
outcome of each group of recordings is kept beside the prepared corpus and reused while its files
are the same. The digest taken on the way finds the same recording under two ids.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
import soundfile

from speakor_common import audio
from speakor_common.corpus.schema import QUARANTINE_COLUMNS
from speakor_common.corpus.splits import SPLITS, UNUSED
from speakor_common.errors import AudioError
from speakor_common.parallel import on_cores
from speakor_common.storage import read_json, write_json

GROUP = 200  # recordings a job: some seconds of work
_VERSION = 1  # of what is checked; a change checks everything anew
_MEMORY = 2**29  # bytes of a process: libraries and one long clip
_TOLERANCE = 0.02  # seconds; lossy coders pad and trim
# Files made of chunks: byte order of their numbers, and the chunk that holds the samples.
_CHUNKED = {b"RIFF": ("little", b"data"), b"RIFX": ("big", b"data"), b"FORM": ("big", b"SSND")}
_STREAMED = 0x7FFF0000  # sizes from here on stand in WAVs written before their length was known


@dataclass(frozen=True)
class Recording:
    """What decoding one clip showed.

    Attributes:
        length: samples at 16 kHz; 0 if it cannot be decoded.
        digest: equal for recordings with the same samples, whatever their container.
        problem: why it cannot be used, ``""`` if it can.
    """

    length: int = 0
    digest: str = ""
    problem: str = ""


def check_recording(reference: str) -> Recording:
    """Decode one clip and say whether it is whole, finite and not silent."""
    raw = reference.lower().endswith(".pcm")  # known by its name, and without a header
    try:
        source = reference if raw else audio.read_bytes(reference)
        samples = audio.decode(source)
        seconds = len(samples) / audio.RATE
        promised = seconds if raw else promised_seconds(source, seconds)
    except AudioError as error:
        return Recording(problem=f"undecodable audio ({str(error)[-120:]})")

    if seconds < promised - _TOLERANCE:
        return Recording(problem=f"cut recording ({seconds:.2f} of {promised:.2f} s are there)")
    loudness = audio.rms_db(samples)
    if loudness < audio.SILENCE_DB:
        return Recording(problem=f"silent recording ({loudness:.0f} dB)")
    return Recording(len(samples), hashlib.blake2b(samples, digest_size=16).hexdigest())


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


def check_recordings(
    references: pd.Series, folder: Path, workers: int, progress: bool = False
) -> pd.DataFrame:
    """Check every recording of a manifest.

    Args:
        references: audio references.
        folder: keeps outcomes between calls; those no longer needed are removed.
        workers: processes at most.

    Returns:
        columns ``length``, ``digest`` and ``problem`` on the index of ``references``.
    """
    # decode what is new
    groups = {folder / f"{_fingerprint(group)}.json": group for group in _groups(references)}
    jobs = [(group, path) for path, group in groups.items() if not path.is_file()]
    bar = "recordings" if progress and jobs else ""
    for _ in on_cores(_check_group, jobs, workers, memory=_MEMORY, progress=bar):
        pass

    # collect what all groups came to
    outcomes: dict[str, list] = {}
    for path, group in groups.items():
        outcomes.update(zip(group, read_json(path), strict=True))
    for path in set(folder.glob("*.json")) - set(groups):
        path.unlink()
    rows = [outcomes[reference] for reference in references]
    return pd.DataFrame(rows, index=references.index, columns=list(asdict(Recording())))


def _groups(references: pd.Series) -> list[list[str]]:
    """Recordings of one zip or folder together, so that a further one changes no other group."""
    places: dict[str, list[str]] = {}
    for reference in sorted(set(references)):
        file, member = audio.split_reference(reference)
        place = file if member else str(Path(file).parent)
        places.setdefault(place, []).append(reference)
    return [
        members[start : start + GROUP]
        for members in places.values()
        for start in range(0, len(members), GROUP)
    ]


def _check_group(references: list[str], path: Path) -> None:
    write_json(path, [list(asdict(check_recording(r)).values()) for r in references])


def _fingerprint(references: list[str]) -> str:
    """Hash of which recordings these are, and of size and time of their files."""
    state = [_VERSION, references, [file_state(file) for file in containers(references)]]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:16]


def containers(references: list[str] | pd.Series) -> list[str]:
    """The files that audio references point to or into, each once, sorted."""
    return sorted({audio.split_reference(reference)[0] for reference in references})


def file_state(file: str) -> tuple[str, int, int]:
    """Path, size and time of a file: what changes when its content does."""
    try:
        status = Path(file).stat()
    except FileNotFoundError:  # taken away meanwhile: its clips will be found undecodable
        return file, 0, 0
    return file, status.st_size, status.st_mtime_ns


def find_duplicates(manifest: pd.DataFrame, digests: pd.Series) -> pd.DataFrame:
    """Utterances to leave out because another one is the same recording.

    If their labels say the same, one stays: the first in the order train, valid, test, unused
    and then by id, so that nothing in doubt is tested on. If the labels differ, none stays,
    because one of them is wrong and nobody knows which.

    Args:
        manifest: with ``split`` assigned.
        digests: of :func:`check_recordings`, on the index of ``manifest``.

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
