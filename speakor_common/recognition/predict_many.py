"""Several systems on one split, its clips dealt out to processes.

Under ``torchrun`` they are dealt to its processes; on a CPU to one process a core. Systems that
read one model's output in several ways share its pass through the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from accelerate import PartialState
from accelerate.utils import gather_object
from datasets import Dataset

from speakor_common.decoding.output_readings import Reading
from speakor_common.parallel import on_cores
from speakor_common.recognition.predict import COLUMNS, predict_readings
from speakor_common.recognition.recognisers import Recogniser, load_recogniser

_SHARD = 60  # clips a process takes at a time
_WORTH_A_PROCESS = 60  # clips for which it is worth starting one


class Request(NamedTuple):
    """A system to transcribe a split with.

    Attributes:
        experiment: the name its rows get.
        model: its directory.
        conditions: of the audio, names in ``conditions.CONDITIONS`` or ``clean``.
        reading: of the model's output; ``None`` as its directory asks for.
    """

    experiment: str
    model: Path
    conditions: tuple[str, ...]
    reading: Reading | None = None


class _Pass(NamedTuple):
    """One pass of a model over a split in one condition, and the systems that read it."""

    model: Path
    condition: str
    readings: dict[str, Reading | None]


def predict_many(
    requests: Sequence[Request], data: Dataset, progress: bool = False
) -> Iterator[pd.DataFrame]:
    """:func:`.predict.predict_split` for each request and condition, the clips dealt out.

    Requests of one model that follow each other are read from the same passes. Under ``torchrun``
    each process gets all rows. On a CPU a process goes on to the next model while others are busy
    with the last.

    Returns:
        A table a request, condition by condition, rows in the order of ``data``.
    """
    # What is asked of one model after the other, and the passes that takes.
    asked = [list(of_model) for _, of_model in groupby(requests, lambda request: request.model)]
    passes = [_passes(of_model) for of_model in asked]

    state = PartialState()
    if state.num_processes > 1 or state.device.type == "cuda":
        tables = (_by_ranks(of_model, data, state, progress) for of_model in passes)
    else:
        tables = _by_cores(passes, data, progress)

    for of_model, table in zip(asked, tables, strict=True):
        for request in of_model:
            order = [
                (request.experiment, condition, identifier)
                for condition in request.conditions
                for identifier in data["utterance_id"]
            ]
            ordered = table.set_index(["experiment", "condition", "utterance_id"]).loc[order]
            yield ordered.reset_index()[list(COLUMNS)]


def _passes(requests: Sequence[Request]) -> list[_Pass]:
    """What has to be computed for requests of one model: each condition once."""
    conditions = dict.fromkeys(name for request in requests for name in request.conditions)
    return [
        _Pass(
            requests[0].model,
            condition,
            {each.experiment: each.reading for each in requests if condition in each.conditions},
        )
        for condition in conditions
    ]


def _by_ranks(
    passes: Sequence[_Pass], data: Dataset, state: PartialState, progress: bool
) -> pd.DataFrame:
    """The rows of one model's passes: every rank its share, then all rows to all of them."""
    recogniser = load_recogniser(passes[0].model)
    share = data.select(range(state.process_index, len(data), state.num_processes))
    shows = progress and state.is_main_process
    tables = [
        predict_readings(recogniser, share, each.readings, each.condition, progress=shows)
        for each in passes
    ]
    rows = gather_object(pd.concat(tables).to_dict("records"))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _by_cores(
    passes: Sequence[Sequence[_Pass]], data: Dataset, progress: bool
) -> Iterator[pd.DataFrame]:
    """The rows of each model's passes, computed by one process a core."""
    # Shards of clips of similar length, the longest first: no core is left with them at the end.
    order = np.argsort(data["length"], kind="stable")[::-1]
    shards = [data.select(order[i : i + _SHARD]) for i in range(0, len(order), _SHARD)]
    jobs = [(one_pass, shard) for of_model in passes for one_pass in of_model for shard in shards]
    clips = len(data) * sum(len(of_model) for of_model in passes)

    # Tables come in the order of the jobs.
    tables = on_cores(
        _predict_shard,
        jobs,
        clips // _WORTH_A_PROCESS,
        initializer=_forget_recogniser,
        progress="transcribing" if progress else "",
    )
    for of_model in passes:
        yield pd.concat(islice(tables, len(shards) * len(of_model)), ignore_index=True)


# The model a process has loaded, and its directory. Jobs come model by model, so each is
# loaded once; a process starts without, as a directory may hold another model than last time.
_loaded: tuple[Path, Recogniser] | None = None


def _forget_recogniser() -> None:
    global _loaded
    _loaded = None


def _predict_shard(one_pass: _Pass, shard: Dataset) -> pd.DataFrame:
    global _loaded
    if _loaded is None or _loaded[0] != one_pass.model:
        _loaded = (one_pass.model, load_recogniser(one_pass.model))
    return predict_readings(_loaded[1], shard, one_pass.readings, one_pass.condition)
