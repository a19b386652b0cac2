"""Predictions → metrics.json: every rate with counts, 95 % interval and n, and the breakdowns."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from typing import Any

import pandas as pd

from speakor_common.batching.conditions import CLEAN
from speakor_common.evaluation.error_tables import FLAGS, flags
from speakor_common.evaluation.levels import LEVELS
from speakor_common.evaluation.metrics import sum_counts, utterance_counts
from speakor_common.evaluation.number_readings import with_closest_readings
from speakor_common.evaluation.statistics import (
    Comparison,
    Estimate,
    detectable_difference,
    paired_comparison,
    rate_interval,
)

# Columns that utterances are grouped by. Figures show some of them; metrics.json holds all.
SHOWN = ("l1", "level", "task", "duration_bin", "rate_bin", "length_bin")
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
SMALL_GROUP = 20  # utterances below which a breakdown row is marked as small
DETECTABLE_WITH = (20, 40, 80)  # speakers for which metrics.json tells what they can detect

_DURATION_EDGES = (0, 2, 3, 4, 6, 10, 20, math.inf)  # seconds
_RATE_EDGES = (0, 2, 3, 4, 5, 6, math.inf)  # syllables a second, pauses included
_LENGTH_EDGES = (0, 3, 5, 7, 10, 15, math.inf)  # words


def with_counts(predictions: pd.DataFrame) -> pd.DataFrame:
    """Predictions with edit counts of each utterance, and what they are grouped by.

    Args:
        predictions: see :mod:`speakor_common.recognition.predict`.

    Returns:
        further columns: ``<level>_<operation>``, ``<level>_errors`` and ``<level>_length`` at
        each level, ``wer`` of the utterance, ``duration_bin``, ``rate_bin``, ``length_bin``,
        and those of :func:`.number_readings.with_closest_readings`, which also reads the numbers
        of hypotheses.
    """
    scored = with_closest_readings(predictions)
    counts = utterance_counts(scored["reference"].tolist(), scored["hypothesis"].tolist())
    table = pd.concat([scored, counts], axis=1)

    # Errors and reference lengths, of which rates are made.
    for level in LEVELS:
        errors = [f"{level}_{kind}" for kind in ("substitutions", "deletions", "insertions")]
        tokens = [f"{level}_{kind}" for kind in ("hits", "substitutions", "deletions")]
        table[f"{level}_errors"] = table[errors].sum(axis=1)
        table[f"{level}_length"] = table[tokens].sum(axis=1)
    table["wer"] = table["words_errors"] / table["words_length"].clip(lower=1)

    # Groups by duration, speaking rate and number of words.
    syllables = table["reference"].str.replace(" ", "").str.len()
    speaking_rate = syllables / table["duration_s"].clip(lower=0.1)
    table["duration_bin"] = _bins(table["duration_s"], _DURATION_EDGES, "s")
    table["rate_bin"] = _bins(speaking_rate, _RATE_EDGES, "syllables/s")
    table["length_bin"] = _bins(table["words_length"], _LENGTH_EDGES, "words")
    return table


def _bins(values: pd.Series, edges: tuple[float, ...], unit: str) -> pd.Series:
    """The interval each value falls into, by name, ordered by size.

    An interval lies above its lower edge and reaches up to its upper one.
    """
    names = []
    for low, high in pairwise(edges):
        open_ended = math.isinf(high)
        names.append(f"> {low:g} {unit}" if open_ended else f"{low:g}-{high:g} {unit}")
    return pd.cut(values, edges, labels=names, include_lowest=True)


def summarise_rates(table: pd.DataFrame) -> dict[str, Any]:
    """Counts, rates and intervals of a table of :func:`with_counts`.

    An interval that there is not is ``None``, and ``no_interval`` says why.
    """
    result = sum_counts(table).to_dict()
    for name, level in LEVELS.items():
        estimate = _estimate(table, name)
        result[f"{level.rate}_95"] = estimate.bounds
        if estimate.no_interval:
            result["no_interval"] = estimate.no_interval
    result["ambiguous_numbers"] = int(table["ambiguous_numbers"].sum())
    return result | {"speakers": int(table["speaker_id"].nunique())}


def _estimate(table: pd.DataFrame, level: str) -> Estimate:
    """Rate at one level with its interval, where it has one."""
    errors = table[f"{level}_errors"].tolist()
    lengths = table[f"{level}_length"].tolist()
    return rate_interval(errors, lengths, table["speaker_id"].tolist())


def breakdown(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Rates of each group of utterances.

    Args:
        table: of :func:`with_counts`.
        column: whose values make the groups.

    Returns:
        columns ``<column>, n, speakers, wer, wer_low, wer_high``, ``no_interval`` (why there is
        none; else empty), every other rate that :data:`LEVELS` wants in breakdowns, and
        ``small``: fewer than :data:`SMALL_GROUP` utterances.
    """
    rows = []
    for value, group in table.groupby(column, sort=True, observed=True):
        words = _estimate(group, "words")
        row = {column: value, "n": len(group), "speakers": words.speakers}
        row |= {"wer": words.value, "wer_low": words.low, "wer_high": words.high}
        row["no_interval"] = words.no_interval

        # Other rates come without an interval.
        for name, level in LEVELS.items():
            if level.in_breakdowns and name != "words":
                length = max(group[f"{name}_length"].sum(), 1)
                row[level.rate] = float(group[f"{name}_errors"].sum() / length)
        rows.append(row | {"small": len(group) < SMALL_GROUP})
    return pd.DataFrame(rows)


