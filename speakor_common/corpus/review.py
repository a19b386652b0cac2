"""What people noted while listening: tags and a note an utterance, kept in ``review.csv``.

Written by the listening explorer, read back by it, and honoured by ``speakor prepare --exclude``,
which leaves out what was tagged as unusable. People open the file in Excel: it is written with a
byte order mark, without which Excel shows Hangul as garbage, and what a Korean Excel makes of it
when it saves (CP949, another separator) is read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from speakor_common.corpus.files import decode_text
from speakor_common.errors import CorpusError
from speakor_common.storage import write_text

UNUSABLE = ("label wrong", "noise", "cut off")  # an accent is what the corpus is for
TAGS = (*UNUSABLE, "accent", "look again")
_COLUMNS = ("utterance_id", "tags", "note")
_SEPARATORS = (",", "\t", ";")
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Review:
    """Tags (of :data:`TAGS`) and a free note."""

    tags: tuple[str, ...] = ()
    note: str = ""


def read_reviews(path: Path) -> dict[str, Review]:
    """Reviews by utterance id; none if there is no file yet.

    Raises:
        CorpusError: the file has other columns, or a tag that is unknown.
    """
    if not path.is_file():
        return {}

    reviews = {}
    for identifier, tag_cell, note in _rows(path):
        tags = tuple(tag.strip() for tag in tag_cell.split(";") if tag.strip())
        if unknown := [tag for tag in tags if tag not in TAGS]:
            raise CorpusError(
                f"{path}: {identifier} has the tags {unknown}; known are {', '.join(TAGS)}"
            )
        reviews[identifier.strip()] = Review(tags, note)
    return reviews


def _rows(path: Path) -> Iterator[tuple[str, str, str]]:
    """Id, tags and note of every row, whatever encoding and separator the file was saved with."""
    try:
        text = decode_text(path.read_bytes())
        header_line = text.splitlines()[0] if text.strip() else ""
        separator = max(_SEPARATORS, key=header_line.count)
        header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    except (ValueError, UnicodeError, csv.Error) as error:
        raise CorpusError(
            f"{path} is no table of reviews ({error}); expected the columns {', '.join(_COLUMNS)}"
        ) from error
    if missing := sorted(set(_COLUMNS) - set(header)):
        raise CorpusError(f"{path} lacks the columns {missing}; expected {', '.join(_COLUMNS)}")

    # Excel leaves empty cells at the end of a row away; more cells than columns are an accident.
    for number, row in enumerate(rows, 2):
        if len(row) > len(header):
            raise CorpusError(
                f"{path}: line {number} has {len(row)} values for {len(header)} columns; "
                "put a text that holds the separator between quotes"
            )
        cells = dict(zip(header, row, strict=False))
        if any(cells.values()):
            yield tuple(cells.get(column, "") for column in _COLUMNS)


def write_reviews(path: Path, reviews: Mapping[str, Review]) -> Path:
    """Write reviews atomically, those without tag and note left out, in the order of their ids."""
    rows = [
        (identifier, ";".join(review.tags), review.note)
        for identifier, review in sorted(reviews.items())
        if review.tags or review.note
    ]
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    return write_text(path, _BYTE_ORDER_MARK + table.to_csv(index=False))


def unusable(reviews: Mapping[str, Review], utterance_ids: Iterable[str]) -> dict[str, str]:
    """Reason by utterance id, for those of the given utterances that a tag rules out."""
    reasons = {}
    for identifier in utterance_ids:
        review = reviews.get(identifier, Review())
        tags = [tag for tag in review.tags if tag in UNUSABLE]
        if tags:
            reasons[identifier] = f"excluded by review: {', '.join(tags)}"
    return reasons
