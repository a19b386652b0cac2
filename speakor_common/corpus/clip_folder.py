"""A folder of clips with a ``transcripts.tsv`` → clips that recognisers can be measured on.

The table has the columns ``file``, ``speaker``, ``seconds`` and ``text``, separated by tabs. What
cannot be measured keeps its row and a status that says why. Nothing is written here: such clips
may be of people, and belong to others.
"""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import pandas as pd
from datasets import Dataset
from tqdm import tqdm

from speakor_common.audio import RATE, decode, level_speech
from speakor_common.errors import AudioError, CorpusError
from speakor_common.models.voice_activity import somebody_speaks
from speakor_common.text import normalise_hypothesis, unreadable_parts
from speakor_common.text.numbers import readings

TRANSCRIPTS = "transcripts.tsv"
COLUMNS = ("file", "speaker", "seconds", "text")

# ok; no_speech: nobody speaks, and what is scored is an empty hypothesis. The others are left out:
# unreadable, the audio cannot be decoded; bad_text, the transcript is empty or holds what has no
# certain reading in Korean, such as a foreign word.
OK = "ok"
NO_SPEECH = "no_speech"
UNREADABLE = "unreadable"
BAD_TEXT = "bad_text"
SCORED = (OK, NO_SPEECH)

_UNKNOWN = ("l1", "level", "prompt_id", "task", "gender", "topik")


def read_clip_folder(folder: Path, progress: bool = False) -> pd.DataFrame:
    """The clips that a folder's ``transcripts.tsv`` names, each decoded once.

    Returns:
        columns ``utterance_id`` (the file's name), ``audio`` (its path), ``speaker_id``,
        ``raw_text``, ``text`` (numbers in their likeliest reading), ``length`` (samples at 16 kHz),
        ``duration_s``, ``status``, and empty ones for all else that is known of learners.

    Raises:
        CorpusError: no such table, columns missing, no row, or a file named twice.
    """
    rows = _read_table(folder / TRANSCRIPTS)
    clips = []
    for row in tqdm(rows, desc="decoding", disable=not progress):
        length, status = _listened(folder / row["file"])
        text = normalise_hypothesis(row["text"])
        if status in SCORED and not _is_certain(row["text"], text):
            status = BAD_TEXT
        clips.append(
            dict.fromkeys(_UNKNOWN, "")
            | {
                "utterance_id": row["file"],
                "audio": str(folder / row["file"]),
                "speaker_id": row["speaker"],
                "raw_text": row["text"],
                "text": text,
                "length": length,
                "duration_s": length / RATE,
                "status": status,
            }
        )
    return pd.DataFrame(clips)


def _read_table(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise CorpusError(
            f"{path.parent} holds no {TRANSCRIPTS}; expected a table with the columns "
            f"{', '.join(COLUMNS)}, separated by tabs"
        )
    content = io.StringIO(path.read_text(encoding="utf-8-sig"))
    table = csv.DictReader(content, delimiter="\t", quoting=csv.QUOTE_NONE)
    if missing := sorted(set(COLUMNS) - set(table.fieldnames or ())):
        raise CorpusError(f"{path} lacks the columns {missing}; expected {', '.join(COLUMNS)}")

    rows = [{column: row[column] or "" for column in COLUMNS} for row in table]
    files = [row["file"] for row in rows]
    if not rows or len(set(files)) < len(files):
        raise CorpusError(
            f"{path} names {len(files)} files, {len(set(files))} different ones; "
            "expected a row a clip"
        )
    return rows


def _listened(file: Path) -> tuple[int, str]:
    """Samples at 16 kHz, and whether somebody speaks in them."""
    try:
        samples = level_speech(decode(file))
    except AudioError:
        return 0, UNREADABLE
    return len(samples), OK if somebody_speaks(samples) else NO_SPEECH


def _is_certain(raw_text: str, text: str) -> bool:
    """Whether it is known how a transcript sounds, but for numbers that have several readings."""
    return bool(text) and not unreadable_parts(readings(raw_text).best)


def as_dataset(clips: pd.DataFrame) -> Dataset:
    """Scored clips in the form of a prepared split."""
    scored = clips[clips["status"].isin(SCORED)]
    return Dataset.from_pandas(scored.drop(columns=["status", "raw_text"]), preserve_index=False)


def transcripts_hash(folder: Path) -> str:
    """sha256 of a folder's table of transcripts, which says what was measured on."""
    return hashlib.sha256((folder / TRANSCRIPTS).read_bytes()).hexdigest()
