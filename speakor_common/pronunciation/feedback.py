"""feedback.jsonl: what a learner's pronunciation did differently, one record an utterance, for a backend to read.

The form of a record is :class:`Record`; its JSON schema is written beside it as ``feedback.schema.json``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from speakor_common.audio import decode, level_peak
from speakor_common.parallel import on_cores
from speakor_common.pronunciation.listener import NativeListener
from speakor_common.storage import write_json, write_text
from speakor_common.text.g2p import standard_pronunciation

SCHEMA_FILE = "feedback.schema.json"
_CHUNK = 100  # clips decoded at a time
_PART = 60  # utterances a process takes at a time


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DeviationRecord(_Strict):
    """One sound that was not as intended; see :class:`speakor_common.pronunciation.listener.Deviation`."""

    syllable: int = Field(
        ge=0, description="position in `pronunciation`, from 0, spaces not counted"
    )
    part: Literal["onset", "vowel", "coda"]
    kind: Literal["substitution", "omission", "insertion"]
    intended: str = Field(max_length=1, description="compatibility jamo, empty for an insertion")
    heard: str = Field(max_length=1, description="compatibility jamo, empty for an omission")
    confidence: float = Field(ge=0, le=1)
    start_s: float = Field(ge=0, description="seconds; where the syllable begins")
    end_s: float = Field(ge=0, description="seconds; where the next one begins")


class Record(_Strict):
    """What one learner did with one utterance."""

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
    deviations: list[DeviationRecord]


def records(
    intended: pd.DataFrame, listener: NativeListener, audio: Mapping[str, bytes | str]
) -> list[Record]:
    """Listen to every utterance of a foreign-speaker model's predictions.

    Args:
        intended: predictions of one experiment on clean audio.
        audio: encoded audio, or a reference to it, by utterance id.
    """
    found = []
    for start in range(0, len(intended), _CHUNK):
        rows = intended.iloc[start : start + _CHUNK]
        waves = [level_peak(decode(audio[identifier])) for identifier in rows["utterance_id"]]
        for row, heard in zip(
            rows.itertuples(), listener.listen(waves, rows["hypothesis"].tolist()), strict=True
        ):
            deviations = [DeviationRecord(**deviation.to_dict()) for deviation in heard.deviations]
            found.append(
                Record(
                    utterance_id=row.utterance_id,
                    l1=row.l1,
                    level=row.level,
                    intended=row.hypothesis,
                    pronunciation=standard_pronunciation(row.hypothesis),
                    heard=heard.text,
                    deviations=deviations,
                )
            )
    return found


def records_together(
    intended: pd.DataFrame, listener: Path, audio: Mapping[str, bytes | str]
) -> list[Record]:
    """:func:`records` with the utterances dealt to one process a core, each with a listener of its own.

    Args:
        listener: directory of a :class:`NativeListener`.
    """
    _listener.cache_clear()  # a directory may hold another model than last time
    parts = [intended.iloc[start : start + _PART] for start in range(0, len(intended), _PART)]
    jobs = [
        (part, listener, {identifier: audio[identifier] for identifier in part["utterance_id"]})
        for part in parts
    ]
    return [record for part in on_cores(_part, jobs, len(parts)) for record in part]


def _part(intended: pd.DataFrame, listener: Path, audio: Mapping[str, bytes | str]) -> list[Record]:
    return records(intended, _listener(listener), audio)


@lru_cache(maxsize=1)  # a process listens to many parts with one model
def _listener(directory: Path) -> NativeListener:
    return NativeListener(directory)


def write(found: Sequence[Record], path: Path) -> Path:
    """One JSON object a line, and the schema of a line beside it."""
    write_json(path.with_name(SCHEMA_FILE), Record.model_json_schema())
    return write_text(path, "".join(record.model_dump_json() + "\n" for record in found))


def read(path: Path) -> list[Record]:
    """Records of a file; raises pydantic's ValidationError (a ValueError) where a line is none."""
    return [
        Record.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines()
    ]
