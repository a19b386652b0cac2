"""Manifest + audio → a ``datasets.DatasetDict`` on disk, in shards, resumable.

Audio is stored as encoded bytes (16 kHz mono 16-bit WAV) or, for corpora too large to copy,
as references into the delivered files; never as float lists, which take four times the
space and are read ten times slower. A shard's file name holds a fingerprint of its input:
what exists is kept, what changed is made again, what is no longer needed goes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
from datasets import Dataset, DatasetDict, concatenate_datasets
from tqdm import tqdm

from speakor_common import audio
from speakor_common.corpus import aihub, audit, review, splits
from speakor_common.corpus.schema import MANIFEST_COLUMNS
from speakor_common.corpus.splits import SPLITS, TEST, SplitPolicy
from speakor_common.errors import AudioError, CorpusError
from speakor_common.storage import only_writer, read_json, write_json, write_text

logger = logging.getLogger(__name__)

SHARD_ROWS = 500
_VERSION = 1  # of the stored form; a change makes all shards anew


@dataclass(frozen=True)
class Prepared:
    """A prepared corpus: where it lies, its manifest with splits, quarantine and audit."""

    directory: Path
    manifest: pd.DataFrame
    quarantine: pd.DataFrame
    audit: dict[str, Any]


def prepare(
    root: Path,
    target: Path,
    policy: SplitPolicy,
    native_l1: str = "KR",
    embed_audio: bool = True,
    options: aihub.ReadOptions | None = None,
    workers: int | None = None,
    progress: bool = True,
    exclude: str | Path = "",
) -> Prepared:
    """Read, split, audit and store a corpus; continues where an earlier call stopped.

    Args:
        root: corpus as delivered.
        target: folder for shards, ``manifest.csv``, ``quarantine.csv``, ``audit.json``.
        native_l1: speakers of this L1 go to splits named ``native_train`` and so on.
        embed_audio: store bytes; else references to the delivered files.
        exclude: a ``review.csv``, or ``""``; what it tags as unusable is quarantined. The splits of all other utterances stay.

    Raises:
        CorpusError: no such review, or see :func:`aihub.read`, :func:`splits.assign_splits` and :func:`audit.audit`.
    """
    corpus = aihub.read(root, options, progress)
    manifest = splits.assign_splits(corpus.manifest, policy)
    manifest, excluded = _exclude(manifest, exclude)
    report = audit.audit(manifest, policy)
    with only_writer(target):
        return _store(
            manifest,
            corpus.quarantine,
            excluded,
            report,
            target,
            native_l1,
            embed_audio,
            workers,
            progress,
        )


def _store(
    manifest: pd.DataFrame,
    quarantine: pd.DataFrame,
    excluded: pd.DataFrame,
    report: dict[str, Any],
    target: Path,
    *how: Any,
) -> Prepared:
    rejected = _write_shards(manifest, target, *how)
    quarantine = pd.concat([quarantine, excluded, rejected], ignore_index=True)
    manifest = manifest[~manifest["utterance_id"].isin(set(rejected["file"]))].reset_index(
        drop=True
    )
    write_text(target / "manifest.csv", manifest.to_csv(index=False))
    write_text(target / "quarantine.csv", quarantine.to_csv(index=False))
    write_json(target / "audit.json", report)
    logger.info(
        "%d utterances prepared in %s, %d quarantined", len(manifest), target, len(quarantine)
    )
    return Prepared(target, manifest, quarantine, report)


def _exclude(manifest: pd.DataFrame, exclude: str | Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The manifest without what a review tags as unusable, and that as quarantine rows (file = utterance id)."""
    columns, path = ["file", "reason"], Path(exclude)
    if not exclude:
        return manifest, pd.DataFrame(columns=columns)
    if not path.is_file():
        raise CorpusError(
            f"no review at {path}; the listening explorer writes results/<profile>/review.csv"
        )
    reasons = review.unusable(review.read_reviews(path), manifest["utterance_id"])
    gone = manifest["utterance_id"].isin(reasons)
    if tests := int((gone & (manifest["split"] == TEST)).sum()):
        logger.warning(
            "%d excluded utterances are of the test split: rates before and after are not comparable",
            tests,
        )
    return manifest[~gone].reset_index(drop=True), pd.DataFrame(
        list(reasons.items()), columns=columns
    )


def load_prepared(target: Path) -> DatasetDict:
    """Memory-mapped dataset of a prepared folder.

    Columns are those of the manifest, ``audio`` holding bytes or a reference, and ``length``
    (int64, samples at 16 kHz).

    Raises:
        CorpusError: nothing prepared there.
    """
    index = target / "index.json"
    if not index.is_file():
        raise CorpusError(f"{target} holds no prepared corpus; run notebook 01 or: speakor prepare")
    datasets.disable_progress_bars()
    return DatasetDict(
        {
            split: concatenate_datasets([Dataset.from_file(str(target / name)) for name in names])
            for split, names in read_json(index).items()
        }
    )


