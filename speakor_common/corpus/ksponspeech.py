"""Read KsponSpeech (AI Hub 123): 969 hours of native speakers in free conversation.

Its recordings are raw PCM, ``KsponSpeech_01/KsponSpeech_0001/KsponSpeech_000001.pcm`` (16-bit
little-endian, 16 kHz, mono, no header). A transcript stands in a ``.txt`` of the same name
(CP949) or in lists of lines ``path :: text`` (``scripts/train.trn``, ``dev.trn``,
``eval_clean.trn``, ``eval_other.trn``, UTF-8); the evaluation sets came with lists only, and
lists correct the older ``.txt``, so a list counts. Numbers and loan words are written twice,
``(7시)/(일곱 시)``; marks are those of AI Hub, with ``*`` for unclear pronunciation.

Nobody says who speaks, so it keeps the splits it was delivered with, as profile ``ksponspeech``
does: ``speakor prepare --profile ksponspeech --data DIR``. Both evaluation sets are the test
split, told apart by ``task``. Format as read by ESPnet's and lhotse's recipes.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from speakor_common.corpus.collect import Collector
from speakor_common.corpus.files import Entry, decode_text
from speakor_common.corpus.labelled_clips import (
    Finding,
    LabelledClip,
    first_line,
    settle,
    unfit,
)
from speakor_common.corpus.schema import Corpus, ReadOptions
from speakor_common.corpus.splits import TEST, TRAIN, VALID
from speakor_common.errors import AudioError
from speakor_common.text import to_nfc

_CLIP = re.compile(r"^KsponSpeech_(E?)(\d+)$")
_LAST_TRAINING_CLIP = 620_000  # the 2,545 clips behind it are the development set
_LIST_SPLITS = {"train": TRAIN, "dev": VALID, "eval_clean": TEST, "eval_other": TEST}
_EVALUATION_SETS = {"eval_clean": "dialogue, clean", "eval_other": "dialogue, other"}
_TASK = "dialogue"
_LIST = ".trn"
_EXPECTED = (
    "expected KsponSpeech as delivered: folders or zips KsponSpeech_01 … KsponSpeech_05 with .pcm "
    "and .txt, and KsponSpeech_eval with scripts/eval_clean.trn and eval_other.trn"
)


def read(root: str | Path, options: ReadOptions | None = None, progress: bool = False) -> Corpus:
    """Read a corpus root.

    Raises:
        CorpusError: no such root, no transcripts in it, or more than ``max_rejected`` of its
            labelled clips rejected; the message counts the reasons.
    """
    collector = Collector(options or ReadOptions())
    labels = collector.find_labels(Path(root), _is_label, _EXPECTED)
    lists = [entry for entry in labels if entry.suffix == _LIST]
    transcripts = [entry for entry in labels if entry.suffix != _LIST]

    # lists first: what they name needs no second look
    for entry in lists:
        _read_list(entry, collector)
    listed = [entry for entry in transcripts if collector.has_label(entry.stem)]
    for entry in listed:
        collector.skip(entry.where, "transcript of a clip that a list holds")
    others = [entry for entry in transcripts if not collector.has_label(entry.stem)]
    collector.read_labels(others, read_transcript, progress)
    return collector.finish(Path(root), progress)


def _is_label(entry: Entry) -> bool:
    return entry.suffix == _LIST or (entry.suffix == ".txt" and bool(_CLIP.match(entry.stem)))


def _read_list(entry: Entry, collector: Collector) -> None:
    """Every line ``path :: text`` of a list."""
    try:
        lines = decode_text(entry.read()).splitlines()
    except (AudioError, UnicodeError) as error:
        collector.reject(entry.where, f"unreadable list ({first_line(error)})")
        return

    for number, line in enumerate(lines, 1):
        where = f"{entry.where} row {number}"
        path, separator, text = line.partition("::")
        if not line.strip():
            continue
        if not separator or not path.strip():
            collector.reject(where, "line is not: path :: text", is_label=True)
            continue
        stem = to_nfc(PurePosixPath(path.strip()).stem)
        split = _LIST_SPLITS.get(entry.stem) or _split_of(stem)
        form = f"list {entry.stem}"  # the same line in two lists is one label
        collector.add_label(
            LabelledClip(stem, text.strip(), _fields(split, entry.stem), where, form)
        )


def read_transcript(entry: Entry, options: ReadOptions) -> list[Finding]:
    """What the ``.txt`` beside a recording says."""
    form = "text in zip" if entry.archive else "text"
    try:
        text = decode_text(entry.read()).strip()
    except (AudioError, UnicodeError) as error:
        reason = f"unreadable label ({first_line(error)})"
        return [unfit(entry.stem, entry.where, form, reason)]

    fields = _fields(_split_of(entry.stem), PurePosixPath(entry.name).parent.name)
    return [settle(LabelledClip(entry.stem, text, fields, entry.where, form), options)]


def _split_of(stem: str) -> str:
    """Split of a clip by its number, ``""`` for names that are not the corpus's."""
    name = _CLIP.match(stem)
    if not name:
        return ""
    if name[1]:
        return TEST
    return TRAIN if int(name[2]) <= _LAST_TRAINING_CLIP else VALID


def _fields(split: str, place: str) -> dict[str, str]:
    """Manifest values of a clip from its split and the list or folder it stands in."""
    return {"l1": "KR", "split": split, "task": _EVALUATION_SETS.get(place, _TASK)}
