"""Transcripts of files as the command line prints them: text, or JSON, a row a file.

A file that cannot be read stops nothing: its row says so, and the other files have theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from speakor_common.recognition.transcriber import Transcriber, Transcript

_TOGETHER = 64  # files: clips of similar length share a batch


def transcribe_files(transcriber: Transcriber, files: Sequence[str]) -> Iterator[Transcript]:
    """A transcript a file, in the order of the files, as soon as it is there."""
    for start in range(0, len(files), _TOGETHER):
        yield from transcriber.transcribe(files[start : start + _TOGETHER])


def as_text(transcript: Transcript, timestamps: bool, named: bool) -> str:
    """The text, and with ``timestamps`` a line a word below it: start, end, confidence, word.

    Args:
        named: begin with the file's name and a tab, because there are several.
    """
    text = transcript.text if transcript.status == "ok" else f"[{transcript.status}]"
    lines = [f"{transcript.source}\t{text}" if named else text]
    if timestamps:
        lines += [
            f"{word.start_s:.2f}\t{word.end_s:.2f}\t{word.confidence:.2f}\t{word.text}"
            for word in transcript.words
        ]
    return "\n".join(lines)


def as_json(transcript: Transcript, timestamps: bool, named: bool) -> str:
    """One JSON object on one line; its ``source`` is there whether ``named`` or not."""
    content = asdict(transcript)
    if not timestamps:
        del content["words"]
    if transcript.status == "ok":
        del content["problem"]
    return json.dumps(content, ensure_ascii=False)
