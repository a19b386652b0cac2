"""Manifest + audio → Arrow shards of a ``datasets.DatasetDict``, resumable.

Audio is stored as encoded bytes (16 kHz mono 16-bit WAV) or, for corpora too large to copy,
as references into the delivered files; never as float lists, which take four times the
space and are read ten times slower. A shard's file name holds a fingerprint of its input:
what exists is kept, what changed is made again, what is no longer needed goes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
from datasets import Dataset, DatasetDict, concatenate_datasets

from speakor_common import audio
from speakor_common.corpus.kept import containers, file_state
from speakor_common.corpus.schema import (
    AUDIO_DIGEST,
    LENGTH,
    MANIFEST_COLUMNS,
    QUARANTINE_COLUMNS,
)
from speakor_common.corpus.splits import SPLITS
from speakor_common.errors import AudioError, CorpusError
from speakor_common.parallel import on_cores
from speakor_common.storage import read_json, whole_file, write_json

SHARD_ROWS = 500
INDEX = "index.json"
_VERSION = 2  # of the stored form; a change makes all shards anew
_MEMORY = 2**29  # bytes of a process: libraries and the clips of one shard
_TYPES = {
    "category": datasets.Value("int64"),
    "duration_s": datasets.Value("float64"),
    LENGTH: datasets.Value("int64"),
    AUDIO_DIGEST: datasets.Value("string"),
}
_COLUMNS = (*MANIFEST_COLUMNS, LENGTH, AUDIO_DIGEST)


@dataclass(frozen=True)
class _Shard:
    """Rows of one file, in its order, and where it lies."""

    split: str
    rows: pd.DataFrame
    path: Path

    @property
    def report(self) -> Path:
        """Written last: it marks the shard as complete."""
        return self.path.with_suffix(".json")


def write_shards(
    manifest: pd.DataFrame,
    target: Path,
    native_l1: str,
    embed_audio: bool,
    workers: int,
    progress: bool,
) -> pd.DataFrame:
    """Write the shards that are missing and the index of all.

    Args:
        manifest: with ``split``, ``length`` and ``audio_digest``, see
            :meth:`.RecordingChecks.table`; rows ``unused`` are left out.
        native_l1: clips of this L1 go to splits named ``native_train`` and so on.
        embed_audio: store bytes; else references.

    Returns:
        quarantine rows of clips that could not be decoded; ``file`` is the utterance id.
    """
    target.mkdir(parents=True, exist_ok=True)
    shards = _plan_shards(manifest, target, native_l1, embed_audio)

    # make what is missing
    jobs = [(shard, embed_audio) for shard in shards if not shard.report.is_file()]
    bar = "prepare" if progress and jobs else ""
    for _ in on_cores(_write_shard, jobs, workers, memory=_MEMORY, progress=bar):
        pass

    # remove what is no longer needed
    wanted = {shard.path for shard in shards}
    for path in set(target.glob("*.arrow")) - wanted:
        path.unlink()
        path.with_suffix(".json").unlink(missing_ok=True)

    # index and losses
    index: dict[str, list[str]] = {}
    rejected = []
    for shard in shards:
        report = read_json(shard.report)
        rejected += [(row["file"], row["reason"]) for row in report["rejected"]]
        if report["rows"]:
            index.setdefault(shard.split, []).append(shard.path.name)
    write_json(target / INDEX, index)
    return pd.DataFrame(rejected, columns=list(QUARANTINE_COLUMNS))


def _plan_shards(
    manifest: pd.DataFrame, target: Path, native_l1: str, embed_audio: bool
) -> list[_Shard]:
    native = manifest["l1"] == native_l1
    shards = []
    for split in SPLITS:
        for name, mask in ((split, ~native), (f"native_{split}", native)):
            rows = manifest[(manifest["split"] == split) & mask]
            for number, start in enumerate(range(0, len(rows), SHARD_ROWS)):
                chosen = rows.iloc[start : start + SHARD_ROWS]
                file = f"{name}-{number:05d}-{_fingerprint(chosen, embed_audio)}.arrow"
                shards.append(_Shard(name, chosen, target / file))
    return shards


def _fingerprint(rows: pd.DataFrame, embed_audio: bool) -> str:
    """Hash of everything a shard is made from: rows, form, and size and time of audio files."""
    digest = hashlib.sha256(f"{_VERSION} {embed_audio} {sorted(rows.columns)}".encode())
    for column in sorted(rows.columns):  # far faster than row by row
        digest.update(pd.util.hash_pandas_object(rows[column], index=False).to_numpy().tobytes())
    for file in containers(rows["audio"]):
        digest.update(" ".join(map(str, file_state(file))).encode())
    return digest.hexdigest()[:12]


def _write_shard(shard: _Shard, embed_audio: bool) -> None:
    """Write one shard, then its report."""
    rows, rejected = [], []
    for record in shard.rows.to_dict("records"):
        try:
            rows.append(record | (_embedded(record["audio"]) if embed_audio else {}))
        except AudioError as error:  # it could be decoded a moment ago
            reason = f"undecodable audio ({str(error)[-120:]})"
            rejected.append({"file": record["utterance_id"], "reason": reason})

    if rows:
        columns = {key: [row[key] for row in rows] for key in _COLUMNS}
        with (
            whole_file(shard.path) as temporary,
            datasets.arrow_writer.ArrowWriter(
                path=str(temporary), features=_features(embed_audio)
            ) as writer,
        ):
            writer.write_batch(columns)
            writer.finalize()
    write_json(shard.report, {"rows": len(rows), "rejected": rejected})


def _embedded(reference: str) -> dict[str, Any]:
    samples = audio.decode(reference)
    return {"audio": audio.encode_wav(samples), LENGTH: len(samples)}


def _features(embed_audio: bool) -> datasets.Features:
    columns = dict.fromkeys(MANIFEST_COLUMNS, datasets.Value("string")) | _TYPES
    return datasets.Features(columns | ({"audio": datasets.Value("binary")} if embed_audio else {}))


def load_prepared(target: Path) -> DatasetDict:
    """Memory-mapped dataset of a prepared folder.

    Columns are those of the manifest, ``audio`` holding bytes or a reference, ``length`` (int64,
    samples at 16 kHz) and ``audio_digest`` (equal for recordings with the same samples).

    Raises:
        CorpusError: nothing prepared there.
    """
    index = target / INDEX
    if not index.is_file():
        raise CorpusError(f"{target} holds no prepared corpus; run notebook 01 or: speakor prepare")

    datasets.disable_progress_bars()
    splits = {}
    for split, names in read_json(index).items():
        shards = [Dataset.from_file(str(target / name)) for name in names]
        splits[split] = concatenate_datasets(shards)
    return DatasetDict(splits)


def limit_rows(data: Dataset, count: int, seed: int = 0) -> Dataset:
    """``count`` rows drawn once with a fixed seed, for small profiles; 0 keeps all."""
    if count in (0, len(data)) or count > len(data):
        return data
    return data.shuffle(seed=seed).select(range(count)).flatten_indices()