def limit_rows(data: Dataset, count: int, seed: int = 0) -> Dataset:
    """``count`` rows drawn once with a fixed seed, for small profiles; 0 keeps all."""
    if count in (0, len(data)) or count > len(data):
        return data
    return data.shuffle(seed=seed).select(range(count)).flatten_indices()


def _write_shards(
    manifest: pd.DataFrame,
    target: Path,
    native_l1: str,
    embed_audio: bool,
    workers: int | None,
    progress: bool,
) -> pd.DataFrame:
    """Write missing shards; returns clips that could not be decoded as quarantine rows (file = utterance id)."""
    target.mkdir(parents=True, exist_ok=True)
    jobs, index = [], {}
    native = manifest["l1"] == native_l1
    for split in SPLITS:
        for prefix, mask in (("", ~native), ("native_", native)):
            rows = manifest[(manifest["split"] == split) & mask]
            for start in range(0, len(rows), SHARD_ROWS):
                shard = rows.iloc[start : start + SHARD_ROWS]
                name = f"{prefix}{split}-{start // SHARD_ROWS:05d}-{_fingerprint(shard, embed_audio)}.arrow"
                index.setdefault(prefix + split, []).append(name)
                if not (target / name).with_suffix(".json").is_file():
                    jobs.append((shard.to_dict("records"), target / name, embed_audio))
    _run(jobs, workers or os.cpu_count() or 1, progress)
    wanted = {name for names in index.values() for name in names}
    for path in target.glob("*.arrow"):
        if path.name not in wanted:
            path.unlink()
            path.with_suffix(".json").unlink(missing_ok=True)
    reports = {name: read_json((target / name).with_suffix(".json")) for name in sorted(wanted)}
    kept = {split: [n for n in names if reports[n]["rows"]] for split, names in index.items()}
    write_json(target / "index.json", {split: names for split, names in kept.items() if names})
    rejected = [(r["file"], r["reason"]) for report in reports.values() for r in report["rejected"]]
    return pd.DataFrame(rejected, columns=["file", "reason"])


def _run(jobs: list[tuple], workers: int, progress: bool) -> None:
    bar = tqdm(total=len(jobs), desc="prepare", unit="shard", disable=not progress or not jobs)
    if workers == 1 or len(jobs) <= 1:
        for job in jobs:
            _write_shard(job)
            bar.update()
    else:
        with get_context("spawn").Pool(min(workers, len(jobs))) as pool:
            for _ in pool.imap_unordered(_write_shard, jobs):
                bar.update()
    bar.close()


def _write_shard(job: tuple[list[dict[str, Any]], Path, bool]) -> None:
    """Write one shard and its report; the report comes last and marks the shard as complete."""
    records, path, embed_audio = job
    rows, rejected = [], []
    for record in records:
        try:
            rows.append(record | _stored_audio(record, embed_audio))
        except AudioError as error:
            rejected.append(
                {
                    "file": record["utterance_id"],
                    "reason": f"undecodable audio ({str(error)[-120:]})",
                }
            )
    if rows:
        temporary = path.with_suffix(".part")
        columns = {key: [row[key] for row in rows] for key in (*MANIFEST_COLUMNS, "length")}
        with datasets.arrow_writer.ArrowWriter(
            path=str(temporary), features=_features(embed_audio)
        ) as writer:
            writer.write_batch(columns)
            writer.finalize()
        temporary.replace(path)
    write_json(path.with_suffix(".json"), {"rows": len(rows), "rejected": rejected})


def _stored_audio(record: dict[str, Any], embed_audio: bool) -> dict[str, Any]:
    if not embed_audio:
        return {"length": round(record["duration_s"] * audio.RATE)}
    samples = audio.decode(record["audio"])
    if audio.rms_db(samples) < audio.SILENCE_DB:
        raise AudioError(f"silent, {audio.rms_db(samples):.0f} dB")
    return {"audio": audio.encode_wav(samples), "length": len(samples)}


def _features(embed_audio: bool) -> datasets.Features:
    columns = {name: datasets.Value("string") for name in MANIFEST_COLUMNS}
    numbers = {
        "category": datasets.Value("int64"),
        "duration_s": datasets.Value("float64"),
        "length": datasets.Value("int64"),
    }
    return datasets.Features(
        columns | numbers | ({"audio": datasets.Value("binary")} if embed_audio else {})
    )


def _fingerprint(shard: pd.DataFrame, embed_audio: bool) -> str:
    """Hash of everything a shard is made from: rows, form, and size and time of the audio files."""
    digest = hashlib.sha256(f"{_VERSION} {embed_audio}".encode())
    for record in shard.to_dict("records"):
        digest.update(json.dumps(record, ensure_ascii=False, sort_keys=True).encode())
    for file in sorted({reference.split(audio.ZIP_SEPARATOR)[0] for reference in shard["audio"]}):
        status = Path(file).stat()
        digest.update(f"{file} {status.st_size} {status.st_mtime_ns}".encode())
    return digest.hexdigest()[:12]
