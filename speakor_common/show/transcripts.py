"""Transcripts of files as the command line prints them: text, or JSON, a row a file.

A file that cannot be read stops nothing: its row says so, and the other files have theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from speakor_common.decoding.words import Word
from speakor_common.errors import AudioError
from speakor_common.recognition.transcriber import Transcriber

OK = "ok"
UNREADABLE = "unreadable"
_TOGETHER = 64  # files: clips of similar length share a batch


@dataclass(frozen=True)
class FileTranscript:
    """What a file holds, or why that is not known.

    Attributes:
        source: the file as it was named.
        status: :data:`OK`, or why there is no text.
        problem: what to tell people where there is no text.
    """

    source: str
    text: str = ""
    duration_s: float = 0.0
    words: tuple[Word, ...] = ()
    status: str = OK
    problem: str = ""


def transcribe_files(transcriber: Transcriber, files: Sequence[str]) -> Iterator[FileTranscript]:
    """A transcript a file, in the order of the files, as soon as it is there."""
    for start in range(0, len(files), _TOGETHER):
        yield from _transcribe_group(transcriber, files[start : start + _TOGETHER])


def as_text(transcript: FileTranscript, timestamps: bool, named: bool) -> str:
    """The text, and with ``timestamps`` a line a word below it: start, end, confidence, word.

    Args:
        named: begin with the file's name and a tab, because there are several.
    """
    text = transcript.text if transcript.status == OK else f"[{transcript.status}]"
    lines = [f"{transcript.source}\t{text}" if named else text]
    if timestamps:
        lines += [
            f"{word.start_s:.2f}\t{word.end_s:.2f}\t{word.confidence:.2f}\t{word.text}"
            for word in transcript.words
        ]
    return "\n".join(lines)


def as_json(transcript: FileTranscript, timestamps: bool, named: bool) -> str:
    """One JSON object on one line; its ``source`` is there whether ``named`` or not."""
    content = asdict(transcript)
    if not timestamps:
        del content["words"]
    if transcript.status == OK:
        del content["problem"]
    return json.dumps(content, ensure_ascii=False)


def _transcribe_group(transcriber: Transcriber, files: Sequence[str]) -> Iterator[FileTranscript]:
    """Files together; where one of them cannot be read, each alone."""
    try:
        transcripts = transcriber.transcribe(files)
    except AudioError as error:
        if len(files) == 1:
            yield FileTranscript(files[0], status=UNREADABLE, problem=str(error))
            return
        for file in files:
            yield from _transcribe_group(transcriber, [file])
        return
    for file, transcript in zip(files, transcripts, strict=True):
        yield FileTranscript(file, transcript.text, transcript.duration_s, transcript.words)
