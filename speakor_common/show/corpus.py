"""Tables that describe a corpus; what notebook 01 shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from datasets import Dataset

from speakor_common import audio
from speakor_common.batching.collate import to_label_form
from speakor_common.corpus.splits import SPLITS
from speakor_common.errors import CheckpointError
from speakor_common.models.checkpoints import resolve
from speakor_common.storage import read_json


def overview(manifest: pd.DataFrame) -> pd.DataFrame:
    """Utterances, hours, speakers and prompts by first language and split."""
    groups = manifest.groupby(["l1", "split"], sort=True)
    table = groups.agg(
        utterances=("utterance_id", "size"), hours=("duration_s", lambda s: round(s.sum() / 3600, 3)),
        speakers=("speaker_id", "nunique"), prompts=("prompt_id", "nunique"),
    )  # fmt: skip
    return table


def quarantine_reasons(quarantine: pd.DataFrame) -> pd.DataFrame:
    """How many items were rejected for which reason, with one example file each; empty if none were."""
    table = quarantine.groupby("reason").agg(items=("file", "size"), example=("file", "first"))
    return table.sort_values("items", ascending=False)


def leakage(report: dict[str, Any]) -> pd.DataFrame:
    """What each pair of splits shares: rows speakers, prompts, audio, texts."""
    return pd.DataFrame(report["shared"]).T.rename_axis("shared by")


def coverage(report: dict[str, Any]) -> pd.DataFrame:
    """Words, syllables and jamo of the test split that training never shows."""
    return pd.DataFrame(report["coverage"], dtype=object).T.rename_axis("unit")


def cross_counts(manifest: pd.DataFrame, rows: str, columns: str) -> pd.DataFrame:
    """Utterances for each pair of values; levels in the order 하 중 상."""
    table = manifest.pivot_table(
        index=rows, columns=columns, values="utterance_id", aggfunc="count", fill_value=0
    )
    order = [level for level in ("하", "중", "상") if level in table.columns]
    return table[order + [c for c in table.columns if c not in order]]


def out_of_vocabulary(manifest: pd.DataFrame, base: str) -> pd.DataFrame:
    """Label symbols a CTC checkpoint's vocabulary cannot write, by split; one line if the checkpoint is not here."""
    try:
        vocabulary = _vocabulary(resolve(base))
    except CheckpointError as error:
        return pd.DataFrame({"out-of-vocabulary check": [f"not possible: {error}"]})
    rows = []
    for split in SPLITS:
        texts = [
            to_label_form(text, vocabulary).replace(" ", "")
            for text in manifest.loc[manifest["split"] == split, "text"]
        ]
        symbols = pd.Series(list("".join(texts)), dtype=str)
        missing = symbols[~symbols.isin(set(vocabulary))]
        rows.append(
            {"split": split, "symbols": len(symbols), "distinct": symbols.nunique(), "not in vocabulary": len(missing),
             "which": " ".join(sorted(missing.unique())[:20])}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _vocabulary(directory: Path) -> dict[str, int]:
    return read_json(directory / "vocab.json")


def loudness(data: Dataset, limit: int) -> pd.Series:
    """RMS level in dB of up to ``limit`` clips as recorded."""
    rows = data.shuffle(seed=0).select(range(min(limit, len(data))))
    return pd.Series([audio.rms_db(audio.decode(source)) for source in rows["audio"]])


def one_each(data: Dataset, column: str) -> list[dict[str, Any]]:
    """The first row of every value of a column."""
    values = list(data[column])
    firsts = [values.index(value) for value in sorted(set(values))]
    return [data[i] for i in firsts]
