"""Read AI Hub 71469, 71489, 71490 and 71479: learners who read and answer, scored by people.

The four corpora (교육용 … 사용자의 한국어 음성 데이터: speakers of English, of European languages,
of Chinese and Japanese, of other Asian languages) share one form. A JSON beside each recording has
its name, such as ``00067-F-91-VI-A-LAR010-0004411``: speaker, gender, birth year, origin, level,
task and item (``LAR`` reads aloud, ``ATQ`` answers), number. It holds ``UserID``,
``RecordingMetadata`` (``prompt``, ``orthographic``: what was said, as it is spelled),
``SpeakerMetadata``, and ``EvaluationMetadata`` with three scores from 0 to 5, one each; who gave
them and how far two people agree is not said.

Their descriptions promise a transcript as pronounced too. Where it stands was not seen: it is taken
from any of :data:`PRONOUNCED_KEYS`, and if no label has one of them, a warning names the keys there
are.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from speakor_common.corpus.aihub import delivered_split
from speakor_common.corpus.collect import Collector
from speakor_common.corpus.files import Entry, decode_text
from speakor_common.corpus.label_texts import label_text
from speakor_common.corpus.labelled_clips import (
    Finding,
    LabelledClip,
    Refused,
    first_line,
    settle,
    unfit,
)
from speakor_common.corpus.labels import LANGUAGES, is_absent, plain_key
from speakor_common.corpus.schema import Corpus, ReadOptions
from speakor_common.errors import AudioError, CorpusError
from speakor_common.text import to_jamo

logger = logging.getLogger(__name__)

# Where a transcript as pronounced may stand, in any section and any spelling of the key.
PRONOUNCED_KEYS = (
    *("pronounced", "pronunciation", "pronunciationTranscription", "phonetic"),
    *("phoneticTranscription", "phonemic", "phonemicTranscription", "발음", "발음전사"),
)
SCORES = {
    "delivery": "DeliveryEval",
    "language_use": "LanguageUseEval",
    "content": "ContentEval",
}
HIGHEST_SCORE = 5

_NAME = re.compile(r"^(\d+)-([FM])-(\d{2})-([A-Z]{2})-([A-Z])-((?:LAR|ATQ)\d+)-(\d+)$")
_ORIGINS = {"VI": "VN"}  # other codes are taken as they are
_READS = "LAR"
_EXPECTED = (
    "expected AI Hub 71469, 71489, 71490 or 71479 as delivered: folders or zips of .wav and of "
    ".json with RecordingMetadata"
)


def read(root: str | Path, options: ReadOptions | None = None, progress: bool = False) -> Corpus:
    """Read a corpus root.

    Raises:
        CorpusError: no such root, no labels in it, or more than ``max_rejected`` of its labelled
            clips rejected; the message counts the reasons.
    """
    collector = Collector(options or ReadOptions())
    labels = collector.find_labels(Path(root), lambda entry: entry.suffix == ".json", _EXPECTED)

    collector.read_labels(labels, read_label_file, progress)
    corpus = collector.finish(Path(root), progress)
    _say_what_is_pronounced(corpus, labels)
    return corpus


def read_label_file(entry: Entry, options: ReadOptions) -> list[Finding]:
    """What one JSON says; a pronounced transcript that cannot be read is a finding of its own."""
    form = "json in zip" if entry.archive else "json"
    try:
        record = json.loads(decode_text(entry.read()))
    except (AudioError, UnicodeError, ValueError, RecursionError) as error:
        reason = f"unreadable label ({first_line(error)})"
        return [unfit(entry.stem, entry.where, form, reason)]

    recording = _section(record, "RecordingMetadata")
    if not recording:
        keys = ", ".join(map(str, record))[:80] if isinstance(record, Mapping) else "no object"
        return [Refused(entry.where, f"no label of speech (no RecordingMetadata, but {keys})")]

    findings: list[Finding] = []
    fields = _fields(entry.stem, record) | {"split": delivered_split(entry)}
    try:
        fields["pronounced"] = _pronounced(record, options)
    except CorpusError as error:
        reason = f"transcript as pronounced is left out ({first_line(error)})"
        findings.append(Refused(entry.where, reason))
    clip = LabelledClip(entry.stem, _text(recording, "orthographic"), fields, entry.where, form)
    return [*findings, settle(clip, options)]


def _fields(stem: str, record: Mapping[str, Any]) -> dict[str, str]:
    """Manifest values of one label; what it leaves open, the name says."""
    recording = _section(record, "RecordingMetadata")
    speaker = _section(record, "SpeakerMetadata")
    name = _NAME.match(stem)
    prompt = _text(recording, "prompt")
    reads = name[6].startswith(_READS) if name else bool(prompt)
    language = _text(speaker, "language")
    origin = _ORIGINS.get(name[4], name[4]) if name else ""
    gender = _text(speaker, "gender")[:1].upper()
    return {
        "script": prompt if reads else "",
        "question": "" if reads else prompt,
        "l1": LANGUAGES.get(language, origin),
        "speaker_id": _text(record, "UserID") or (name[1] if name else ""),
        "prompt_id": name[6] if name else prompt or stem,
        "task": "read" if reads else "answer",
        "gender": gender if gender in ("F", "M") else (name[2] if name else ""),
        "topik": re.sub(r"\.0$", "", _text(speaker, "topik_level")),
        "scores": _scores(record),
    }


def _scores(record: Mapping[str, Any]) -> str:
    """Scores that people gave as JSON, ``""`` if none did."""
    given = _section(record, "EvaluationMetadata")
    scores = {}
    for name, key in SCORES.items():
        try:
            score = float(_text(given, key))
        except ValueError:
            continue
        if 0 <= score <= HIGHEST_SCORE:
            scores[name] = score
    return json.dumps(scores) if scores else ""


def _pronounced(record: Any, options: ReadOptions) -> str:
    """What was pronounced in jamo, ``""`` where the label does not say.

    Raises:
        CorpusError: it says something that cannot be read.
    """
    wanted = {plain_key(key) for key in PRONOUNCED_KEYS}
    for key, value in _leaves(record):
        if plain_key(key) in wanted and isinstance(value, str) and not is_absent(value):
            return to_jamo(label_text(value, options))
    return ""


def _leaves(record: Any) -> Iterator[tuple[str, Any]]:
    """Fields of a label and of its sections."""
    for key, value in record.items():
        if isinstance(value, Mapping):
            yield from value.items()
        else:
            yield key, value


def _section(record: Any, name: str) -> Mapping[str, Any]:
    """A section of a label, empty where there is none."""
    section = record.get(name) if isinstance(record, Mapping) else None
    return section if isinstance(section, Mapping) else {}


def _text(section: Mapping[str, Any], key: str) -> str:
    """A value as text, ``""`` where there is none; the key in any spelling."""
    for name, value in section.items():
        if plain_key(name) == plain_key(key) and not is_absent(value):
            return str(value).strip()
    return ""


def _say_what_is_pronounced(corpus: Corpus, labels: list[Entry]) -> None:
    """Say how many clips have a transcript as pronounced, or where it might stand."""
    count = int((corpus.manifest["pronounced"] != "").sum())
    if count:
        logger.info("%d of %d clips say how they were pronounced", count, len(corpus.manifest))
        return
    try:
        record = json.loads(decode_text(labels[0].read()))
        keys = ", ".join(key for key, _ in _leaves(record))
    except (AudioError, UnicodeError, ValueError, AttributeError):
        keys = "not readable"
    logger.warning(
        "no label says how it was pronounced: none has a field %s; the fields of %s are: %s",
        ", ".join(PRONOUNCED_KEYS),
        labels[0].where,
        keys,
    )
