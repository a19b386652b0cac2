"""What a study's tables are counted from, small enough to be committed, and counted again.

``results/<profile>/studies/<study>/`` holds ``clips.csv.gz``, a row a test clip, and
``predictions.csv.gz``, what every variant made of it with every seed. From these follow all
verdicts and the rates of every run. What training said of itself (steps, minutes, losses) stands
in ``<study>.csv`` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from speakor_common.errors import ResultsError
from speakor_common.evaluation.summary import summarise_rates, with_counts
from speakor_common.pipeline.verdicts import Claim, verdicts
from speakor_common.storage import whole_file

STUDIES = "studies"  # folder of a profile's results
CLIPS_FILE = "clips.csv.gz"
PREDICTIONS_FILE = "predictions.csv.gz"
RUN = ("experiment", "seed")
CLIP_COLUMNS = ("utterance_id", "speaker_id", "duration_s", "reference")
TEXT_COLUMNS = ("utterance_id", *RUN, "hypothesis", "raw_hypothesis")
RATE_COLUMNS = ("n", "wer", "wer_low", "wer_high", "cer")

_TOLERANCE = 1e-9  # of floats that went through CSV
_TIMELESS = {"method": "gzip", "mtime": 0}  # the same table makes the same file


def write_study(predictions: pd.DataFrame, folder: Path) -> None:
    """Keep the predictions of a study's finished runs.

    Args:
        predictions: :data:`.predict.COLUMNS` and ``seed``, of all runs.
        folder: of the study.
    """
    clips = predictions[list(CLIP_COLUMNS)].drop_duplicates("utterance_id")
    _write(clips.sort_values("utterance_id"), folder / CLIPS_FILE)
    _write(predictions[list(TEXT_COLUMNS)], folder / PREDICTIONS_FILE)


def _write(table: pd.DataFrame, path: Path) -> None:
    with whole_file(path) as temporary:
        table.to_csv(temporary, index=False, compression=_TIMELESS)


def read_study(folder: Path) -> pd.DataFrame:
    """A study's predictions with what is known of their clips, as :func:`write_study` had them.

    Raises:
        ResultsError: a file or column is missing, or a prediction is of an unknown clip.
    """
    clips = _read(folder / CLIPS_FILE, CLIP_COLUMNS)
    texts = _read(folder / PREDICTIONS_FILE, TEXT_COLUMNS)
    strangers = sorted(set(texts["utterance_id"]) - set(clips["utterance_id"]))
    if strangers:
        raise ResultsError(
            f"{folder.name}/{PREDICTIONS_FILE} speaks of {len(strangers)} clips that {CLIPS_FILE} "
            f"does not know, such as {strangers[0]}; make the study again: speakor study"
        )
    return texts.merge(clips, on="utterance_id")


def _read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    if not path.is_file():
        raise ResultsError(
            f"{path.parent.name}/{path.name} is missing; restore it, or make it anew"
        )
    numbers = {"seed": int, "duration_s": float}
    types = {name: numbers.get(name, str) for name in columns}
    table = pd.read_csv(path, keep_default_na=False, dtype=types, float_precision="round_trip")
    if missing := sorted(set(columns) - set(table.columns)):
        raise ResultsError(f"{path.parent.name}/{path.name} lacks the columns {missing}")
    return table


def rate_cells(predictions: pd.DataFrame) -> dict[str, Any]:
    """The cells :data:`RATE_COLUMNS` of one run."""
    rates = summarise_rates(with_counts(predictions))
    low, high = rates["wer_95"] or (None, None)
    return dict(zip(RATE_COLUMNS, (rates["n"], rates["wer"], low, high, rates["cer"]), strict=True))


# Counted again


def unlike_studies(folder: Path) -> list[str]:
    """What the tables of studies say otherwise than their predictions; empty if nothing.

    A study without predictions has nothing to be compared with, see :func:`uncounted_studies`.

    Args:
        folder: results of a profile.
    """
    lines = []
    for path in sorted((folder / STUDIES).glob(f"*/{PREDICTIONS_FILE}")):
        study = path.parent.name
        try:
            predictions = read_study(path.parent)
            lines += [f"{study}.csv: {line}" for line in _unlike_runs(folder, study, predictions)]
            unlike = _unlike_verdicts(folder, study, predictions)
            lines += [f"{study}_verdicts.csv: {line}" for line in unlike]
        except ResultsError as error:
            lines.append(f"{STUDIES}/{study}: {error}")
    return lines


def uncounted_studies(folder: Path) -> list[str]:
    """Tables of studies whose predictions are not there, a line each."""
    tables = sorted(folder.glob("*_verdicts.csv"))
    names = [path.name.removesuffix("_verdicts.csv") for path in tables]
    return [
        f"{name}.csv and {name}_verdicts.csv: no predictions in {STUDIES}/{name}"
        for name in names
        if not (folder / STUDIES / name / PREDICTIONS_FILE).is_file()
    ]


def _unlike_runs(folder: Path, study: str, predictions: pd.DataFrame) -> Iterator[str]:
    """Rates of runs that differ, and runs that only one side knows."""
    runs = _table(folder / f"{study}.csv")
    rows = {(str(row["variant"]), int(row["seed"])): row for row in runs if row["n"] is not None}
    counted = {run: rate_cells(part) for run, part in predictions.groupby(list(RUN))}
    for run in sorted({*rows, *counted}):
        name = f"{run[0]}, seed {run[1]}"
        if run not in counted:
            yield f"{name} has rates and no predictions"
        elif run not in rows:
            yield f"{name} has predictions and no rates"
        else:
            yield from _unlike_cells(name, rows[run], counted[run])


def _unlike_verdicts(folder: Path, study: str, predictions: pd.DataFrame) -> Iterator[str]:
    """Cells of verdicts that differ, and variants without one."""
    written = _table(folder / f"{study}_verdicts.csv")
    names = ("variant", "claim", "against")
    claims = [Claim(*(str(row[name]) for name in names)) for row in written]
    counted = {row["variant"]: row for row in verdicts(claims, predictions).to_dict("records")}
    for row in written:
        if row["variant"] in counted:
            yield from _unlike_cells(row["variant"], row, counted[row["variant"]])
        else:
            yield f"{row['variant']} has a verdict and no predictions to compare"

    # Only what all others start from is compared with nothing.
    judged = {row["variant"] for row in written}
    if len(silent := sorted(set(predictions["experiment"]) - judged)) > 1:
        yield f"{', '.join(silent)} have no verdict"


def _table(path: Path) -> list[dict[str, Any]]:
    """Rows of a table; an empty cell is ``None``."""
    if not path.is_file():
        raise ResultsError(f"{path.name} is missing; the study writes it at its end: speakor study")
    table = pd.read_csv(path, float_precision="round_trip").astype(object)
    return table.where(table.notna(), None).to_dict("records")


def _unlike_cells(name: str, written: dict[str, Any], counted: dict[str, Any]) -> Iterator[str]:
    for column, value in counted.items():
        if not _same(written.get(column), value):
            yield f"{name}: {column} is {written.get(column)}, counted {value}"


def _same(a: Any, b: Any) -> bool:
    """Whether two cells say the same; empty ones do, whatever they are empty by."""
    empty = [value is None or value != value or value == "" for value in (a, b)]
    if any(empty):
        return all(empty)
    try:
        return abs(float(a) - float(b)) <= _TOLERANCE
    except (TypeError, ValueError):
        return str(a) == str(b)
