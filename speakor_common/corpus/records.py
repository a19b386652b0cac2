"""Bytes of a label file → records, whatever form the delivery has: JSON, CSV, TSV.

Only the form is judged here: encoding, separator, header, and whether a row fits its header. A
row that does not fit would shift a label into the wrong column, so it becomes no record but a
problem to report. What the fields mean is the business of :mod:`speakor_common.corpus.labels`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from speakor_common.corpus.files import decode_text
from speakor_common.corpus.labels import KNOWN_KEYS, TEXT_KEYS, is_absent, plain_key
from speakor_common.errors import CorpusError

TABLE_SUFFIXES = (".csv", ".tsv")
LABEL_SUFFIXES = (".json", *TABLE_SUFFIXES)
MAX_LABEL_BYTES = 64 * 2**20  # a table of a whole language is a few MB
_SEPARATORS = (",", "\t", ";", "|")
_FILE_NAME = plain_key("fileName")


@dataclass(frozen=True)
class Record:
    """One label as the file holds it, or why it cannot be taken.

    Attributes:
        row: line of the table or place in the list, counted from 1; 0 if the file is one record.
        content: fields, nested or flat; any JSON value where the file is no object.
        problem: ``""`` if ``content`` may be used.
        file_name: of the recording, as far as a row that does not fit shows it.
    """

    row: int
    content: Any
    problem: str = ""
    file_name: str = ""


def read_records(content: bytes, suffix: str) -> Iterator[Record]:
    """Records of one label file.

    Args:
        suffix: with its dot, lower case; ``.csv`` and ``.tsv`` are tables, all else JSON.

    Raises:
        CorpusError: a table lacks needed columns; says what it has and what is needed.
        ValueError, UnicodeError, csv.Error, RecursionError: the file cannot be read at all.
    """
    if len(content) > MAX_LABEL_BYTES:
        raise ValueError(
            f"{len(content) / 2**20:.0f} MiB, at most {MAX_LABEL_BYTES // 2**20} are read"
        )

    text = decode_text(content)
    if suffix in TABLE_SUFFIXES:
        yield from _rows(text)
        return

    parsed = json.loads(text)
    if not isinstance(parsed, list):
        yield Record(0, parsed)
        return
    for number, entry in enumerate(parsed, 1):
        yield Record(number if len(parsed) > 1 else 0, entry)


def _rows(text: str) -> Iterator[Record]:
    """Rows of a table; empty rows and repetitions of the header are left out."""
    # the header, by the separator that shows most of the known columns
    lines = io.StringIO(text.lstrip("\r\n"), newline="")
    first_line = lines.readline()
    separator = max(_SEPARATORS, key=lambda s: len(KNOWN_KEYS.intersection(_keys(first_line, s))))
    header = _cells(first_line, separator)
    _check_header(header)

    # the rows
    name_column = [plain_key(name) for name in header].index(_FILE_NAME)
    rows = csv.reader(lines, delimiter=separator)
    for number, cells in enumerate(rows, 1):
        if cells == header or all(is_absent(cell) for cell in cells):
            continue
        if len(cells) == len(header):
            yield Record(number, _named(header, cells))
        else:
            problem = f"{len(cells)} values for {len(header)} columns"
            file_name = cells[name_column] if name_column < len(cells) else ""
            yield Record(number, cells, problem, file_name)


def _cells(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator), [])


def _keys(line: str, separator: str) -> list[str]:
    return [plain_key(cell) for cell in _cells(line, separator)]


def _named(header: list[str], cells: list[str]) -> dict[str, str]:
    """Filled cells by column; of columns with the same name the last filled one counts."""
    return {
        name: cell for name, cell in zip(header, cells, strict=True) if name and not is_absent(cell)
    }


def _check_header(header: list[str]) -> None:
    """Refuse a table that holds no labels, once for the whole file."""
    keys = {plain_key(name) for name in header}
    text_keys = {plain_key(name) for name in TEXT_KEYS}
    if _FILE_NAME in keys and keys & text_keys:
        return
    shown = ", ".join(name.strip()[:20] for name in header[:12]) or "nothing"
    raise CorpusError(
        f"no table of labels: its first line holds {shown}; "
        f"expected the columns fileName and {' or '.join(TEXT_KEYS)}, separated by comma, tab or ;"
    )
