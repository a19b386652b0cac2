"""The reader of learners who read and answer, scored by people, on trees made here."""

import json
import logging

import pytest

from speakor_common.corpus import aihub_education
from speakor_common.corpus.schema import MANIFEST_COLUMNS, ReadOptions
from speakor_common.errors import CorpusError
from speakor_common.text import to_jamo
from tests.builders import as_json, encoded, tone, write, write_zip

READ = "00067-F-91-VI-A-LAR010-0004411"
ANSWER = "00131-M-99-ID-B-ATQ027-0033354"
FOLDER = "043.교육용_아시아어(중·일어_제외)_사용자의_한국어_음성_데이터"


def label(name=READ, text="저는 하쿄에 가요", **changes):
    """A label of the known form; ``changes`` replace or add fields of its sections."""
    record = {
        "UserID": name.split("-")[0],
        "RecordingMetadata": {
            "prompt": "저는 학교에 가요.",
            "orthographic": text,
            "RecordedTime": 1.0,
        },
        "SpeakerMetadata": {
            "birth_year": "1991",
            "gender": "여",
            "language": "베트남어" if "-VI-" in name else "인도네시아어",
            "proficiency": "초급",
            "topik_level": 2,
        },
        "EvaluationMetadata": {"DeliveryEval": 3, "LanguageUseEval": "4", "ContentEval": 0},
    }
    for section, fields in changes.items():
        record[section] = record[section] | fields if isinstance(fields, dict) else fields
    return record


def deliver(root, name=READ, sound=None, **changes):
    folder = root / FOLDER / "1.Training"
    content = as_json(label(name, **changes))
    write(folder / "라벨링데이터" / "Speech" / "lab" / f"{name}.json", content)
    sound = encoded(tone(frequency=sum(map(ord, name)))) if sound is None else sound
    write(folder / "원천데이터" / f"{name}.wav", sound)


def rows(root):
    corpus = aihub_education.read(root)
    return corpus.manifest.set_index("utterance_id"), corpus


def test_what_was_read_and_answered_becomes_rows(tmp_path):
    deliver(tmp_path)
    deliver(tmp_path, ANSWER, text="어/ 저는 사과를 조아해요")
    table, corpus = rows(tmp_path)
    assert list(corpus.manifest.columns) == list(MANIFEST_COLUMNS) and corpus.quarantine.empty
    wanted = ["text", "script", "question", "l1", "speaker_id", "prompt_id", "task", "split"]
    assert table.loc[READ, wanted].tolist() == [
        *("저는 하쿄에 가요", "저는 학교에 가요.", "", "VN"),
        *("00067", "LAR010", "read", "train"),
    ]
    assert table.loc[ANSWER, wanted].tolist() == [
        *("어 저는 사과를 조아해요", "", "저는 학교에 가요.", "ID"),
        *("00131", "ATQ027", "answer", "train"),
    ]
    assert table["topik"].tolist() == ["2", "2"] and table["gender"].tolist() == ["F", "M"]
    assert json.loads(table.loc[READ, "scores"]) == {
        "delivery": 3,
        "language_use": 4,
        "content": 0,
    }


def test_zips_as_delivered(tmp_path):
    folder = tmp_path / FOLDER / "2.Validation"
    write_zip(folder / "라벨링데이터" / "VL.zip", {f"lab/{READ}.json": as_json(label())})
    write_zip(folder / "원천데이터" / "VS.zip", {f"{READ}.wav": encoded(tone())})
    table, corpus = rows(tmp_path)
    assert table["split"].tolist() == ["valid"] and corpus.quarantine.empty


@pytest.mark.parametrize(
    "changes",
    [
        {"RecordingMetadata": {"phonetic": "저는 하쿄에 가요"}},
        {"RecordingMetadata": {"Pronunciation_Transcription": "저는 하쿄에 가요."}},
        {"TranscriptionMetadata": {"발음 전사": "저는 하쿄에 가요"}},
        {"pronounced": "저는 하쿄에 가요"},
    ],
)
def test_a_transcript_as_pronounced_is_kept_wherever_it_stands(tmp_path, caplog, changes):
    record = label()
    for key, value in changes.items():
        record[key] = record.get(key, {}) | value if isinstance(value, dict) else value
    write(tmp_path / f"{READ}.json", as_json(record))
    write(tmp_path / f"{READ}.wav", encoded(tone()))
    with caplog.at_level(logging.INFO):
        table, _ = rows(tmp_path)
    assert table.loc[READ, "pronounced"] == to_jamo("저는 하쿄에 가요")
    assert "1 of 1 clips say how they were pronounced" in caplog.text


