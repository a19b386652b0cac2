"""Read AI Hub 505 as it is delivered: labels + audio → manifest and quarantine.

Both layouts work: ``1.Training``/``2.Validation`` with label and audio folders or zips, and
the seed's ``{train,valid,test}``. Labels are JSON, or CSV twins with the leaf keys as columns.
Label and audio are joined by file name stem in NFC, never by path. What cannot be used goes
to the quarantine with file and reason; one bad file never stops a run.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from speakor_common import audio
from speakor_common.corpus.files import Entry, Rejected, decode_text, walk
from speakor_common.corpus.schema import (
    MANIFEST_COLUMNS,
    Label,
    manifest_fields,
    nest_row,
    parse_label,
)
from speakor_common.errors import AudioError, CorpusError
from speakor_common.text import (
    DualForm,
    MarkHandling,
    normalize_korean,
    strip_aihub_markup,
    to_nfc,
    unreadable_parts,
)

MAX_REJECTED = 0.2
_LABEL_SUFFIXES = (".json", ".csv")
_MAX_LABEL_BYTES = 64 * 2**20  # a CSV twin of a whole language is a few MB
_SPLIT_FOLDERS = {
    "1.training": "train",
    "train": "train",
    "2.validation": "valid",
    "valid": "valid",
    "test": "test",
}
_EXPECTED = (
    "expected AI Hub 505 as delivered (…/1.Training and 2.Validation, each with 라벨링데이터 and 원천데이터, zips or "
    "folders) or {train,valid,test} folders, with .json or .csv labels"
)


@dataclass(frozen=True)
class ReadOptions:
    """How labels become text and which clips are kept.

    Attributes:
        min_seconds, max_seconds: clips outside go to quarantine; the corpus holds 1.4-290.7 s.
        dual_form, fillers, fragments: see :func:`speakor_common.text.strip_aihub_markup`.
        max_rejected: share of rejected items above which reading fails.
    """

    min_seconds: float = 0.3
    max_seconds: float = 300.0
    dual_form: DualForm = "spoken"
    fillers: MarkHandling = "keep"
    fragments: MarkHandling = "keep"
    max_rejected: float = MAX_REJECTED


@dataclass(frozen=True)
class Corpus:
    """``manifest``: one row a usable utterance; ``quarantine``: columns ``file`` and ``reason``."""

    manifest: pd.DataFrame
    quarantine: pd.DataFrame


def read(root: str | Path, options: ReadOptions | None = None, progress: bool = False) -> Corpus:
    """Read a corpus root.

    Raises:
        CorpusError: no such root, no labels in it, or more than ``max_rejected`` of its items
            rejected; the message counts the reasons.
    """
    options, root = options or ReadOptions(), Path(root)
    if not root.is_dir():
        raise CorpusError(f"corpus root {root} is not a folder; {_EXPECTED}")
    labels, sounds, rejected = _sort_files(root)
    if not labels:
        raise CorpusError(f"{root}: {len(sounds)} audio files but no label; {_EXPECTED}")
    reader = _Reader(options, sounds, rejected)
    for entry in tqdm(labels, desc="labels", unit="file", disable=not progress):
        reader.read_label_file(entry)
    reader.report_unused_audio()
    return reader.result(root)


def _sort_files(root: Path) -> tuple[list[Entry], dict[str, Entry], list[tuple[str, str]]]:
    """Label entries, audio entries by stem, and rejected files; other files are none of our business."""
    labels: list[Entry] = []
    sounds: dict[str, Entry] = {}
    rejected: list[tuple[str, str]] = []
    for item in walk(root):
        if isinstance(item, Rejected):
            rejected.append((item.where, item.reason))
        elif item.suffix in _LABEL_SUFFIXES:
            labels.append(item)
        elif item.suffix in audio.EXTENSIONS:
            if item.stem in sounds:
                rejected.append((item.where, "duplicate audio name"))
            else:
                sounds[item.stem] = item
    return labels, sounds, rejected


class _Reader:
    """Turns label files into manifest rows; holds what is known so far (ids seen, audio used)."""

    def __init__(
        self, options: ReadOptions, sounds: dict[str, Entry], rejected: list[tuple[str, str]]
    ) -> None:
        self.options, self.sounds, self.rejected = options, sounds, rejected
        self.rows: dict[str, dict[str, Any]] = {}
        self.labelled: set[str] = set()

    def read_label_file(self, entry: Entry) -> None:
        try:
            records = list(_records(entry))
        except (AudioError, UnicodeError, ValueError, csv.Error, RecursionError) as error:
            self.rejected.append((entry.where, f"unreadable label ({_first_line(error)})"))
            return
        for number, record in enumerate(records):
            where = entry.where if len(records) == 1 else f"{entry.where} row {number + 1}"
            try:
                self._add(parse_label(record), entry)
            except (CorpusError, AudioError) as error:
                self.rejected.append((where, _first_line(error)))

    def _add(self, label: Label, entry: Entry) -> None:
        stem = label.stem
        if "/" in stem or "\\" in stem:
            raise CorpusError("fileName is a path")
        if stem in self.labelled:
            raise CorpusError("duplicate id")
        self.labelled.add(stem)
        text = self._text(label)
        sound = self.sounds.get(stem)
        if sound is None:
            raise CorpusError("missing audio")
        seconds = self._seconds(sound)
        deviations = label.sample_info.get("deviations")
        row = manifest_fields(label) | {
            "audio": sound.reference,
            "text": text,
            "duration_s": seconds,
            "split": _delivered_split(entry),
            "deviations": json.dumps(deviations, ensure_ascii=False)
            if deviations is not None
            else "",
        }
        self.rows[stem] = row

    def _text(self, label: Label) -> str:
        if not label.text:
            raise CorpusError("missing text")
        plain = strip_aihub_markup(
            label.text, self.options.dual_form, self.options.fillers, self.options.fragments
        )
        if parts := unreadable_parts(plain):
            raise CorpusError(f"text cannot be read in Korean: {' '.join(parts)[:60]}")
        text = normalize_korean(plain)
        if not text:
            raise CorpusError("text empty after normalising")
        return text

    def _seconds(self, sound: Entry) -> float:
        try:
            seconds = audio.duration(sound.reference)
        except AudioError as error:
            raise CorpusError("undecodable audio") from error
        if seconds == 0:
            raise CorpusError("empty audio")
        if seconds < self.options.min_seconds:
            raise CorpusError(f"shorter than {self.options.min_seconds} s")
        if seconds > self.options.max_seconds:
            raise CorpusError(f"longer than {self.options.max_seconds} s")
        return seconds

    def report_unused_audio(self) -> None:
        self.rejected += [
            (e.where, "audio without label")
            for stem, e in self.sounds.items()
            if stem not in self.labelled
        ]

    def result(self, root: Path) -> Corpus:
        manifest = pd.DataFrame(list(self.rows.values()), columns=list(MANIFEST_COLUMNS))
        quarantine = pd.DataFrame(self.rejected, columns=["file", "reason"])
        total = len(manifest) + len(quarantine)
        if len(quarantine) > self.options.max_rejected * total:
            counts = Counter(quarantine["reason"]).most_common(12)
            raise CorpusError(
                f"{root}: {len(quarantine)} of {total} items rejected, at most {self.options.max_rejected:.0%} are allowed; "
                + ", ".join(f"{reason}: {count}" for reason, count in counts)
            )
        return Corpus(manifest.sort_values("utterance_id", ignore_index=True), quarantine)


def _records(entry: Entry) -> Iterator[Any]:
    content = entry.read()
    if len(content) > _MAX_LABEL_BYTES:
        raise ValueError(
            f"{len(content) / 2**20:.0f} MiB, at most {_MAX_LABEL_BYTES // 2**20} are read"
        )
    text = decode_text(content)
    if entry.suffix == ".csv":
        yield from (nest_row(row) for row in csv.DictReader(io.StringIO(text)))
    else:
        parsed = json.loads(text)
        yield from parsed if isinstance(parsed, list) else [parsed]


def _delivered_split(entry: Entry) -> str:
    """Split named by the folders the label lies in; the project's own split replaces it later."""
    folders = to_nfc(f"{entry.archive}/{entry.name}").lower().split("/")
    return next((_SPLIT_FOLDERS[f] for f in folders if f in _SPLIT_FOLDERS), "")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
