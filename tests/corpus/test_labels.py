"""The label record: its shapes and spellings, what counts as absent, what follows from it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.corpus.labels import (
    KEYS,
    is_absent,
    manifest_fields,
    parse_label,
    plain_key,
    record_stem,
)
from speakor_common.errors import CorpusError
from tests.builders import label, nfd, stem

NAME = stem()
ABSENT = (None, math.nan, "nan", "NaN", "null", "None", "", " ", "\t\r\n", [], {})
OPTIONAL = (
    ("transcription", "Reading"),
    ("transcription", "Question"),
    ("transcription", "AnswerLabelText"),
    ("transcription", "SentenceSpeechLV"),
    ("basic_info", "gender"),
    ("skill_info", "topikGrade"),
    ("file_info", "sentenceID"),
)


def flat(record: dict) -> dict:
    """A nested label as one row of 25 values."""
    row = {key: value for key, value in record.items() if not isinstance(value, dict)}
    for section in record.values():
        row |= section if isinstance(section, dict) else {}
    return row


def test_the_25_keys_are_those_of_the_label():
    assert len(KEYS) == 25 and set(flat(label(NAME))) == set(KEYS)


@pytest.mark.parametrize("value", ABSENT, ids=repr)
@pytest.mark.parametrize(("section", "key"), OPTIONAL)
def test_absent_values_of_a_read_item_cost_nothing(section, key, value):
    record = label(NAME)
    record[section][key] = value
    fields = manifest_fields(parse_label(record))
    assert fields["raw_text"] == "저는 학생입니다" and fields["task"] == "read"
    assert all(isinstance(v, (str, int)) and v == v for v in fields.values())


@pytest.mark.parametrize("section", ["file_info", "basic_info", "residence_info", "skill_info"])
@pytest.mark.parametrize("value", [None, "", [], "gone"], ids=repr)
def test_absent_sections_cost_nothing(section, value):
    record = label(NAME, **{section: value})
    if value == "gone":
        del record[section]
    fields = manifest_fields(parse_label(record))
    assert fields["raw_text"] == "저는 학생입니다" and fields["speaker_id"] == "VN0001"


@pytest.mark.parametrize("value", ABSENT, ids=repr)
def test_an_absent_answer_does_not_hide_what_was_read(value):
    record = label(NAME)
    record["transcription"]["AnswerLabelText"] = value
    assert parse_label(record).text == "저는 학생입니다"


@pytest.mark.parametrize(
    "spell",
    [
        str.lower,
        str.upper,
        lambda key: f" {key} ",
        lambda key: "".join(f"_{c.lower()}" if c.isupper() else c for c in key).strip("_"),
        lambda key: key[0].upper() + key[1:],
        lambda key: key.replace("Label", "-Label"),
    ],
    ids=["lower", "UPPER", "spaces", "snake_case", "Capital", "hyphen"],
)
@pytest.mark.parametrize("shape", ["flat", "nested"])
def test_other_spellings_of_the_keys(spell, shape):
    record = flat(label(NAME)) if shape == "flat" else label(NAME)
    spelled = {}
    for key, value in record.items():
        inner = {spell(k): v for k, v in value.items()} if isinstance(value, dict) else value
        spelled[spell(key)] = inner
    assert manifest_fields(parse_label(spelled)) == manifest_fields(parse_label(label(NAME)))


def test_a_table_of_the_first_12_columns_is_enough():
    row = {key: value for key, value in flat(label(NAME)).items() if key in KEYS[:12]}
    fields = manifest_fields(parse_label(row))
    assert fields | {"gender": "F", "topik": "3"} == manifest_fields(parse_label(label(NAME)))


@pytest.mark.parametrize(
    ("given", "topik"), [("3", "3"), (3, "3"), (3.0, "3"), ("3.0", "3"), ("해당 없음", "해당 없음")]
)
def test_numbers_of_a_spreadsheet_are_the_same_grade(given, topik):
    record = label(NAME)
    record["skill_info"]["topikGrade"] = given
    assert manifest_fields(parse_label(record))["topik"] == topik


def test_the_outer_speaker_counts_and_the_inner_one_stands_in():
    record = label(NAME, SpeakerID="VN0009")
    assert manifest_fields(parse_label(record))["speaker_id"] == "VN0009"
    record["SpeakerID"] = None
    assert manifest_fields(parse_label(record))["speaker_id"] == "VN0001"


@pytest.mark.parametrize(
    ("file_name", "expected"),
    [
        (f"{NAME}.wav", NAME),
        (f"  {NAME}.wav\r\n", NAME),
        (f"{NAME} .WAV", NAME),
        (NAME, NAME),
        ("00012.wav", "00012"),
        (nfd("한국.flac"), "한국"),
    ],
)
def test_the_stem_joins_label_and_recording(file_name, expected):
    assert parse_label(label(NAME, fileName=file_name)).stem == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("VN11RA001_VN0001_20220103", ("VN", 1, "read", "11RA001")),
        ("EN52QB017_EN0231_20220103", ("EN", 5, "answer", "52QB017")),
        ("EN9XQA001_EN0231_20220103", ("EN", 9, "answer", "9XQA001")),
    ],
)
def test_what_a_file_name_says(name, expected):
    fields = manifest_fields(parse_label(label(name)))
    assert tuple(fields[key] for key in ("l1", "category", "task", "prompt_id")) == expected


@pytest.mark.parametrize(
    ("mother_tongue", "language_class", "expected"),
    [
        ("베트남어", "", "VN"),
        ("", "일본어", "JP"),
        ("cn", "", "CN"),
        ("Nepali", "", ""),
        ("", "", ""),
    ],
)
def test_first_language_where_the_file_name_is_another(mother_tongue, language_class, expected):
    row = {
        "fileName": "00012.wav",
        "ReadingLabelText": "네",
        "motherTongue": mother_tongue,
        "languageClass": language_class,
        "speakerID": "0007",
    }
    fields = manifest_fields(parse_label(row))
    assert (fields["l1"], fields["utterance_id"], fields["speaker_id"]) == (
        expected,
        "00012",
        "0007",
    )


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        (42, "label: expected an object"),
        ([], "label: expected an object"),
        (None, "label: expected an object"),
        ({"ReadingLabelText": "네"}, "fileName: absent"),
        ({"fileName": None, "ReadingLabelText": "네"}, "fileName: absent"),
        ({"fileName": "가" * 300}, "fileName: String should have at most 255"),
        ({"fileName": "a.wav", "transcription": "네"}, "transcription: expected an object"),
        ({"fileName": "a.wav", "ReadingLabelText": ["네"]}, "ReadingLabelText: .*found \"\\['네'"),
        ({"fileName": "a.wav", "ReadingLabelText": "\ud800"}, "ReadingLabelText: "),
    ],
    ids=str,
)
def test_what_is_no_label_is_named(record, complaint):
    with pytest.raises(CorpusError, match=complaint) as error:
        parse_label(record)
    str(error.value).encode()


def test_an_unusable_record_still_shows_whose_it_is():
    assert record_stem({"File_Name": "a.wav", "transcription": 1}) == "a"
    assert record_stem([1], " b.wav ") == "b" and record_stem(42) == record_stem({}) == ""


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
keys = st.sampled_from((*KEYS, "transcription", "skill_info", "sample_info", "file_name"))


@given(st.dictionaries(keys, values, max_size=8) | values)
def test_any_record_is_a_label_or_a_reason(record):
    try:
        fields = manifest_fields(parse_label(record))
    except CorpusError as error:
        assert str(error)
        str(error).encode()
    else:
        assert fields["utterance_id"] and isinstance(fields["raw_text"], str)


@given(st.text(max_size=20))
def test_plain_keys_do_not_change_again(key):
    assert plain_key(plain_key(key)) == plain_key(key)


@given(values)
def test_absent_is_never_a_number_or_a_filled_text(value):
    if is_absent(value):
        assert (
            not value
            or value != value
            or str(value).strip().lower() in (*("", "nan", "null", "none", "<na>"),)
        )


@pytest.mark.parametrize(
    ("noted", "read"),
    [
        ([], "[]"),
        ([{"spoken": "ㅗ"}], '[{"spoken": "ㅗ"}]'),
        ("[]", "[]"),
        *((absent, "") for absent in (None, "", " ", math.nan, "null")),
    ],
)
def test_an_empty_annotation_is_another_thing_than_none(noted, read):
    record = label(NAME) | {"sample_info": {"deviations": noted}}
    assert manifest_fields(parse_label(record))["deviations"] == read
    assert manifest_fields(parse_label(label(NAME)))["deviations"] == ""
