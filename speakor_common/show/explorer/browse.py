"""What the listening explorer shows, computed from predictions: rows, one utterance in detail, confusions.

Rows carry only what is filtered and sorted by, so that 20,000 of them open at once; alignments, audio and confusions are
made when they are asked for.
"""

from __future__ import annotations

import html
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from speakor_common.evaluation.alignment import align_syllables, flags, jamo_pairs
from speakor_common.evaluation.metrics import utterance_counts
from speakor_common.pronunciation.feedback import Record
from speakor_common.show.explorer.listen import diff

AudioOf = Callable[[str], bytes | str]  # utterance id → encoded audio, or a reference to it
PAIRS_SHOWN = 40
_PART_NAMES = {"onset": "초성", "vowel": "중성", "coda": "종성"}
_KINDS = ("substitutions", "deletions", "insertions")


@dataclass(frozen=True)
class Browser:
    """Predictions with what can be asked about them.

    Attributes:
        predictions: one or more experiments' and conditions'.
        spoken: the native listener's records by utterance id, where there are any.
    """

    predictions: pd.DataFrame
    spoken: Mapping[str, Record]

    @cached_property
    def table(self) -> pd.DataFrame:
        """Predictions with word counts, ``errors``, ``wer`` and ``flags``; one row a row."""
        plain = self.predictions.reset_index(drop=True)
        counts = utterance_counts(
            plain["reference"].tolist(), plain["hypothesis"].tolist(), ("words",)
        )
        counts.columns = [name.removeprefix("words_") for name in counts.columns]
        table = pd.concat([plain, counts], axis=1)
        table["errors"] = table[list(_KINDS)].sum(axis=1)
        table["wer"] = table["errors"] / (
            table["hits"] + table["substitutions"] + table["deletions"]
        ).clip(lower=1)
        texts = zip(table["reference"], table["hypothesis"], table["duration_s"], strict=True)
        return table.assign(flags=[";".join(flags(*text)) for text in texts])

    def rows(self) -> dict[str, Any]:
        """``{columns, values}`` of all rows, plain values, for JSON."""
        names = {"utterance_id": "id", "speaker_id": "speaker", "duration_s": "duration"}
        wanted = [
            "utterance_id",
            "experiment",
            "condition",
            "l1",
            "level",
            "speaker_id",
            "duration_s",
            "wer",
            "errors",
            *_KINDS,
            "flags",
        ]
        chosen = (
            self.table[[*wanted, "reference", "hypothesis"]].rename(columns=names).round({"wer": 4})
        )
        return {"columns": list(chosen.columns), "values": chosen.to_numpy(object).tolist()}

    def words(self, index: int) -> list[dict[str, Any]]:
        """Words of one row's hypothesis with their times; none for models without."""
        return json.loads(self.table.at[index, "words"])

    def card(self, index: int) -> str:
        """All models' outputs of a row's utterance in its condition, aligned with the reference, as HTML."""
        row = self.table.loc[index]
        same = self.table[
            (self.table["utterance_id"] == row["utterance_id"])
            & (self.table["condition"] == row["condition"])
        ]
        lines = []
        for other in same.itertuples():
            reference, hypothesis = diff(other.reference, other.hypothesis)
            marks = " ".join(f"[{flag}]" for flag in other.flags.split(";") if flag)
            name, rate = html.escape(other.experiment), f"{other.wer:.0%}"
            lines.append(
                f"<tr><th>{name}</th><td>{rate}</td><td>{reference}<br>{hypothesis} {marks}</td></tr>"
            )
        spoken = self.spoken.get(row["utterance_id"])
        return f'<div class="speakor"><table>{"".join(lines)}</table>{as_spoken(spoken) if spoken else ""}</div>'

    def confusions(self) -> list[dict[str, Any]]:
        """The most frequent jamo confusions: ``{name, rows}``, ``rows`` being the indices of the rows that have one."""
        found: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for row in self.table[self.table["errors"] > 0].itertuples():
            pairs = (
                pair
                for syllables in align_syllables(row.reference, row.hypothesis)
                for pair in jamo_pairs(syllables)
            )
            for key in sorted({pair for pair in pairs if pair[1] != pair[2]}):
                found[key].append(row.Index)
        most = sorted(found.items(), key=lambda item: -len(item[1]))[:PAIRS_SHOWN]
        return [
            {"name": f"{_PART_NAMES[part]} {a}→{b}", "rows": rows} for (part, a, b), rows in most
        ]

    def worst(self, count: int) -> Browser:
        """Only the utterances with the highest mean WER over all models."""
        order = (
            self.table.groupby("utterance_id")["wer"]
            .mean()
            .sort_values(ascending=False, kind="stable")
            .head(count)
        )
        return Browser(
            self.predictions[self.predictions["utterance_id"].isin(order.index)], self.spoken
        )


def as_spoken(record: Record) -> str:
    """The native listener's view of an utterance: the intended pronunciation with deviations marked, and what was heard."""
    syllables: dict[int, list[str]] = defaultdict(list)
    for d in record.deviations:
        syllables[d.syllable].append(
            f"{_PART_NAMES[d.part]} {d.intended or '–'}→{d.heard or '–'} ({d.confidence:.0%})"
        )
    marked, position = [], 0
    for character in record.pronunciation:
        found = syllables.get(position) if character != " " else None
        position += character != " "
        title = html.escape(", ".join(found or []))
        marked.append(
            f'<span class="sub" title="{title}">{html.escape(character)}</span>'
            if found
            else html.escape(character)
        )
    heard = html.escape(record.heard)
    return f'<p class="spoken">as intended [{"".join(marked)}]<br>as heard by the native listener [{heard}]</p>'


def by_utterance(records: Sequence[Record]) -> dict[str, Record]:
    """Records by utterance id."""
    return {record.utterance_id: record for record in records}
