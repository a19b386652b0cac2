"""A prepared split through a model → predictions, one CSV an experiment.

``results/<profile>/predictions/<experiment>.csv`` is all that later evaluation reads, beside
the audio. Rows of one file may come from several conditions.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from accelerate import PartialState
from accelerate.utils import gather_object
from datasets import Dataset
from tqdm import tqdm

from speakor_common.audio import RATE
from speakor_common.batching.collate import load_audio
from speakor_common.batching.conditions import CLEAN, degrade
from speakor_common.errors import AudioError, ResultsError
from speakor_common.parallel import on_cores
from speakor_common.recognition.recognisers import Recogniser, load_recogniser
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
_SHARD = 60  # clips a process takes at a time
_WORTH_A_PROCESS = 60  # clips for which it is worth starting one


class Request(NamedTuple):
    """A model to transcribe a split with.

    Attributes:
        experiment: the name its rows get.
        model: its directory.
        conditions: of the audio, names in ``conditions.CONDITIONS`` or ``clean``.
    """

    experiment: str
    model: Path
    conditions: tuple[str, ...]


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
    rows: list[dict] = []
    starts = range(0, len(data), _CHUNK)
    for start in tqdm(starts, desc=f"{experiment} {condition}", disable=not progress):
        clips = [data[i] for i in range(start, min(start + _CHUNK, len(data)))]
        waves = [_load_or_silence(clip, condition) for clip in clips]

        # A row a clip, with what is known of its speaker.
        for clip, hypothesis in zip(clips, recogniser.recognise(waves), strict=True):
            words = [asdict(word) for word in hypothesis.words]
            row = {
                "utterance_id": clip["utterance_id"],
                "experiment": experiment,
                "condition": label or condition,
                "reference": clip["text"],
                "hypothesis": hypothesis.text,
                "words": json.dumps(words, ensure_ascii=False),
                "raw_hypothesis": hypothesis.raw if hypothesis.raw != hypothesis.text else "",
            }
            rows.append(row | {name: clip[name] for name in META})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def predict_many(
    requests: Sequence[Request], data: Dataset, progress: bool = False
) -> Iterator[pd.DataFrame]:
    """:func:`predict_split` for each request and condition, the clips dealt out.

    Under ``torchrun`` they are dealt to its processes, each of which gets all rows. On a CPU they
    are dealt to one process a core, which goes on to the next request while others are busy with
    the last.

    Returns:
        A table a request, condition by condition, rows in the order of ``data``.
    """
    state = PartialState()
    if state.num_processes > 1 or state.device.type == "cuda":
        tables = (_predict_by_ranks(request, data, state, progress) for request in requests)
    else:
        tables = _predict_by_cores(requests, data, progress)

    for request, table in zip(requests, tables, strict=True):
        order = [
            (condition, identifier)
            for condition in request.conditions
            for identifier in data["utterance_id"]
        ]
        ordered = table.set_index(["condition", "utterance_id"]).loc[order]
        yield ordered.reset_index()[list(COLUMNS)]


def _predict_by_ranks(
    request: Request, data: Dataset, state: PartialState, progress: bool
) -> pd.DataFrame:
    # Every rank its share, then all rows to all of them.
    recogniser = load_recogniser(request.model)
    share = data.select(range(state.process_index, len(data), state.num_processes))
    shows = progress and state.is_main_process
    tables = [
        predict_split(recogniser, share, request.experiment, condition, progress=shows)
        for condition in request.conditions
    ]
    rows = gather_object(pd.concat(tables).to_dict("records"))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _predict_by_cores(
    requests: Sequence[Request], data: Dataset, progress: bool
) -> Iterator[pd.DataFrame]:
    # Shards of clips of similar length, the longest first: no core is left with them at the end.
    order = np.argsort(data["length"], kind="stable")[::-1]
    shards = [data.select(order[i : i + _SHARD]) for i in range(0, len(order), _SHARD)]
    jobs = [
        (request, shard, condition)
        for request in requests
        for condition in request.conditions
        for shard in shards
    ]
    clips = len(data) * sum(len(request.conditions) for request in requests)

    # Tables come in the order of the jobs.
    tables = on_cores(
        _predict_shard,
        jobs,
        clips // _WORTH_A_PROCESS,
        initializer=_forget_recogniser,
        progress="transcribing" if progress else "",
    )
    for request in requests:
        of_request = islice(tables, len(shards) * len(request.conditions))
        yield pd.concat(of_request, ignore_index=True)


# The model a process has loaded, and its directory. Jobs come request by request, so each is
# loaded once; a process starts without, as a directory may hold another model than last time.
_loaded: tuple[Path, Recogniser] | None = None


def _forget_recogniser() -> None:
    global _loaded
    _loaded = None


def _predict_shard(request: Request, shard: Dataset, condition: str) -> pd.DataFrame:
    global _loaded
    if _loaded is None or _loaded[0] != request.model:
        _loaded = (request.model, load_recogniser(request.model))
    return predict_split(_loaded[1], shard, request.experiment, condition)


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
