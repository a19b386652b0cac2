"""feedback.jsonl: what a learner's pronunciation did differently, one record an utterance.

A record is ``{utterance_id, l1, level, intended, heard, deviations}``; ``intended`` and
``heard`` are spelled texts, ``deviations`` a list of the fields of
:class:`speakor_common.evaluation.pronunciation.Deviation`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from speakor_common.evaluation.ctc_decode import Word
from speakor_common.evaluation.pronunciation import compare, detection_scores
from speakor_common.storage import write_text


def records(heard: pd.DataFrame, intended: pd.DataFrame, minimum_confidence: float = 0.0) -> list[dict[str, Any]]:
    """Compare two models' predictions utterance by utterance.

    Args:
        heard: native listener's predictions with word times.
        intended: foreign-speaker model's predictions of the same utterances.
    """
    meant = dict(zip(intended["utterance_id"], intended["hypothesis"], strict=True))
    result = []
    for row in heard.itertuples():
        words = [Word(**word) for word in json.loads(row.words)]
        deviations = compare(meant[row.utterance_id], row.hypothesis, words, minimum_confidence)
        result.append(
            {"utterance_id": row.utterance_id, "l1": row.l1, "level": row.level, "intended": meant[row.utterance_id],
             "heard": row.hypothesis, "deviations": [d.to_dict() for d in deviations]}
        )  # fmt: skip
    return result


def write(found: Sequence[Mapping[str, Any]], path: Path) -> Path:
    """One JSON object a line."""
    return write_text(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in found))


def scores(found: Sequence[Mapping[str, Any]], planted: Mapping[str, list[dict[str, Any]]]) -> pd.DataFrame:
    """Detection of planted deviations, for each L1 and ``all``; a hit agrees in syllable, part and intended jamo."""
    rows = {}
    for group in (*sorted({record["l1"] for record in found}), "all"):
        members = [record for record in found if group in ("all", record["l1"])]
        rows[group] = detection_scores(
            [_keys(planted[record["utterance_id"]]) for record in members], [_keys(record["deviations"]) for record in members]
        )
    return pd.DataFrame(rows).T


def _keys(deviations: Sequence[Mapping[str, Any]]) -> set[tuple]:
    return {(d["syllable"], d["part"], d["intended"]) for d in deviations}
