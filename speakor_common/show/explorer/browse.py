"""What the listening explorer shows, computed from predictions.

Rows carry only what is filtered and sorted by, so that 20,000 of them open at once. Alignments,
audio and confusions are made when they are asked for, by :mod:`.explorer`.
"""

from __future__ import annotations

import html
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from speakor_common.batching.conditions import CLEAN
from speakor_common.evaluation.alignment import align_syllables, jamo_pairs
from speakor_common.evaluation.error_tables import flags
from speakor_common.evaluation.metrics import utterance_counts
from speakor_common.pronunciation.feedback import Record
from speakor_common.show.explorer.listen import (
    PART_NAMES,
    label_line,
    mark,
    marked_line,
)

OutputId = tuple[str, str]  # experiment and utterance id
AudioOf = Callable[[str], bytes | str]  # utterance id → encoded audio, or a reference to it
CONFUSIONS_SHOWN = 40
_EDITS = ("substitutions", "deletions", "insertions")
_COLUMNS = {  # of rows, by their names on the page
    "id": "utterance_id",
    "experiment": "experiment",
    "condition": "condition",
    "l1": "l1",
    "level": "level",
    "speaker": "speaker_id",
    "duration": "duration_s",
    "rate": "rate",
    "confidence": "confidence",
    "wer": "wer",
    "errors": "errors",
    **{edit: edit for edit in _EDITS},
    "laundered": "laundered",
    "suspect": "suspect",
    "flags": "flags",
    "reference": "reference",
    "hypothesis": "hypothesis",
}


@dataclass(frozen=True)
class Browser:
    """Predictions with what can be asked about them.

    Attributes:
        predictions: one or more experiments' and conditions'.
        spoken: the native listener's records by utterance id, where there are any.
        laundered: names of the known deviations that a model's transcript of an utterance
            corrects, where any are known.
    """

    predictions: pd.DataFrame
    spoken: Mapping[str, Record]
    laundered: Mapping[OutputId, list[str]] = field(default_factory=dict)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Predictions with word counts, ``errors``, ``wer`` and ``flags``; one row a row."""
        plain = self.predictions.reset_index(drop=True)
        references = plain["reference"].tolist()
        hypotheses = plain["hypothesis"].tolist()

        # Words alone are counted: a page of rows needs no other level.
        counts = utterance_counts(references, hypotheses, ("words",))
        counts.columns = [name.removeprefix("words_") for name in counts.columns]
        table = pd.concat([plain, counts], axis=1)
        table["errors"] = table[list(_EDITS)].sum(axis=1)
        words = table[["hits", "substitutions", "deletions"]].sum(axis=1)
        table["wer"] = table["errors"] / words.clip(lower=1)

        # What is suspicious about an output needs its duration too.
        texts = zip(references, hypotheses, table["duration_s"], strict=True)
        corrected = [len(self._laundered_in(row)) for row in table.itertuples()]
        return table.assign(
            flags=[";".join(flags(*text)) for text in texts],
            laundered=corrected,
            suspect=suspect_labels(table),
            rate=table["reference"].map(_syllables) / table["duration_s"].clip(lower=0.1),
            confidence=table["words"].map(_mean_confidence),
        )

    def _laundered_in(self, row: Any) -> list[str]:
        """Deviations that one row's transcript corrects; known of clean speech only."""
        known = row.condition == CLEAN
        return self.laundered.get((row.experiment, row.utterance_id), []) if known else []

    def rows(self) -> dict[str, Any]:
        """``{columns, values}`` of all rows, plain values, for JSON."""
        shown = self.table[list(_COLUMNS.values())]
        shown = shown.round({"wer": 4, "rate": 2, "confidence": 3})
        return {"columns": list(_COLUMNS), "values": shown.to_numpy(object).tolist()}

    def characters(self) -> str:
        """Every character that rows and details can show."""
        texts = {*json.dumps(self.rows(), ensure_ascii=False)}
        for record in self.spoken.values():
            texts |= {*record.pronunciation, *record.heard}
        return "".join(sorted(texts))

    def words(self, index: int) -> list[dict[str, Any]]:
        """Words of one row's hypothesis with their times; none for models without."""
        return json.loads(self.table.at[index, "words"])

    def detail(self, index: int) -> str:
        """Label, all models' outputs in a row's condition and the listener, as lines of HTML.

        Each output is aligned with the label.
        """
        row = self.table.loc[index]
        same_utterance = self.table["utterance_id"] == row["utterance_id"]
        same_condition = self.table["condition"] == row["condition"]

        # One line a model, below what it should be.
        lines = [_line("label", "label", "", label_line(row["reference"]))]
        for output in self.table[same_utterance & same_condition].itertuples():
            marks = [flag.replace("_", " ") for flag in output.flags.split(";") if flag]
            marks += [f"laundered: {sound}" for sound in self._laundered_in(output)]
            badges = "".join(f' <span class="badge">{html.escape(text)}</span>' for text in marks)
            text = marked_line(output.reference, output.hypothesis) + badges
            lines.append(_line("model", output.experiment, f"{100 * output.wer:.0f} %", text))

        # The native listener knows an utterance, not a condition.
        record = self.spoken.get(row["utterance_id"])
        spoken = as_spoken(record) if record else ""
        return f'<div class="lines">{"".join(lines)}{spoken}</div>'

    def confusions(self) -> list[dict[str, Any]]:
        """The most frequent jamo confusions: ``{name, rows}``, ``rows`` being indices of rows."""
        rows_with: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for row in self.table[self.table["errors"] > 0].itertuples():
            confused = set()
            for syllables in align_syllables(row.reference, row.hypothesis):
                confused |= {pair for pair in jamo_pairs(syllables) if pair[1] != pair[2]}
            for pair in sorted(confused):
                rows_with[pair].append(row.Index)

        # The most frequent first, under the Korean names of parts.
        most = sorted(rows_with.items(), key=lambda item: -len(item[1]))[:CONFUSIONS_SHOWN]
        return [
            {"name": f"{PART_NAMES[part]} {reference}→{hypothesis}", "rows": rows}
            for (part, reference, hypothesis), rows in most
        ]

    def worst(self, count: int) -> Browser:
        """Only the utterances with the highest mean WER over all models."""
        means = self.table.groupby("utterance_id")["wer"].mean()
        chosen = means.sort_values(ascending=False, kind="stable").head(count).index
        rows = self.predictions[self.predictions["utterance_id"].isin(chosen)]
        return Browser(rows, self.spoken, self.laundered)


