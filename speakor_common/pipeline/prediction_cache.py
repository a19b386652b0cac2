"""Predictions of a profile's systems, made once and kept while nothing they depend on changes.

Beside every table of predictions lies a record of what made it: the model's weights, how its output
is read, the data, and the code that recognises. A table whose record says something else is made
again; conditions that a table lacks are added to it. Under ``torchrun`` all processes take part in
transcribing, and the first one writes.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from accelerate import PartialState
from datasets import Dataset

from speakor_common.models import checkpoints
from speakor_common.recognition import predict, predict_many
from speakor_common.recognition.predict_many import Request
from speakor_common.storage import read_json, write_json
from speakor_common.training.fingerprints import clips_hash

logger = logging.getLogger(__name__)

Origin = dict[str, str]  # what predictions were made from: hashes of model, data, code; reading


def prediction_file(folder: Path, experiment: str) -> Path:
    """Where an experiment's predictions are kept."""
    return folder / f"{experiment.replace(' ', '-')}.csv"


def record_file(folder: Path, experiment: str) -> Path:
    """Where the record of what made them is kept: JSON, an :data:`Origin`."""
    return prediction_file(folder, experiment).with_suffix(".json")


def cached_predictions(
    requests: Sequence[Request], data: Dataset, folder: Path, progress: bool = False
) -> list[pd.DataFrame]:
    """Predictions for each request, in the conditions it asks for.

    Args:
        data: a prepared split.
        folder: where tables and their records are kept.
    """
    origins = _origins(requests, data)
    tables = {
        request.experiment: _kept_table(
            prediction_file(folder, request.experiment), origins[request.experiment]
        )
        for request in requests
    }

    # Transcribe what is missing, all requests together, and add it to what is there.
    missing = _missing(requests, tables)
    for request in missing:
        conditions = ", ".join(request.conditions)
        logger.info(
            "transcribing %d test clips with %s (%s)", len(data), request.experiment, conditions
        )
    made = predict_many.predict_many(missing, data, progress)
    for request, added in zip(missing, made, strict=True):
        name = request.experiment
        earlier = tables[name]
        tables[name] = pd.concat([earlier, added], ignore_index=True) if len(earlier) else added
        if PartialState().is_main_process:
            _keep_table(tables[name], prediction_file(folder, name), origins[name])
    PartialState().wait_for_everyone()

    # Every process, and every later run, reads the same files.
    asked = []
    for request in requests:
        table = predict.read_predictions(prediction_file(folder, request.experiment))
        asked.append(table[table["condition"].isin(request.conditions)])
    return asked


def remove_others(experiments: Sequence[str], folder: Path) -> None:
    """Remove predictions of models that are no longer there; they would be counted as results."""
    wanted = {prediction_file(folder, name) for name in experiments}
    if PartialState().is_main_process:
        for stale in set(folder.glob("*.csv")) - wanted:
            stale.unlink()


def _origins(requests: Sequence[Request], data: Dataset) -> dict[str, Origin]:
    same_for_all = {
        "data": clips_hash(data),
        "recogniser_code": predict.recogniser_code_hash(),
    }
    origins = {}
    for request in requests:
        reading = {"reading": str(request.reading)} if request.reading else {}
        model = {"model": checkpoints.weights_hash(request.model)}
        origins[request.experiment] = model | reading | same_for_all
    return origins


def _missing(requests: Sequence[Request], tables: dict[str, pd.DataFrame]) -> list[Request]:
    """The requests with only the conditions that their tables lack; none that lacks nothing."""
    missing = []
    for request in requests:
        present = set(tables[request.experiment]["condition"])
        conditions = tuple(name for name in request.conditions if name not in present)
        if conditions:
            missing.append(request._replace(conditions=conditions))
    return missing


def _kept_table(path: Path, origin: Origin) -> pd.DataFrame:
    """Predictions at ``path``, none if they were made from something else."""
    record = path.with_suffix(".json")
    if path.is_file() and record.is_file() and read_json(record) == origin:
        return predict.read_predictions(path)
    return pd.DataFrame(columns=list(predict.COLUMNS))


def _keep_table(predictions: pd.DataFrame, path: Path, origin: Origin) -> None:
    # The record vouches for the table, so it goes first and comes last.
    record = path.with_suffix(".json")
    record.unlink(missing_ok=True)
    predict.write_predictions(predictions, path)
    write_json(record, origin)
