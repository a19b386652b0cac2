"""A prepared split through a model → predictions, one CSV an experiment.

``results/<profile>/predictions/<experiment>.csv`` is all that later evaluation reads, beside
the audio. Rows of one file may come from several conditions.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from accelerate import PartialState
from accelerate.utils import gather_object
from datasets import Dataset
from tqdm import tqdm

from speakor_common.batching.collate import load_audio
from speakor_common.errors import ResultsError
from speakor_common.evaluation.conditions import CLEAN, degrade
from speakor_common.evaluation.recognisers import Recogniser
from speakor_common.storage import write_text

META = ("l1", "level", "speaker_id", "prompt_id", "task", "gender", "topik", "duration_s")
COLUMNS = ("utterance_id", "experiment", "condition", "reference", "hypothesis", *META, "words")
_CHUNK = 200  # clips decoded at a time; keeps memory flat


def predict(recogniser: Recogniser, data: Dataset, experiment: str, condition: str = CLEAN, progress: bool = False) -> pd.DataFrame:
    """Transcribe a split.

    Args:
        data: prepared split.
        condition: a name in ``conditions.CONDITIONS``; any other name leaves the audio as it is.

    Returns:
        columns :data:`COLUMNS`; ``words`` is JSON, a list of ``{text, start_s, end_s, confidence}``.
    """
    rows: list[dict] = []
    for start in tqdm(range(0, len(data), _CHUNK), desc=f"{experiment} {condition}", disable=not progress):
        clips = [data[i] for i in range(start, min(start + _CHUNK, len(data)))]
        waves = [_wave(clip, condition) for clip in clips]
        for clip, found in zip(clips, recogniser.recognise(waves), strict=True):
            words = json.dumps([asdict(word) for word in found.words], ensure_ascii=False)
            row = {"utterance_id": clip["utterance_id"], "experiment": experiment, "condition": condition}
            row |= {"reference": clip["text"], "hypothesis": found.text, "words": words}
            rows.append(row | {name: clip[name] for name in META})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def predict_over_ranks(
    recogniser: Recogniser, data: Dataset, experiment: str, condition: str = CLEAN, progress: bool = False
) -> pd.DataFrame:
    """:func:`predict` with the clips dealt to the processes of a ``torchrun``; every process gets all rows, in the order of ``data``."""
    state = PartialState()
    mine = data.select(range(state.process_index, len(data), state.num_processes))
    table = predict(recogniser, mine, experiment, condition, progress and state.is_main_process)
    everyone = pd.DataFrame(gather_object(table.to_dict("records")), columns=list(COLUMNS)).set_index("utterance_id")
    return everyone.loc[data["utterance_id"]].reset_index()


def _wave(clip: dict, condition: str) -> np.ndarray:
    return load_audio(clip, lambda samples: degrade(samples, condition, clip["utterance_id"]))


def save(predictions: pd.DataFrame, path: Path) -> Path:
    """Write predictions atomically."""
    return write_text(path, predictions.to_csv(index=False))


def read(path: Path) -> pd.DataFrame:
    """Predictions of one file, empty texts as ``""``.

    Raises:
        ResultsError: missing file or columns.
    """
    if not path.is_file():
        raise ResultsError(f"no predictions at {path}; run notebook 05 or: speakor evaluate")
    table = pd.read_csv(path, keep_default_na=False, dtype={"topik": str})
    if missing := sorted(set(COLUMNS) - set(table.columns)):
        raise ResultsError(f"{path} lacks the columns {missing}; it was not written by this project's evaluation")
    return table


def read_all(folder: Path) -> pd.DataFrame:
    """All experiments' predictions below each other.

    Raises:
        ResultsError: none there.
    """
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise ResultsError(f"no predictions in {folder}; run notebook 05 or: speakor evaluate")
    return pd.concat([read(file) for file in files], ignore_index=True)
