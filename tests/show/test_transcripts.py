"""A row a file, whether it could be read or not, as text and as JSON."""

import json

import pytest

from speakor_common.decoding.words import Word
from speakor_common.recognition.transcriber import Transcript
from speakor_common.show import transcripts

WORDS = (Word("저는", 0.1, 0.5, 0.9), Word("학생", 0.5, 1.0, 0.75))
READ = Transcript("a.wav", "저는 학생", 1.0, WORDS)
BROKEN = Transcript("b.wav", status="unreadable", problem="b.wav: no audio")


class Reader:
    """Transcribes everything; counts how many files come at a time."""

    def __init__(self):
        self.calls = []

    def transcribe(self, files):
        self.calls.append(len(files))
        return [Transcript(file, f"text of {file}", 1.0) for file in files]


def test_files_are_transcribed_in_groups():
    reader = Reader()
    files = [f"{number}.wav" for number in range(70)]
    rows = list(transcripts.transcribe_files(reader, files))
    assert [row.source for row in rows] == files and reader.calls == [64, 6]


@pytest.mark.parametrize(
    ("transcript", "timestamps", "named", "text"),
    [
        (READ, False, False, "저는 학생"),
        (READ, False, True, "a.wav\t저는 학생"),
        (READ, True, False, "저는 학생\n0.10\t0.50\t0.90\t저는\n0.50\t1.00\t0.75\t학생"),
        (BROKEN, True, True, "b.wav\t[unreadable]"),
        (BROKEN, False, False, "[unreadable]"),
        (Transcript("c.wav"), False, True, "c.wav\t"),
    ],
)
def test_text_names_the_file_where_there_are_several(transcript, timestamps, named, text):
    assert transcripts.as_text(transcript, timestamps, named) == text


def test_json_is_one_line_with_everything_asked_for():
    line = transcripts.as_json(READ, timestamps=True, named=False)
    record = json.loads(line)
    assert "\n" not in line and "저는" in line
    assert set(record) == {"source", "text", "duration_s", "words", "status"}
    assert record["words"][0] == {"text": "저는", "start_s": 0.1, "end_s": 0.5, "confidence": 0.9}

    record = json.loads(transcripts.as_json(BROKEN, timestamps=False, named=True))
    assert record["status"] == "unreadable" and record["problem"] == "b.wav: no audio"
    assert "words" not in record
