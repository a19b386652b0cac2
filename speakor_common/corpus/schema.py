"""What every corpus becomes: the manifest's columns, and what a reader is told and returns.

All later rooms rely on these names and on nothing of a corpus's own format; a reader (see
:mod:`speakor_common.corpus.readers`) brings its corpus into this form.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from speakor_common.text import DualForm, MarkHandling

# Manifest columns with units.
MANIFEST_COLUMNS: dict[str, str] = {
    "utterance_id": "file name stem, NFC; unique",
    "audio": "path, or <zip>!/<member>",
    "text": "normalised Korean, what was said",
    "raw_text": "label text as delivered",
    "script": "what was to be read, '' for answers",
    "question": "question asked, '' for read items",
    "l1": "first language code: VN EN JP CN TH EX, KR for native speech, '' unknown",
    "level": "rated level of the utterance: 상, 중, 하 or ''",
    "speaker_id": "'' where the corpus does not say who speaks",
    "prompt_id": "what was to be said, the same for all speakers; '' where nothing was given",
    "category": "topic number 1-5, 9 for items of no topic, 0 unknown",
    "task": "read or answer; other corpora name their own, such as dialogue",
    "gender": "F, M or ''",
    "topik": "grade '1'-'6', '해당 없음' or ''",
    "duration_s": "seconds of audio",
    "split": "train, valid, test or unused; before splitting as delivered, '' if not said",
    "pronounced": "annotated speech, as the sample: what was pronounced, jamo; '' elsewhere",
    "intended": "the same: standard pronunciation, jamo",
    "deviations": "the same: JSON list of deviations, [] for none; '' where nobody annotated",
    "scores": "what people gave the utterance, JSON of name and score; '' where nobody did",
}

# What is known of a recording beside its row, in prepared splits.
LENGTH = "length"  # samples at 16 kHz
AUDIO_DIGEST = "audio_digest"  # equal for recordings with the same samples

QUARANTINE_COLUMNS = ("file", "reason")
SKIPPED_COLUMNS = ("reason", "count", "example")


@dataclass(frozen=True)
class ReadOptions:
    """How labels become text and which clips are kept.

    Attributes:
        min_seconds, max_seconds: clips outside go to quarantine; AI Hub 505 holds 1.4-290.7 s.
        dual_form, fillers, fragments: see :func:`speakor_common.text.strip_aihub_markup`.
        max_rejected: share of labelled clips above which reading fails; below ``few_clips``
            labelled clips it never does, because there one clip is a large share.
        keep: folder for what labels and recordings came to, so that only what is new is read;
            recordings are then decoded whole. Without it their headers are read.
        workers: processes at most, when there is a folder to keep what they find.
    """

    min_seconds: float = 0.3
    max_seconds: float = 300.0
    dual_form: DualForm = "spoken"
    fillers: MarkHandling = "keep"
    fragments: MarkHandling = "keep"
    max_rejected: float = 0.2
    few_clips: int = 20
    keep: Path | None = None
    workers: int = 1


def empty_table(columns: tuple[str, ...]) -> pd.DataFrame:
    """A table with these columns and no rows."""
    return pd.DataFrame(columns=list(columns))


@dataclass(frozen=True)
class Corpus:
    """What a reader returns.

    Attributes:
        manifest: one row a usable utterance, columns :data:`MANIFEST_COLUMNS`, sorted by id.
        quarantine: what cannot be used, columns ``file`` and ``reason``.
        skipped: what needs no use and does no harm, such as the second form of a label or a
            Mac's hidden files: columns ``reason``, ``count`` and ``example`` (one file).
    """

    manifest: pd.DataFrame
    quarantine: pd.DataFrame
    skipped: pd.DataFrame = field(default_factory=lambda: empty_table(SKIPPED_COLUMNS))
