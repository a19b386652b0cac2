"""What reading a label file comes to: for every clip a text, or the reason why it has none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from speakor_common.corpus.label_texts import label_text
from speakor_common.corpus.schema import ReadOptions
from speakor_common.errors import CorpusError

_NO_DETAIL = re.compile(r"\s*[:(].*")  # of a reason, when reasons are counted


@dataclass(frozen=True, slots=True)
class LabelledClip:
    """One label as it was read, before its text is taken from its marks.

    Attributes:
        stem: file name without extension, NFC; the utterance id.
        raw_text: what the label says, marks and all.
        fields: further manifest columns; those left out are empty.
        where: file, and row if it holds several, for the quarantine.
        form: how the label came (``"json"``, ``"table in zip"``). Corpora are handed out in
            several forms at once, and a clip named in two of them is one utterance.
    """

    stem: str
    raw_text: str
    fields: dict[str, Any]
    where: str
    form: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A label with its text, or the reason why it has none."""

    clip: LabelledClip
    text: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file or row that names no clip; ``is_label`` if it is the label of some clip."""

    where: str
    reason: str
    is_label: bool = False


Finding = Outcome | Refused


def settle(clip: LabelledClip, options: ReadOptions) -> Outcome:
    """A label and its text, or why it has none."""
    try:
        return Outcome(clip, text=label_text(clip.raw_text, options))
    except CorpusError as error:
        return Outcome(clip, reason=str(error))


def unfit(stem: str, where: str, form: str, reason: str) -> Outcome:
    """A label that cannot be read although it shows whose it is."""
    return Outcome(LabelledClip(stem, "", {}, where, form), reason=reason)


def first_line(error: Exception) -> str:
    """An error as a quarantine reason."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def as_row(finding: Finding) -> list[Any]:
    """A finding as JSON holds it."""
    if isinstance(finding, Refused):
        return [finding.where, finding.reason, finding.is_label]
    clip = finding.clip
    return [
        clip.stem,
        clip.raw_text,
        clip.fields,
        clip.where,
        clip.form,
        finding.text,
        finding.reason,
    ]


def from_row(row: list[Any]) -> Finding:
    """The finding of a row of :func:`as_row`."""
    if len(row) == 3:
        return Refused(*row)
    *clip, text, reason = row
    return Outcome(LabelledClip(*clip), text, reason)


def count_reasons(reasons: Iterable[str], most: int = 12) -> str:
    """Reasons with their counts, the most frequent first, details left out.

    >>> count_reasons(["missing audio", "unreadable label (a)", "unreadable label (b)"])
    'unreadable label: 2, missing audio: 1'
    """
    counts = Counter(_NO_DETAIL.sub("", reason) for reason in reasons)
    return ", ".join(f"{reason}: {count}" for reason, count in counts.most_common(most))
