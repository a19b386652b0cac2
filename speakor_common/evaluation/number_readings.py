"""Hypotheses with digits, scored by the reading that fits.

A model that writes ``3번`` heard 세 번 or 삼 번 and does not say which, and ``30분`` says nothing
about the space in 삼십 분. The reference does. So a hypothesis whose numbers have several readings
or spacings is scored with the one that has the fewest wrong words against its reference, then the
fewest wrong characters, then the likeliest. No other word of it changes. How many utterances had
an ambiguous number is counted in metrics.json (``ambiguous_numbers``).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from rapidfuzz.distance import Levenshtein

from speakor_common.text import alternatives
from speakor_common.text.numbers import readings

RAW = "raw_hypothesis"  # what a model wrote, where normalising changed it; "" elsewhere


def closest_reading(reference: str, raw_hypothesis: str) -> str:
    """What a raw hypothesis says, its numbers read as the reference has them where they can be.

    >>> closest_reading("삼 번 출구", "3번 출구"), closest_reading("세 번 봤어요", "3번 봤어요")
    ('삼 번 출구', '세 번 봤어요')
    >>> closest_reading("네 번 봤어요", "3번 봤어요")
    '세 번 봤어요'
    """
    return min(alternatives(raw_hypothesis), key=lambda said: _distance(reference, said))


def with_closest_readings(predictions: pd.DataFrame) -> pd.DataFrame:
    """Predictions with each hypothesis read as it is scored.

    Args:
        predictions: see :mod:`speakor_common.recognition.predict`; the column
            ``raw_hypothesis`` may be missing where no model writes digits.

    Returns:
        a copy; ``hypothesis`` is the closest reading, and ``ambiguous_numbers`` (bool) says
        whether the raw hypothesis had a number with several readings.
    """
    table = predictions.reset_index(drop=True).copy()
    table["ambiguous_numbers"] = False
    if RAW not in table:
        return table

    # Only raw text with digits has more than one way to be read.
    has_digits = table[RAW].str.contains("[0-9０-９]", regex=True)
    for index, row in table[has_digits].iterrows():
        table.loc[index, "hypothesis"] = closest_reading(row["reference"], row[RAW])
        table.loc[index, "ambiguous_numbers"] = bool(readings(row[RAW]).ambiguous)
    return table


def with_closest_references(predictions: pd.DataFrame, raw: Mapping[str, str]) -> pd.DataFrame:
    """Predictions with references that hold numbers read as the hypothesis has them.

    A transcript of people with digits in it does not say how they were read either, so whatever
    reading is heard is right.

    Args:
        predictions: see :func:`with_closest_readings`, which takes what this returns.
        raw: transcripts as written, by utterance id.
    """
    table = predictions.reset_index(drop=True).copy()
    has_digits = table["utterance_id"].map(raw).str.contains("[0-9０-９]", regex=True)
    for index, row in table[has_digits].iterrows():
        said = row.get(RAW) or row["hypothesis"]
        table.loc[index, "reference"] = _closest_reference(raw[row["utterance_id"]], said)
    return table


def _closest_reference(raw_reference: str, raw_hypothesis: str) -> str:
    """The reading of a transcript that is nearest to some reading of a hypothesis."""
    return min(
        alternatives(raw_reference),
        key=lambda reference: _distance(reference, closest_reading(reference, raw_hypothesis)),
    )


def _distance(reference: str, hypothesis: str) -> tuple[int, int]:
    """Wrong words, then wrong characters."""
    return (
        Levenshtein.distance(reference.split(), hypothesis.split()),
        Levenshtein.distance(reference, hypothesis),
    )
