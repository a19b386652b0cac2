"""What people noted while listening: tags and a note an utterance, kept in ``review.csv``.

Written by the listening explorer, read back by it, and honoured by ``speakor prepare --exclude``, which leaves out what
was tagged as unusable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from speakor_common.errors import CorpusError
from speakor_common.storage import write_text

UNUSABLE = (
    "label wrong",
    "noise",
    "cut off",
)  # these leave a corpus; an accent is what the corpus is for
TAGS = (*UNUSABLE, "accent", "look again")
_COLUMNS = ("utterance_id", "tags", "note")


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
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, UnicodeError) as error:
        raise CorpusError(
            f"{path} is no table of reviews ({error}); expected the columns {', '.join(_COLUMNS)}"
        ) from error
    if missing := sorted(set(_COLUMNS) - set(table.columns)):
        raise CorpusError(f"{path} lacks the columns {missing}; expected {', '.join(_COLUMNS)}")
    found = {}
    for row in table.itertuples():
        tags = tuple(tag for tag in row.tags.split(";") if tag)
        if unknown := sorted(set(tags) - set(TAGS)):
            raise CorpusError(
                f"{path}: {row.utterance_id} has the tags {unknown}; known are {', '.join(TAGS)}"
            )
        found[row.utterance_id] = Review(tags, row.note)
    return found


def write_reviews(path: Path, reviews: Mapping[str, Review]) -> Path:
    """Write reviews atomically, those without tag and note left out, in the order of their ids."""
    rows = [
        (identifier, ";".join(r.tags), r.note)
        for identifier, r in sorted(reviews.items())
        if r.tags or r.note
    ]
    return write_text(path, pd.DataFrame(rows, columns=list(_COLUMNS)).to_csv(index=False))


def unusable(reviews: Mapping[str, Review], utterance_ids: Iterable[str]) -> dict[str, str]:
    """Reason by utterance id, for those of the given utterances that a tag rules out."""
    reasons = {
        i: [tag for tag in reviews[i].tags if tag in UNUSABLE]
        for i in utterance_ids
        if i in reviews
    }
    return {
        identifier: f"excluded by review: {', '.join(tags)}"
        for identifier, tags in reasons.items()
        if tags
    }
