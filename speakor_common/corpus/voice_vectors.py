"""Some clips of every speaker as speaker vectors, kept beside the prepared corpus.

All clips of a large corpus would take days, and say little more of a speaker than a dozen: real
speakers' vectors of 6 clips and more agree with themselves better than with anybody else's.
Clips are drawn by a hash of their ids, so a larger corpus draws the same ones of known speakers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from speakor_common import audio
from speakor_common.corpus.kept import containers, file_state
from speakor_common.corpus.splits import SPLITS
from speakor_common.errors import AudioError
from speakor_common.models import speaker_encoder
from speakor_common.models.speaker_encoder import mean_vector, window_vectors
from speakor_common.models.voice_activity import WINDOW, speech_probabilities
from speakor_common.parallel import on_cores
from speakor_common.storage import whole_file

CLIPS_A_SPEAKER = 12
MOST_CLIPS = 40_000  # of a corpus: half an hour on two cores; then fewer of each speaker
FEWEST_CLIPS = 6  # of a speaker, below which a vector says little
LEAST_SPEECH_S = 1.2  # of a clip: real speakers' shorter ones agree with nobody's
SEED = 0  # of the draw

_MOST_SPEECH_S = 10.0  # of a clip that are listened to
_LOUDNESS_DB = -30.0  # RMS the encoder was trained at
_SPEAKING = 0.5  # probability
_GROUP = 100  # clips a job
_VERSION = 1  # of what is computed; a change computes everything anew
_MEMORY = 2**30  # bytes of a process
_VECTORS = 3  # of a clip: whole, first half, second half


@dataclass(frozen=True)
class Voices:
    """Speaker vectors of drawn clips.

    Attributes:
        clips: columns ``utterance_id, speaker_id, l1, split``, index 0 to N - 1.
        vectors: float32, shape = (N, 3, 256): of the whole clip and of its halves; halves are 0
            where the clip is too short to be halved.
        drawn: clips that were listened to; those missing in ``clips`` hold too little speech.
    """

    clips: pd.DataFrame
    vectors: np.ndarray
    drawn: int


def draw_clips(manifest: pd.DataFrame) -> pd.DataFrame:
    """Up to ``CLIPS_A_SPEAKER`` rows of every known speaker of a split, in the order they had."""
    known = manifest[manifest["split"].isin(SPLITS) & (manifest["speaker_id"] != "")]
    if known.empty:
        return known

    # As many of each, whatever the corpus's order.
    room = MOST_CLIPS // known["speaker_id"].nunique()
    each = max(FEWEST_CLIPS, min(CLIPS_A_SPEAKER, room))
    shuffled = known.assign(place=known["utterance_id"].map(_place)).sort_values("place")
    drawn = shuffled.groupby("speaker_id", sort=False).head(each)
    return known.loc[drawn.index.sort_values()]


def listen(manifest: pd.DataFrame, folder: Path, workers: int, progress: bool = False) -> Voices:
    """Speaker vectors of :func:`draw_clips`.

    Args:
        folder: keeps vectors between calls; those no longer needed are removed.
        workers: processes at most.

    Raises:
        CheckpointError: see :func:`speaker_encoder.window_vectors`.
    """
    drawn = draw_clips(manifest)
    groups = [
        drawn["audio"].iloc[start : start + _GROUP].tolist()
        for start in range(0, len(drawn), _GROUP)
    ]
    files = [folder / f"{_fingerprint(group)}.npy" for group in groups]

    # what is new
    missing = [pair for pair in zip(groups, files, strict=True) if not pair[1].is_file()]
    bar = "voices" if progress and missing else ""
    for _ in on_cores(_listen_to_group, missing, workers, memory=_MEMORY, progress=bar):
        pass
    for file in set(folder.glob("*.npy")) - set(files):
        file.unlink()

    # all, without clips that hold too little speech
    shape = (0, _VECTORS, speaker_encoder.SIZE)
    parts = [np.zeros(shape, np.float32), *(np.load(file) for file in files)]
    vectors = np.concatenate(parts).astype(np.float32)
    heard = vectors[:, 0].any(axis=1)
    columns = ["utterance_id", "speaker_id", "l1", "split"]
    return Voices(drawn.loc[heard, columns].reset_index(drop=True), vectors[heard], len(drawn))


def _listen_to_group(references: Sequence[str], path: Path) -> None:
    """Write float16, shape = (clips, 3, 256): zeros where there is too little speech."""
    speech = [_speech(reference) for reference in references]
    enough = [i for i, each in enumerate(speech) if len(each) >= LEAST_SPEECH_S * audio.RATE]
    vectors = np.zeros((len(references), _VECTORS, speaker_encoder.SIZE), np.float16)
    for i, windows in zip(enough, window_vectors([speech[i] for i in enough]), strict=True):
        vectors[i, 0] = mean_vector(windows)
        middle = len(windows) // 2
        if middle:
            vectors[i, 1] = mean_vector(windows[:middle])
            vectors[i, 2] = mean_vector(windows[middle:])
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.save(file, vectors)


def _speech(reference: str) -> np.ndarray:
    """What somebody says in a clip, without pauses, at one loudness; nothing if unreadable."""
    try:
        samples = audio.decode(reference)
    except AudioError:  # the check of recordings has said so, or will when it is stored
        return np.zeros(0, np.float32)
    speaking = np.repeat(speech_probabilities(samples) > _SPEAKING, WINDOW)[: len(samples)]
    speech = samples[speaking][: int(_MOST_SPEECH_S * audio.RATE)]
    if speech.size == 0:
        return speech
    gain_db = _LOUDNESS_DB - max(audio.rms_db(speech), audio.SILENCE_DB)
    return (speech * 10 ** (gain_db / 20)).astype(np.float32)


def _place(utterance_id: str) -> str:
    return hashlib.sha256(f"{SEED}/{utterance_id}".encode()).hexdigest()


def _fingerprint(references: Sequence[str]) -> str:
    """Hash of which recordings these are, and of size and time of their files."""
    files = [file_state(file) for file in containers(list(references))]
    return hashlib.sha256(json.dumps([_VERSION, references, files]).encode()).hexdigest()[:16]
