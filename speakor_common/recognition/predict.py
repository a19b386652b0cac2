"""A prepared split through a model → predictions, one CSV an experiment.

``results/<profile>/predictions/<experiment>.csv`` is all that later evaluation reads, beside
the audio. Rows of one file may come from several conditions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from accelerate import PartialState
from accelerate.utils import gather_object
from datasets import Dataset
from tqdm import tqdm

from speakor_common.batching.collate import load_audio
from speakor_common.batching.conditions import CLEAN, degrade
from speakor_common.errors import ResultsError
from speakor_common.parallel import on_cores
from speakor_common.recognition.recognisers import Recogniser
from speakor_common.recognition.transcriber import Transcriber
from speakor_common.storage import write_text

META = ("l1", "level", "speaker_id", "prompt_id", "task", "gender", "topik", "duration_s")
COLUMNS = ("utterance_id", "experiment", "condition", "reference", "hypothesis", *META, "words")
_CHUNK = 200  # clips decoded at a time; keeps memory flat
_PART, _WORTH_A_PROCESS = (
    60,
    60,
)  # clips a process takes at a time, and for how many it is worth starting one


def predict(
    recogniser: Recogniser,
    data: Dataset,
    experiment: str,
    condition: str = CLEAN,
    progress: bool = False,
) -> pd.DataFrame:
    """Transcribe a split.

    Args:
        data: prepared split.
        condition: a name in ``conditions.CONDITIONS``; any other name leaves the audio as it is.

    Returns:
        columns :data:`COLUMNS`; ``words`` is JSON, a list of ``{text, start_s, end_s, confidence}``.
    """
    rows: list[dict] = []
    for start in tqdm(
        range(0, len(data), _CHUNK), desc=f"{experiment} {condition}", disable=not progress
    ):
        clips = [data[i] for i in range(start, min(start + _CHUNK, len(data)))]
        waves = [_wave(clip, condition) for clip in clips]
        for clip, found in zip(clips, recogniser.recognise(waves), strict=True):
            words = json.dumps([asdict(word) for word in found.words], ensure_ascii=False)
            row = {
                "utterance_id": clip["utterance_id"],
                "experiment": experiment,
                "condition": condition,
            }
            row |= {"reference": clip["text"], "hypothesis": found.text, "words": words}
            rows.append(row | {name: clip[name] for name in META})
    return pd.DataFrame(rows, columns=list(COLUMNS))


class Request(NamedTuple):
    """A model to transcribe a split with, in some conditions, and the name its rows get."""

    experiment: str
    model: Path
    conditions: tuple[str, ...]


def predict_together(
    requests: Sequence[Request], data: Dataset, progress: bool = False
) -> Iterator[pd.DataFrame]:
    """:func:`predict` for each request with the clips dealt out; rows of a table in the order of ``data``, condition by condition.

    Under ``torchrun`` they are dealt to its processes, each of which gets all rows; on a CPU to one process a core, which goes on to
    the next request while others are busy with the last.
    """
    _recogniser.cache_clear()  # a directory may hold another model than last time
    state = PartialState()
    if state.num_processes > 1 or state.device.type == "cuda":
        tables = (_by_ranks(request, data, state, progress) for request in requests)
    else:
        tables = _by_cores(requests, data, progress)
    for request, table in zip(requests, tables, strict=True):
        order = [
            (condition, identifier)
            for condition in request.conditions
            for identifier in data["utterance_id"]
        ]
        yield table.set_index(["condition", "utterance_id"]).loc[order].reset_index()[[*COLUMNS]]


def _by_ranks(request: Request, data: Dataset, state: PartialState, progress: bool) -> pd.DataFrame:
    mine = data.select(range(state.process_index, len(data), state.num_processes))
    tables = [
        _part(request, mine, condition, progress and state.is_main_process)
        for condition in request.conditions
    ]
    return pd.DataFrame(gather_object(pd.concat(tables).to_dict("records")), columns=list(COLUMNS))


def _by_cores(requests: Sequence[Request], data: Dataset, progress: bool) -> Iterator[pd.DataFrame]:
    """Clips of similar length together, the longest first, so that no core is left with them at the end."""
    order = np.argsort(data["length"], kind="stable")[::-1]
    parts = [data.select(order[start : start + _PART]) for start in range(0, len(order), _PART)]
    jobs = [
        (request, part, condition)
        for request in requests
        for condition in request.conditions
        for part in parts
    ]
    clips = len(data) * sum(len(request.conditions) for request in requests)
    done = iter(
        tqdm(
            on_cores(_part, jobs, clips // _WORTH_A_PROCESS),
            desc="transcribing",
            total=len(jobs),
            disable=not progress,
        )
    )
    for request in requests:
        yield pd.concat(islice(done, len(parts) * len(request.conditions)), ignore_index=True)


def _part(request: Request, data: Dataset, condition: str, progress: bool = False) -> pd.DataFrame:
    return predict(_recogniser(request.model), data, request.experiment, condition, progress)


@lru_cache(maxsize=1)  # a process reads many parts with one model
def _recogniser(model: Path) -> Recogniser:
    return Transcriber.from_pretrained(model).recogniser


def _wave(clip: dict, condition: str) -> np.ndarray:
    return load_audio(clip, lambda samples: degrade(samples, condition, clip["utterance_id"]))


def reader_hash() -> str:
    """What predictions depend on beside model and data: the sources of this project that read audio with a model."""
    package = Path(__file__).parent.parent
    rooms = ("batching", "decoding", "models", "recognition", "text")
    files = sorted(
        [package / "audio.py", *(file for room in rooms for file in (package / room).glob("*.py"))]
    )
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


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
        raise ResultsError(
            f"{path} lacks the columns {missing}; it was not written by this project's evaluation"
        )
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
