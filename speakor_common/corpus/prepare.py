"""A corpus as delivered → a prepared folder: read, split, reviewed, listened to, audited, stored.

Each step stands in a module of its own; this one says in which order they are taken and writes
down what came of them. A second call does again only what changed.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from speakor_common.corpus.audit import audit
from speakor_common.corpus.labelled_clips import count_reasons
from speakor_common.corpus.readers import find_reader
from speakor_common.corpus.recording_checks import RecordingChecks
from speakor_common.corpus.recordings import find_duplicates
from speakor_common.corpus.review import Review, read_reviews, unusable
from speakor_common.corpus.schema import (
    AUDIO_DIGEST,
    LENGTH,
    QUARANTINE_COLUMNS,
    Corpus,
    ReadOptions,
    empty_table,
)
from speakor_common.corpus.shards import limit_rows, load_prepared, write_shards
from speakor_common.corpus.splits import TEST, Policy, assign_splits, check_splits
from speakor_common.corpus.voice_vectors import Voices, listen
from speakor_common.errors import CorpusError
from speakor_common.models import speaker_encoder
from speakor_common.storage import only_writer, write_json, write_text

__all__ = ["Prepared", "limit_rows", "load_prepared", "prepare"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """A prepared corpus.

    Attributes:
        directory: folder of shards, ``manifest.csv``, ``quarantine.csv``, ``skipped.csv`` and
            ``audit.json``.
        manifest: usable utterances with their splits.
        quarantine: what cannot be used, columns ``file`` (or utterance id) and ``reason``.
        skipped: what was not needed, columns ``reason``, ``count`` and ``example``.
        audit: see :func:`speakor_common.corpus.audit.audit`.
    """

    directory: Path
    manifest: pd.DataFrame
    quarantine: pd.DataFrame
    skipped: pd.DataFrame
    audit: dict[str, Any]


def prepare(
    root: Path,
    target: Path,
    policy: Policy,
    native_l1: str = "KR",
    embed_audio: bool = True,
    options: ReadOptions | None = None,
    workers: int | None = None,
    progress: bool = True,
    exclude: str | Path = "",
    reader: str = "aihub",
) -> Prepared:
    """Read, split, check, audit and store a corpus; continues where an earlier call stopped.

    Args:
        root: corpus as delivered.
        target: folder to write.
        policy: how to split.
        native_l1: speakers of this L1 go to splits named ``native_train`` and so on.
        embed_audio: store bytes; else references to the delivered files.
        options: how labels are read.
        workers: processes at most; default one per core.
        exclude: a ``review.csv``, or ``""``; what it tags as unusable is quarantined. The splits
            of all other utterances stay.
        reader: corpus, a name of :data:`speakor_common.corpus.readers.READERS`.

    Raises:
        CorpusError: no such reader, no such review, nothing usable, or see :func:`aihub.read`,
            :func:`splits.assign_splits` and :func:`audit.audit`.
    """
    # what is asked for can be done at all
    reviews = _reviews_to_exclude(exclude)
    find_reader(reader)
    workers = workers or os.cpu_count() or 1
    options = replace(options or ReadOptions(), keep=target, workers=workers)

    # what was delivered, and what can be used of it
    with only_writer(target):
        corpus = _delivered(root, reader, options, progress)
        manifest = assign_splits(corpus.manifest, policy)
        manifest, excluded = _exclude(manifest, reviews)
        manifest, checked, bad = _usable(manifest, target, workers, progress)
        voices = _listen(manifest, target / "voices", workers, progress)
        report = audit(manifest, policy, checked["digest"], voices, native_l1, target)

        # stored
        known = manifest.assign(**{LENGTH: checked["length"], AUDIO_DIGEST: checked["digest"]})
        lost = write_shards(known, target, native_l1, embed_audio, workers, progress)
        manifest = manifest[~manifest["utterance_id"].isin(set(lost["file"]))]
        quarantine = pd.concat([corpus.quarantine, excluded, bad, lost], ignore_index=True)
        manifest = manifest.reset_index(drop=True)
        prepared = Prepared(target, manifest, quarantine, corpus.skipped, report)
        _write_tables(prepared)
    check_splits(prepared.manifest, policy)
    return prepared


def _reviews_to_exclude(exclude: str | Path) -> dict[str, Review]:
    """The reviews of a file, none of ``""``; a file that is missing is an error."""
    if not exclude:
        return {}
    path = Path(exclude)
    if not path.is_file():
        raise CorpusError(
            f"no review at {path}; the listening explorer writes results/<profile>/review.csv"
        )
    return read_reviews(path)


def _delivered(root: Path, reader: str, options: ReadOptions, progress: bool) -> Corpus:
    """The corpus as its reader gives it, with at least one usable clip."""
    corpus = find_reader(reader)(root, options, progress)
    if corpus.manifest.empty:
        reasons = count_reasons(corpus.quarantine["reason"])
        raise CorpusError(f"{root}: no usable clip; {reasons}")
    return corpus


def _exclude(
    manifest: pd.DataFrame, reviews: dict[str, Review]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The manifest without what a review tags as unusable, and that as quarantine rows."""
    if not reviews:
        return manifest, empty_table(QUARANTINE_COLUMNS)

    # what the reviews say of this corpus
    reasons = unusable(reviews, manifest["utterance_id"])
    if strangers := len(set(reviews) - set(manifest["utterance_id"])):
        logger.warning("%d of %d reviews are of no clip of this corpus", strangers, len(reviews))

    # what that changes
    gone = manifest["utterance_id"].isin(reasons)
    if tests := int((gone & (manifest["split"] == TEST)).sum()):
        logger.warning(
            "%d excluded utterances are of the test split: rates before and after differ in "
            "what they are measured on",
            tests,
        )
    rows = pd.DataFrame(list(reasons.items()), columns=list(QUARANTINE_COLUMNS))
    return manifest[~gone].reset_index(drop=True), rows


