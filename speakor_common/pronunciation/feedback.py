"""feedback.jsonl: what a learner's pronunciation did differently, for a backend to read.

One :class:`Record` an utterance; the JSON schema of a record is written beside the file as
``feedback.schema.json``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from speakor_common.audio import decode, level_speech
from speakor_common.parallel import on_cores
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.pronunciation.listener import NativeListener
from speakor_common.storage import write_json, write_text
from speakor_common.text.g2p import standard_pronunciation

SCHEMA_FILE = "feedback.schema.json"
_CHUNK = 100  # clips decoded at a time
_SHARD = 60  # utterances a process takes at a time


class Record(BaseModel):
    """What one learner did with one utterance."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    utterance_id: str
    l1: str = Field(description="first language code: VN EN JP CN TH EX")
    level: str = Field(description="상, 중, 하 or empty")
    intended: str = Field(
        description="what was meant, spelled; the foreign-speaker model's transcript"
    )
    pronunciation: str = Field(
        description="how that is pronounced by the standard rules, in Hangul"
    )
    heard: str = Field(description="what the native listener wrote down")
    deviations: list[Deviation]


def make_records(
    intended: pd.DataFrame, listener: NativeListener, audio: Mapping[str, bytes | str]
) -> list[Record]:
    """Listen to every utterance of a foreign-speaker model's predictions.

    Args:
        intended: predictions of one experiment on clean audio.
        audio: encoded audio, or a reference to it, by utterance id.
    """
    records = []
    for start in range(0, len(intended), _CHUNK):
        rows = intended.iloc[start : start + _CHUNK]
        waves = [level_speech(decode(audio[identifier])) for identifier in rows["utterance_id"]]
        results = listener.listen(waves, rows["hypothesis"].tolist())
        for row, heard in zip(rows.itertuples(), results, strict=True):
            records.append(
                Record(
                    utterance_id=row.utterance_id,
                    l1=row.l1,
                    level=row.level,
                    intended=row.hypothesis,
                    pronunciation=standard_pronunciation(row.hypothesis),
                    heard=heard.text,
                    deviations=list(heard.deviations),
                )
            )
    return records


def make_records_on_cores(
    intended: pd.DataFrame, directory: Path, audio: Mapping[str, bytes | str]
) -> list[Record]:
    """:func:`make_records` by one process a core, each with a listener of its own.

    Args:
        directory: of a :class:`NativeListener`.
    """
    jobs = []
    for start in range(0, len(intended), _SHARD):
        shard = intended.iloc[start : start + _SHARD]
        jobs.append(
            (shard, {identifier: audio[identifier] for identifier in shard["utterance_id"]})
        )

    shards = on_cores(
        _make_shard, jobs, len(jobs), initializer=_load_listener, initargs=(directory,)
    )
    return [record for records in shards for record in records]


_listeners: list[NativeListener] = []  # the one of this process


def _load_listener(directory: Path) -> None:
    _listeners[:] = [NativeListener(directory)]


def _make_shard(intended: pd.DataFrame, audio: Mapping[str, bytes | str]) -> list[Record]:
    return make_records(intended, _listeners[0], audio)


def write_records(records: Sequence[Record], path: Path) -> Path:
    """One JSON object a line, and the schema of a line beside it."""
    write_json(path.with_name(SCHEMA_FILE), Record.model_json_schema(mode="serialization"))
    return write_text(path, "".join(record.model_dump_json() + "\n" for record in records))


def read_records(path: Path) -> list[Record]:
    """Records of a file.

    Raises:
        ValidationError: pydantic's, a ValueError; a line is no record.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Record.model_validate_json(line) for line in lines]
