"""What people noted while listening, kept in ``review.csv``: tags, a note, a corrected label.

One row an utterance and rater; a table without names of raters is that of one who has none.

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
FINE = "fine"  # looked at, and nothing to note: without it agreement cannot be counted
TAGS = (*UNUSABLE, "accent", "look again", FINE)
_COLUMNS = ("utterance_id", "tags", "note")
_LATER_COLUMNS = ("correction", "rater")  # which older tables lack
_SEPARATORS = (",", "\t", ";")
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Review:
    """Tags (of :data:`TAGS`), a free note, and what the label should be where it is wrong."""

    tags: tuple[str, ...] = ()
    note: str = ""
    correction: str = ""


Ratings = dict[str, dict[str, Review]]  # by utterance id, then by rater


def read_reviews(path: Path) -> dict[str, Review]:
    """Reviews by utterance id, all raters' together; none if there is no file yet.

    Where raters correct a label differently, none of their corrections stands.

    Raises:
        CorpusError: the file has other columns, or a tag that is unknown.
    """
    return {name: _together(entries.values()) for name, entries in read_ratings(path).items()}


def read_ratings(path: Path) -> Ratings:
    """Every rater's review by utterance id; none if there is no file yet.

    Raises:
        CorpusError: the file has other columns, or a tag that is unknown.
    """
    if not path.is_file():
        return {}

    ratings: Ratings = {}
    for identifier, tag_cell, note, correction, rater in _rows(path):
        tags = tuple(tag.strip() for tag in tag_cell.split(";") if tag.strip())
        if unknown := [tag for tag in tags if tag not in TAGS]:
            raise CorpusError(
                f"{path}: {identifier} has the tags {unknown}; known are {', '.join(TAGS)}"
            )
        review = Review(tags, note, correction.strip())
        ratings.setdefault(identifier.strip(), {})[rater.strip()] = review
    return ratings


def _together(reviews: Iterable[Review]) -> Review:
    """Several raters' reviews of an utterance as one."""
    entries = list(reviews)
    tags = dict.fromkeys(tag for entry in entries for tag in entry.tags)
    notes = dict.fromkeys(entry.note for entry in entries if entry.note)
    corrections = {entry.correction for entry in entries if entry.correction}
    agreed = corrections.pop() if len(corrections) == 1 else ""
    return Review(tuple(tags), " / ".join(notes), agreed)


def _rows(path: Path) -> Iterator[tuple[str, str, str]]:
    """Cells of every row, whatever encoding and separator the file was saved with."""
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
            yield tuple(cells.get(column, "") for column in (*_COLUMNS, *_LATER_COLUMNS))


def write_ratings(path: Path, ratings: Ratings) -> Path:
    """Write reviews atomically, empty ones left out, in the order of ids and raters."""
    rows = [
        (identifier, ";".join(entry.tags), entry.note, entry.correction, rater)
        for identifier, entries in sorted(ratings.items())
        for rater, entry in sorted(entries.items())
        if entry != Review()
    ]
    table = pd.DataFrame(rows, columns=[*_COLUMNS, *_LATER_COLUMNS])
    return write_text(path, _BYTE_ORDER_MARK + table.to_csv(index=False))


def write_reviews(path: Path, reviews: Mapping[str, Review]) -> Path:
    """:func:`write_ratings` of one rater who gave no name."""
    return write_ratings(path, {identifier: {"": entry} for identifier, entry in reviews.items()})


def unusable(reviews: Mapping[str, Review], utterance_ids: Iterable[str]) -> dict[str, str]:
    """Reason by utterance id, for those of the given utterances that a tag rules out."""
    reasons = {}
    for identifier in utterance_ids:
        review = reviews.get(identifier, Review())
        tags = [tag for tag in review.tags if tag in UNUSABLE]
        if tags:
            reasons[identifier] = f"excluded by review: {', '.join(tags)}"
    return reasons