def _usable(
    manifest: pd.DataFrame, target: Path, workers: int, progress: bool
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Manifest and check of clips that passed it and are there once; all others as quarantine."""
    checked = RecordingChecks(target, workers, progress).table(manifest["audio"])
    failed = checked["problem"] != ""
    bad = pd.DataFrame(
        {"file": manifest.loc[failed, "utterance_id"], "reason": checked.loc[failed, "problem"]}
    )
    manifest = manifest[~failed]
    checked = checked[~failed]

    twice = find_duplicates(manifest, checked["digest"])
    kept = ~manifest["utterance_id"].isin(set(twice["file"]))
    return (
        manifest[kept].reset_index(drop=True),
        checked[kept].reset_index(drop=True),
        pd.concat([bad, twice], ignore_index=True),
    )


def _listen(manifest: pd.DataFrame, folder: Path, workers: int, progress: bool) -> Voices | str:
    """Voices of the speakers, or why they are not compared."""
    if not (manifest["speaker_id"] != "").any():
        return "the corpus does not say who speaks"
    if not speaker_encoder.is_installed():
        logger.warning("voices are not compared between splits; %s", speaker_encoder.INSTALL)
        return f"the speaker encoder is not installed; {speaker_encoder.INSTALL}"
    return listen(manifest, folder, workers, progress)


def _write_tables(prepared: Prepared) -> None:
    target = prepared.directory
    write_text(target / "manifest.csv", prepared.manifest.to_csv(index=False))
    write_text(target / "quarantine.csv", prepared.quarantine.to_csv(index=False))
    write_text(target / "skipped.csv", prepared.skipped.to_csv(index=False))
    write_json(target / "audit.json", prepared.audit)

    # said once more on the screen
    logger.info(
        "%d utterances prepared in %s, %d quarantined, %d files skipped as harmless",
        len(prepared.manifest),
        target,
        len(prepared.quarantine),
        prepared.skipped["count"].sum(),
    )