def summarise_predictions(predictions: pd.DataFrame) -> dict[str, Any]:
    """The content of metrics.json: experiment → condition → counts, rates, intervals.

    Clean predictions also have flags and breakdowns.
    """
    table = with_counts(predictions)
    result: dict[str, Any] = {}
    for (experiment, condition), rows in table.groupby(["experiment", "condition"], sort=True):
        entry = summarise_rates(rows)
        if condition == CLEAN:
            entry["flags"] = count_flags(rows)
            entry["breakdowns"] = {name: _records(breakdown(rows, name)) for name in BREAKDOWNS}
        result.setdefault(experiment, {})[condition] = entry
    return result


def count_flags(table: pd.DataFrame) -> dict[str, int]:
    """How many utterances have each trait of :func:`.error_tables.flags`."""
    counts = Counter(dict.fromkeys(FLAGS, 0))
    for row in table.itertuples():
        counts.update(flags(row.reference, row.hypothesis, row.duration_s))
    return dict(counts)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values; a bound that does not exist (few speakers) is null in JSON."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def compare_experiments(predictions: pd.DataFrame, first: str, second: str) -> Comparison:
    """WER of ``first`` minus ``second`` on the clean utterances both have."""
    clean = predictions[predictions["condition"] == CLEAN]
    table = with_counts(clean).set_index("utterance_id")
    first_rows = table[table["experiment"] == first]
    second_rows = table[table["experiment"] == second]

    # Only what both have, in one order.
    shared = first_rows.index.intersection(second_rows.index)
    first_rows = first_rows.loc[shared]
    second_rows = second_rows.loc[shared]
    return paired_comparison(
        first_rows["words_errors"].tolist(),
        second_rows["words_errors"].tolist(),
        first_rows["words_length"].tolist(),
        first_rows["speaker_id"].tolist(),
    )


def comparison_entry(comparison: Comparison) -> dict[str, Any]:
    """A comparison for metrics.json, with the difference that so many speakers can detect."""
    difference = comparison.difference
    entry = {
        "difference": difference.value,
        "difference_95": difference.bounds,
        "p": difference.p,
        "p_holm": comparison.p_holm,
        "significant": comparison.significant,
        "primary": comparison.primary,
        "n": difference.n,
        "speakers": difference.speakers,
    }
    if difference.interval is None:
        return entry | {"no_interval": difference.no_interval}
    numbers = sorted({difference.speakers, *DETECTABLE_WITH})
    detectable = {str(number): detectable_difference(difference, number) for number in numbers}
    return entry | {"detectable": detectable}
