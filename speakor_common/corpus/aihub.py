"""Read AI Hub 505 as it is delivered: labels + audio → manifest and quarantine.

Both layouts work: ``1.Training``/``2.Validation`` with label and audio folders or zips, and
the seed's ``{train,valid,test}``. Labels are JSON, or tables with the leaf keys as columns, or
both beside each other: then the JSON counts, because tables often hold fewer columns.
"""

from __future__ import annotations

import csv
from pathlib import Path

from speakor_common.corpus.collect import Collector
from speakor_common.corpus.files import Entry
from speakor_common.corpus.labelled_clips import (
    Finding,
    LabelledClip,
    Refused,
    first_line,
    settle,
    unfit,
)
from speakor_common.corpus.labels import manifest_fields, parse_label, record_stem
from speakor_common.corpus.records import LABEL_SUFFIXES, TABLE_SUFFIXES, Record, read_records
from speakor_common.corpus.schema import Corpus, ReadOptions
from speakor_common.errors import AudioError, CorpusError
from speakor_common.text import to_nfc

_SPLIT_FOLDERS = {
    "1.training": "train",
    "train": "train",
    "2.validation": "valid",
    "valid": "valid",
    "test": "test",
}
_EXPECTED = (
    "expected AI Hub 505 as delivered (…/1.Training and 2.Validation, each with 라벨링데이터 and "
    "원천데이터, zips or folders) or {train,valid,test} folders, with .json, .csv or .tsv labels"
)


def read(root: str | Path, options: ReadOptions | None = None, progress: bool = False) -> Corpus:
    """Read a corpus root.

    Raises:
        CorpusError: no such root, no labels in it, or more than ``max_rejected`` of its labelled
            clips rejected; the message counts the reasons.
    """
    collector = Collector(options or ReadOptions())
    labels = collector.find_labels(
        Path(root), lambda entry: entry.suffix in LABEL_SUFFIXES, _EXPECTED
    )

    # read the labels, JSON first
    labels.sort(key=lambda entry: entry.suffix in TABLE_SUFFIXES)
    collector.read_labels(labels, read_label_file, progress)
    return collector.finish(Path(root), progress)


def read_label_file(entry: Entry, options: ReadOptions) -> list[Finding]:
    """What every label of a file says; what cannot be read is among it, with the reason."""
    form = ("table" if entry.suffix in TABLE_SUFFIXES else "json") + " in zip" * bool(entry.archive)
    findings: list[Finding] = []
    try:
        for record in read_records(entry.read(), entry.suffix):
            where = f"{entry.where} row {record.row}" if record.row else entry.where
            findings.append(_finding(record, where, form, delivered_split(entry), options))

    # A table without labels is one complaint, not one a row; a JSON file is named as its clip.
    except CorpusError as error:
        findings.append(Refused(entry.where, first_line(error)))
    except (AudioError, UnicodeError, ValueError, csv.Error, RecursionError) as error:
        reason = f"unreadable label ({first_line(error)})"
        if entry.suffix in TABLE_SUFFIXES:
            findings.append(Refused(entry.where, reason, is_label=True))
        else:
            findings.append(unfit(entry.stem, entry.where, form, reason))
    return findings


def _finding(record: Record, where: str, form: str, split: str, options: ReadOptions) -> Finding:
    try:
        if record.problem:
            raise CorpusError(record.problem)
        label = parse_label(record.content)
        if "/" in label.stem or "\\" in label.stem:
            raise CorpusError("fileName is a path")
    except CorpusError as error:
        reason = first_line(error)
        if stem := record_stem(record.content, record.file_name):
            return unfit(stem, where, form, reason)
        return Refused(where, reason, is_label=True)

    fields = manifest_fields(label) | {"split": split}
    return settle(LabelledClip(label.stem, label.text, fields, where, form), options)


def delivered_split(entry: Entry) -> str:
    """Split named by the folders the label lies in."""
    folders = to_nfc(f"{entry.archive}/{entry.name}").lower().split("/")
    return next((_SPLIT_FOLDERS[f] for f in folders if f in _SPLIT_FOLDERS), "")
