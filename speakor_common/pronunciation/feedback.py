"""feedback.jsonl: what a learner's pronunciation did differently, for a backend to read.

One :class:`Record` an utterance; the JSON schema of a record is written beside the file as
``feedback.schema.json``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from speakor_common.audio import decode, level_speech
from speakor_common.errors import AudioError
from speakor_common.parallel import on_cores
from speakor_common.pronunciation.confusions import Confusions
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.pronunciation.listener import Impression, NativeListener, Status
from speakor_common.storage import write_json, write_text

SCHEMA_FILE = "feedback.schema.json"
_CHUNK = 100  # clips decoded at a time
_SHARD = 60  # utterances a process takes at a time


class Record(BaseModel):
    """What one learner did with one utterance."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_serialization_defaults_required=True
    )

    utterance_id: str
    status: Status = Field(
        description="ok: judged. no_speech: nobody speaks. too_short: shorter than the text can "
        "be said in. not_spoken: something else was heard, or nothing was understood. bad_text: "
        "empty, or not in Hangul alone. unreadable: the audio cannot be decoded."
    )
    problem: str = Field("", description="what to tell people unless the status is ok")
    l1: str = Field(description="first language code: VN EN JP CN TH EX")
    level: str = Field(description="상, 중, 하 or empty")
    intended: str = Field(
        description="what was meant, spelled; the foreign-speaker model's transcript"
    )
    pronunciation: str = Field(
        description="the allowed pronunciation of that which fits the recording best, in Hangul; "
        "empty unless the status is ok"
    )
    heard: str = Field(description="what the native listener wrote down")
    unsure_words: list[int] = Field(
        description="words of `intended`, from 0, whose pronunciation is not certain from "
        "spelling; nothing is reported for them"
    )
    deviations: list[Deviation] = Field(description="none unless the status is ok")


def make_records(
    intended: pd.DataFrame, listener: NativeListener, audio: Mapping[str, bytes | str]
) -> list[Record]:
    """Listen to every utterance of a foreign-speaker model's predictions.

    What cannot be judged gets a record that says why; it never stops the others.

    Args:
        intended: predictions of one experiment on clean audio.
        audio: encoded audio, or a reference to it, by utterance id.
    """
    records = []
    for start in range(0, len(intended), _CHUNK):
        rows = list(intended.iloc[start : start + _CHUNK].itertuples())

        # Decode what can be decoded.
        waves: dict[int, np.ndarray] = {}
        impressions: dict[int, Impression] = {}
        for number, row in enumerate(rows):
            sound = audio.get(row.utterance_id)
            if sound is None:
                problem = f"no audio is known of utterance {row.utterance_id!r}"
                impressions[number] = Impression("unreadable", problem)
                continue
            try:
                waves[number] = level_speech(decode(sound))
            except AudioError as error:
                impressions[number] = Impression("unreadable", str(error))

        # Listen to that.
        texts = [rows[number].hypothesis for number in waves]
        heard = listener.listen(list(waves.values()), texts)
        impressions |= zip(waves, heard, strict=True)
        records += [_record(row, impressions[number]) for number, row in enumerate(rows)]
    return records


def _record(row: Any, impression: Impression) -> Record:
    return Record(
        utterance_id=row.utterance_id,
        status=impression.status,
        problem=impression.problem,
        l1=row.l1,
        level=row.level,
        intended=row.hypothesis,
        pronunciation=impression.pronunciation,
        heard=impression.transcript,
        unsure_words=list(impression.unsure_words),
        deviations=list(impression.deviations),
    )


def make_records_on_cores(
    intended: pd.DataFrame,
    directory: Path,
    audio: Mapping[str, bytes | str],
    confusions: Mapping[str, Confusions] | None = None,
) -> list[Record]:
    """:func:`make_records` by one process a core, each with a listener of its own.

    Args:
        directory: of a :class:`NativeListener`.
        confusions: by first language, instead of the listener's own; records then come language
            by language, in the order of this.
    """
    groups: list[tuple[pd.DataFrame, Confusions | None]] = [(intended, None)]
    if confusions is not None:
        groups = [(intended[intended["l1"] == l1], of_l1) for l1, of_l1 in confusions.items()]
    jobs = []
    for rows, of_rows in groups:
        for start in range(0, len(rows), _SHARD):
            shard = rows.iloc[start : start + _SHARD]
            clips = {name: audio[name] for name in shard["utterance_id"] if name in audio}
            jobs.append((shard, clips, of_rows))

    shards = on_cores(
        _make_shard, jobs, len(jobs), initializer=_load_listener, initargs=(directory,)
    )
    return [record for records in shards for record in records]


_listeners: list[NativeListener] = []  # the one of this process


def _load_listener(directory: Path) -> None:
    _listeners[:] = [NativeListener(directory)]


def _make_shard(
    intended: pd.DataFrame, audio: Mapping[str, bytes | str], confusions: Confusions | None
) -> list[Record]:
    if confusions is not None:
        _listeners[0].confusions = confusions  # every shard of a call brings its own
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
