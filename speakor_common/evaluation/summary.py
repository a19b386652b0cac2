"""Predictions → metrics.json: every rate with counts, 95 % interval and n, and the breakdowns."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pandas as pd

from speakor_common.batching.conditions import CLEAN
from speakor_common.evaluation.alignment import FLAGS, flags
from speakor_common.evaluation.metrics import LEVELS, RATES, summarise, utterance_counts
from speakor_common.evaluation.statistics import Comparison, paired_comparison, rate_interval

BREAKDOWNS = (
    "l1",
    "level",
    "task",
    "gender",
    "topik",
    "speaker_id",
    "duration_bin",
    "rate_bin",
    "length_bin",
)
SHOWN = (
    "l1",
    "level",
    "task",
    "duration_bin",
    "rate_bin",
    "length_bin",
)  # in figures; the others are in metrics.json
SMALL_GROUP = 20  # utterances below which a breakdown row is marked as small
_DURATION_EDGES = (0, 2, 3, 4, 6, 10, 20, 1e9)  # seconds
_RATE_EDGES = (0, 2, 3, 4, 5, 6, 1e9)  # syllables a second, pauses included
_LENGTH_EDGES = (0, 3, 5, 7, 10, 15, 1e9)  # words


def with_counts(predictions: pd.DataFrame) -> pd.DataFrame:
    """Predictions with edit counts of each utterance and derived columns ``wer``, ``duration_bin``, ``rate_bin`` and ``length_bin``."""
    counts = utterance_counts(predictions["reference"].tolist(), predictions["hypothesis"].tolist())
    table = pd.concat([predictions.reset_index(drop=True), counts], axis=1)
    for level in LEVELS:
        table[f"{level}_errors"] = table[
            [f"{level}_{kind}" for kind in ("substitutions", "deletions", "insertions")]
        ].sum(axis=1)
        table[f"{level}_length"] = table[
            [f"{level}_{kind}" for kind in ("hits", "substitutions", "deletions")]
        ].sum(axis=1)
    table["wer"] = table["words_errors"] / table["words_length"].clip(lower=1)
    syllables = table["reference"].str.replace(" ", "").str.len()
    table["duration_bin"] = _bins(table["duration_s"], _DURATION_EDGES, "s")
    table["rate_bin"] = _bins(
        syllables / table["duration_s"].clip(lower=0.1), _RATE_EDGES, "syllables/s"
    )
    table["length_bin"] = _bins(table["words_length"], _LENGTH_EDGES, "words")
    return table


def _bins(values: pd.Series, edges: tuple[float, ...], unit: str) -> pd.Series:
    """Name of the interval (above its lower, up to its upper edge) of each value, ordered by size."""
    labels = [f"{a:g}-{b:g} {unit}" if b < 1e9 else f"> {a:g} {unit}" for a, b in pairwise(edges)]
    return pd.cut(values, edges, labels=labels, include_lowest=True)


def summarise_rates(table: pd.DataFrame) -> dict[str, Any]:
    """Counts, rates and intervals of a table of :func:`with_counts`."""
    result = summarise(table).to_dict()
    for rate, level in RATES.items():
        interval = rate_interval(
            table[f"{level}_errors"].tolist(),
            table[f"{level}_length"].tolist(),
            table["speaker_id"].tolist(),
        )
        result[f"{rate}_95"] = [interval.low, interval.high]
    return result | {"speakers": int(table["speaker_id"].nunique())}


def breakdown(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """WER and CER with intervals for each value of a column; ``small`` marks groups below 20 utterances."""
    rows = []
    for value, group in table.groupby(column, sort=True, observed=True):
        speakers = group["speaker_id"].tolist()
        wer = rate_interval(
            group["words_errors"].tolist(), group["words_length"].tolist(), speakers
        )
        cer = rate_interval(
            group["characters_errors"].tolist(), group["characters_length"].tolist(), speakers
        )
        rows.append(
            {column: value, "n": len(group), "speakers": wer.speakers, "wer": wer.value, "wer_low": wer.low, "wer_high": wer.high,
             "cer": cer.value, "small": len(group) < SMALL_GROUP}
        )  # fmt: skip
    return pd.DataFrame(rows)


def metrics(predictions: pd.DataFrame) -> dict[str, Any]:
    """The content of metrics.json: experiment → condition → counts, rates, intervals, breakdowns."""
    table = with_counts(predictions)
    result: dict[str, Any] = {}
    for (experiment, condition), rows in table.groupby(["experiment", "condition"], sort=True):
        entry = summarise_rates(rows)
        if condition == CLEAN:
            entry["flags"] = count_flags(rows)
            entry["breakdowns"] = {
                column: _records(breakdown(rows, column)) for column in BREAKDOWNS
            }
        result.setdefault(experiment, {})[condition] = entry
    return result


def count_flags(table: pd.DataFrame) -> dict[str, int]:
    """How many utterances have each trait of :func:`errors.flags`."""
    found = Counter(dict.fromkeys(FLAGS, 0))
    for row in table.itertuples():
        found.update(flags(row.reference, row.hypothesis, row.duration_s))
    return dict(found)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values; a bound that does not exist (one speaker) is null in JSON."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def compare(predictions: pd.DataFrame, first: str, second: str) -> Comparison:
    """WER of ``first`` minus ``second`` on the clean utterances both have."""
    table = with_counts(predictions[predictions["condition"] == CLEAN]).set_index("utterance_id")
    a, b = table[table["experiment"] == first], table[table["experiment"] == second]
    shared = a.index.intersection(b.index)
    a, b = a.loc[shared], b.loc[shared]
    lengths, speakers = a["words_length"].tolist(), a["speaker_id"].tolist()
    return paired_comparison(
        a["words_errors"].tolist(), b["words_errors"].tolist(), lengths, speakers
    )
