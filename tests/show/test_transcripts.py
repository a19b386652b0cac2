"""A row a file, whether it could be read or not, as text and as JSON."""

import json

import pytest

from speakor_common.decoding.words import Word
from speakor_common.errors import AudioError
from speakor_common.recognition.transcriber import Transcript
from speakor_common.show import transcripts
from speakor_common.show.transcripts import FileTranscript

WORDS = (Word("저는", 0.1, 0.5, 0.9), Word("학생", 0.5, 1.0, 0.75))
READ = FileTranscript("a.wav", "저는 학생", 1.0, WORDS)
BROKEN = FileTranscript("b.wav", status=transcripts.UNREADABLE, problem="b.wav: no audio")


class Reader:
    """Transcribes all files but those called bad; counts its calls."""

    def __init__(self):
        self.calls = []

    def transcribe(self, files):
        self.calls.append(len(files))
        if bad := [file for file in files if "bad" in file]:
            raise AudioError(f"{bad[0]}: no readable audio")
        return [Transcript(file, f"text of {file}", 1.0) for file in files]


def test_good_files_are_transcribed_together():
    reader = Reader()
    files = [f"{number}.wav" for number in range(70)]
    rows = list(transcripts.transcribe_files(reader, files))
    assert [row.source for row in rows] == files and reader.calls == [64, 6]
    assert {row.status for row in rows} == {"ok"}


def test_a_broken_file_costs_no_other_its_row():
    files = ["a.wav", "bad.wav", "c.wav", "worse-bad.wav"]
    rows = list(transcripts.transcribe_files(Reader(), files))
    assert [row.source for row in rows] == files
    assert [row.status for row in rows] == ["ok", "unreadable", "ok", "unreadable"]
    assert rows[1].problem == "bad.wav: no readable audio" and rows[2].text == "text of c.wav"


@pytest.mark.parametrize(
    ("transcript", "timestamps", "named", "text"),
    [
        (READ, False, False, "저는 학생"),
        (READ, False, True, "a.wav\t저는 학생"),
        (READ, True, False, "저는 학생\n0.10\t0.50\t0.90\t저는\n0.50\t1.00\t0.75\t학생"),
        (BROKEN, True, True, "b.wav\t[unreadable]"),
        (BROKEN, False, False, "[unreadable]"),
        (FileTranscript("c.wav"), False, True, "c.wav\t"),
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