def test_if_none_is_known_the_fields_there_are_named(tmp_path, caplog):
    deliver(tmp_path, RecordingMetadata={"soundAsHeard": "저는"})
    table, _ = rows(tmp_path)
    assert table.loc[READ, "pronounced"] == ""
    assert "none has a field pronounced, " in caplog.text and "soundAsHeard" in caplog.text


def test_one_that_cannot_be_read_is_left_out_with_a_reason_and_the_clip_stays(tmp_path):
    deliver(tmp_path, RecordingMetadata={"phonetic": "hakyo"})
    table, corpus = rows(tmp_path)
    assert table.loc[READ, "pronounced"] == "" and table.loc[READ, "text"]
    (reason,) = corpus.quarantine["reason"]
    assert reason.startswith("transcript as pronounced is left out (text cannot be read in Korean")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"DeliveryEval": None, "LanguageUseEval": "", "ContentEval": "x"}, ""),
        ({"DeliveryEval": 2.5, "LanguageUseEval": 9, "ContentEval": -1}, '{"delivery": 2.5}'),
        (None, ""),
    ],
)
def test_only_scores_within_their_scale_count(tmp_path, given, kept):
    record = label()
    record["EvaluationMetadata"] = given
    write(tmp_path / f"{READ}.json", as_json(record))
    write(tmp_path / f"{READ}.wav", encoded(tone()))
    assert rows(tmp_path)[0].loc[READ, "scores"] == kept


def test_what_a_label_leaves_open_its_name_says(tmp_path):
    write(tmp_path / f"{ANSWER}.json", as_json({"RecordingMetadata": {"orthographic": "네"}}))
    write(tmp_path / f"{ANSWER}.wav", encoded(tone()))
    row = rows(tmp_path)[0].loc[ANSWER]
    assert row[["l1", "speaker_id", "gender", "task"]].tolist() == ["ID", "00131", "M", "answer"]


def test_another_name_is_no_reason_to_leave_a_clip_out(tmp_path):
    deliver(tmp_path, "F-041-DE-02-EIG-01-0023")
    row = rows(tmp_path)[0].iloc[0]
    assert (row["task"], row["prompt_id"], row["l1"]) == ("read", "저는 학교에 가요.", "")


BAD = {
    "unreadable label": b"{ no json",
    "no label of speech (no RecordingMetadata, but UserID)": as_json({"UserID": "1"}),
    "no label of speech (no RecordingMetadata, but no object)": b"[1]",
    "missing text": as_json(label(RecordingMetadata={"orthographic": None})),
    "text cannot be read in Korean: coffee": as_json(label(text="coffee 주세요")),
}


@pytest.mark.parametrize("reason", BAD)
def test_bad_labels_go_to_quarantine_and_good_ones_stay(tmp_path, reason):
    deliver(tmp_path, ANSWER)
    write(tmp_path / f"{READ}.json", BAD[reason])
    write(tmp_path / f"{READ}.wav", encoded(tone()))
    table, corpus = rows(tmp_path)
    assert table.index.tolist() == [ANSWER]
    assert any(given.startswith(reason) for given in corpus.quarantine["reason"])


def test_it_can_be_kept_and_prepared_like_any_other(tmp_path):
    deliver(tmp_path / "in")
    kept = ReadOptions(keep=tmp_path / "out")
    first = aihub_education.read(tmp_path / "in", kept).manifest
    assert first.equals(aihub_education.read(tmp_path / "in", kept).manifest)
    with pytest.raises(CorpusError, match="is not a folder; expected AI Hub 71469"):
        aihub_education.read(tmp_path / "nothing")