def suspect_labels(table: pd.DataFrame) -> list[float]:
    """For each row, the share of the models that write the same text against its label.

    Nought where fewer than two agree, or fewer than half: a label is under suspicion where models
    contradict it with one voice.
    """
    shares = {}
    for clip, outputs in table.groupby(["utterance_id", "condition"], sort=False):
        texts = outputs["hypothesis"].value_counts()
        against = texts[texts.index != outputs["reference"].iloc[0]]
        agreeing = int(against.iloc[0]) if len(against) and against.index[0] else 0
        share = agreeing / len(outputs)
        shares[clip] = round(share, 3) if agreeing > 1 and share >= 0.5 else 0.0
    clips = zip(table["utterance_id"], table["condition"], strict=True)
    return [shares[clip] for clip in clips]


def _syllables(text: str) -> int:
    return len(text.replace(" ", ""))


def _mean_confidence(words: str) -> float:
    """Of a row's words, as JSON; nought for models that say nothing of it."""
    values = [word["confidence"] for word in json.loads(words)]
    return sum(values) / len(values) if values else 0.0


def _line(kind: str, name: str, rate: str, text: str) -> str:
    """One line of a detail; ``text`` is HTML, the rest is not."""
    name = html.escape(name)
    attribute = f' data-experiment="{name}"' if kind == "model" else ""
    return (
        f'<div class="line {kind}"{attribute}><span class="who">{name}</span>'
        f'<span class="rate">{rate}</span><span class="what" lang="ko">{text}</span></div>'
    )


def as_spoken(record: Record) -> str:
    """The native listener's view of an utterance, as lines of HTML.

    The intended pronunciation with deviations marked, or why nothing was judged, and below it what
    the listener wrote.
    """
    notes: dict[int, list[str]] = defaultdict(list)  # by syllable
    for deviation in record.deviations:
        change = f"{deviation.intended or '–'}→{deviation.heard or '–'}"
        note = f"{PART_NAMES[deviation.part]} {change} ({deviation.confidence:.0%})"
        notes[deviation.syllable].append(note)

    # Positions of deviations count syllables, not spaces.
    marked = ""
    position = 0
    for character in record.pronunciation:
        shown = html.escape(character)
        if character != " ":
            if position in notes:
                shown = mark(character, "sub", ", ".join(notes[position]))
            position += 1
        marked += shown
    heard = _line("listener", "native listener heard", "", f"[{html.escape(record.heard)}]")
    if record.status != "ok":
        reason = html.escape(record.problem or record.status.replace("_", " "))
        return _line("listener", "intended", "", f"not judged: {reason}") + heard
    return _line("listener", "intended", "", f"[{marked}]") + heard


def by_utterance(records: Sequence[Record]) -> dict[str, Record]:
    """Records by utterance id."""
    return {record.utterance_id: record for record in records}


def laundered_by_output(fates: pd.DataFrame) -> dict[OutputId, list[str]]:
    """Names of the deviations that each model's transcript of an utterance corrects.

    Args:
        fates: of :func:`speakor_common.evaluation.laundering.fate_table`.
    """
    corrected = defaultdict(list)
    for row in fates[fates["fate"] == "corrected"].itertuples():
        corrected[row.experiment, row.utterance_id].append(row.sound)
    return dict(corrected)
