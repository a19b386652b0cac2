"""A prepared split through a model → predictions, one CSV a system.

``results/<profile>/predictions/<system>.csv`` is all that later evaluation reads, beside
the audio. Rows of one file may come from several conditions.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import Dataset
from tqdm import tqdm

from speakor_common.audio import RATE
from speakor_common.batching.collate import load_audio
from speakor_common.batching.conditions import CLEAN, degrade
from speakor_common.decoding.output_readings import Reading
from speakor_common.decoding.words import Hypothesis
from speakor_common.errors import AudioError, ResultsError
from speakor_common.recognition.recognisers import Recogniser
from speakor_common.storage import write_text

logger = logging.getLogger(__name__)

META = ("l1", "level", "speaker_id", "prompt_id", "task", "gender", "topik", "duration_s")
COLUMNS = (
    "utterance_id",
    "experiment",
    "condition",
    "reference",
    "hypothesis",
    *META,
    "words",
    "raw_hypothesis",
)

_CHUNK = 200  # clips decoded at a time; keeps memory flat


def predict_split(
    recogniser: Recogniser,
    data: Dataset,
    experiment: str,
    condition: str = CLEAN,
    label: str | None = None,
    progress: bool = False,
) -> pd.DataFrame:
    """Transcribe a prepared split.

    A clip that cannot be read counts as not recognised: its hypothesis is empty, and a warning
    names it.

    Args:
        condition: of the audio, a name in ``conditions.CONDITIONS`` or ``clean``.
        label: what the column ``condition`` says, if not the condition.

    Returns:
        columns :data:`COLUMNS`; ``words`` is JSON, a list of
        ``{text, start_s, end_s, confidence}``; ``raw_hypothesis`` is what the model wrote where
        that differs from ``hypothesis``.

    Raises:
        SpeakorError: no such condition.
    """
    return predict_readings(recogniser, data, {experiment: None}, condition, label, progress)


def predict_readings(
    recogniser: Recogniser,
    data: Dataset,
    readings: Mapping[str, Reading | None],
    condition: str = CLEAN,
    label: str | None = None,
    progress: bool = False,
) -> pd.DataFrame:
    """:func:`predict_split` for several systems that read the output of one pass of one model.

    Args:
        readings: by the name a system's rows get; ``None`` reads as :meth:`.Recogniser.recognise`.

    Returns:
        the rows of the systems below each other.
    """
    rows: dict[str, list[dict]] = {name: [] for name in readings}
    starts = range(0, len(data), _CHUNK)
    for start in tqdm(starts, desc=f"{', '.join(readings)} {condition}", disable=not progress):
        clips = [data[i] for i in range(start, min(start + _CHUNK, len(data)))]
        waves = [_load_or_silence(clip, condition) for clip in clips]
        hypotheses = _read(recogniser, waves, set(readings.values()))
        for name, reading in readings.items():
            pairs = zip(clips, hypotheses[reading], strict=True)
            rows[name] += [_row(*pair, name, label or condition) for pair in pairs]
    return pd.DataFrame([row for own in rows.values() for row in own], columns=list(COLUMNS))


def _read(
    recogniser: Recogniser, waves: list[np.ndarray], readings: set[Reading | None]
) -> dict[Reading | None, list[Hypothesis]]:
    """Hypotheses in each reading; only what is asked for by name needs a model that has several."""
    if readings == {None}:
        return {None: recogniser.recognise(waves)}
    return recogniser.read(waves, [reading for reading in Reading if reading in readings])


def _row(clip: dict, hypothesis: Hypothesis, name: str, condition: str) -> dict:
    """A row of predictions, with what is known of the clip's speaker."""
    words = [asdict(word) for word in hypothesis.words]
    row = {
        "utterance_id": clip["utterance_id"],
        "experiment": name,
        "condition": condition,
        "reference": clip["text"],
        "hypothesis": hypothesis.text,
        "words": json.dumps(words, ensure_ascii=False),
        "raw_hypothesis": hypothesis.raw if hypothesis.raw != hypothesis.text else "",
    }
    return row | {field: clip[field] for field in META}


def _load_or_silence(clip: dict, condition: str) -> np.ndarray:
    """The clip as the condition makes it; silence, which has no text, where it cannot be read."""
    try:
        return load_audio(clip, lambda samples: degrade(samples, condition, clip["utterance_id"]))
    except AudioError as error:
        logger.warning("%s counts as not recognised: %s", clip["utterance_id"], error)
        return np.zeros(RATE, np.float32)


def recogniser_code_hash() -> str:
    """Hash of the code that recognises: what predictions depend on beside model and data."""
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for room in ("audio", "batching", "decoding", "models", "recognition", "text"):
        for file in sorted((package / room).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def write_predictions(predictions: pd.DataFrame, path: Path) -> Path:
    """Write a table of predictions as CSV, whole or not at all; returns ``path``."""
    return write_text(path, predictions.to_csv(index=False))


def read_predictions(path: Path) -> pd.DataFrame:
    """Predictions of one file, empty texts as ``""``.

    Raises:
        ResultsError: missing file or columns.
    """
    if not path.is_file():
        raise ResultsError(f"no predictions at {path}; run notebook 05 or: speakor evaluate")

    # Ids such as 00012 are text, and so is all else but the duration.
    text_columns = dict.fromkeys(set(COLUMNS) - {"duration_s"}, str)
    table = pd.read_csv(path, keep_default_na=False, dtype=text_columns)

    # Predictions of models that write no digits may lack it.
    if "raw_hypothesis" not in table:
        table["raw_hypothesis"] = ""
    if missing := sorted(set(COLUMNS) - set(table.columns)):
        raise ResultsError(
            f"{path} lacks the columns {missing}; it was not written by this project's evaluation"
        )
    return table


def read_all_predictions(folder: Path) -> pd.DataFrame:
    """All experiments' predictions below each other.

    Raises:
        ResultsError: none there.
    """
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise ResultsError(f"no predictions in {folder}; run notebook 05 or: speakor evaluate")
    return pd.concat([read_predictions(file) for file in files], ignore_index=True)
