"""Label files in every form: separators, headers, rows that do not fit, and any mangled bytes."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.corpus.labels import KEYS
from speakor_common.corpus.records import LABEL_SUFFIXES, read_records
from speakor_common.errors import CorpusError
from tests.builders import as_csv, as_json, label, stem

NAMES = [stem(item=i) for i in range(1, 4)]
# What a row unlike its header looks like: a comma in the text that nobody quoted.
SHORT_HEADER = ",".join(KEYS[:12])
SHORT_ROW = "{}.wav,VN0001,VN11RA001,ios,16bit 16kHz MONO,20220103,1.0,읽기,네,,,중"


def table(separator: str = ",", encoding: str = "utf-8-sig") -> bytes:
    """Three rows of 25 columns."""
    rows = list(csv.reader(io.StringIO(as_csv([label(n) for n in NAMES], "utf-8").decode())))
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator).writerows(rows)
    return buffer.getvalue().encode(encoding)


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize(
    "separator", [",", "\t", ";", "|"], ids=["comma", "tab", "semicolon", "bar"]
)
def test_tables_with_any_separator(separator, encoding, suffix):
    records = list(read_records(table(separator, encoding), suffix))
    assert [r.content["fileName"] for r in records] == [f"{name}.wav" for name in NAMES]
    assert [r.row for r in records] == [1, 2, 3] and not any(r.problem for r in records)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_any_end_of_line_empty_rows_and_a_repeated_header(end):
    row = SHORT_ROW.format("a")
    lines = ["", SHORT_HEADER, row, "", ",,,,,,,,,,,", SHORT_HEADER, row.replace("a.wav", "b.wav")]
    records = list(read_records(end.join(lines).encode(), ".csv"))
    assert [record.content["fileName"] for record in records] == ["a.wav", "b.wav"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (SHORT_ROW.format("a").replace("네", "네, 안녕하세요"), "13 values for 12 columns"),
        (SHORT_ROW.format("a") + ",", "13 values for 12 columns"),
        (SHORT_ROW.format("a").removesuffix(",중"), "11 values for 12 columns"),
        ("a.wav", "1 values for 12 columns"),
    ],
)
def test_a_row_that_does_not_fit_its_header_is_a_problem_and_names_its_clip(row, problem):
    content = "\n".join((SHORT_HEADER, SHORT_ROW.format("b"), row, SHORT_ROW.format("c")))
    good, bad, good_again = read_records(content.encode(), ".csv")
    assert (bad.problem, bad.file_name, bad.row) == (problem, "a.wav", 2)
    assert not good.problem and good_again.content["fileName"] == "c.wav"


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("이름,나이", "이름, 나이"),
        ("fileName,gender", "fileName, gender"),
        ("ReadingLabelText,AnswerLabelText", "ReadingLabelText, AnswerLabelText"),
        ("fileName ReadingLabelText", "fileName ReadingLabe"),
        ("", "nothing"),
    ],
)
def test_a_table_without_labels_says_what_it_has_and_what_is_needed(header, shown):
    with pytest.raises(CorpusError) as error:
        list(read_records((header and f"{header}\na,b\n").encode(), ".csv"))
    assert f"holds {shown}; expected the columns fileName and" in str(error.value)


def test_a_pandas_index_column_and_a_column_named_twice():
    content = ",fileName,SpeakerID,SpeakerID,ReadingLabelText\n0,a.wav,,VN0001,네\n"
    (record,) = read_records(content.encode(), ".csv")
    assert record.content == {"fileName": "a.wav", "SpeakerID": "VN0001", "ReadingLabelText": "네"}


@pytest.mark.parametrize(
    ("content", "rows"),
    [(label(NAMES[0]), [0]), ([label(NAMES[0])], [0]), ([label(n) for n in NAMES], [1, 2, 3])],
    ids=["object", "list of one", "list"],
)
def test_json_holds_one_label_or_several(content, rows):
    records = list(read_records(json.dumps(content).encode(), ".json"))
    assert [record.row for record in records] == rows
    assert records[0].content == label(NAMES[0])


READABLE = (ValueError, UnicodeError, csv.Error, RecursionError, CorpusError)


def read_or_reason(content: bytes, suffix: str) -> int:
    """Records of a file; every problem must have words, every refusal must be a known one."""
    count = 0
    try:
        for record in read_records(content, suffix):
            assert record.content is not None or suffix == ".json"
            count += 1
    except READABLE as error:
        assert str(error)
    return count


@given(st.sampled_from(LABEL_SUFFIXES), st.binary(max_size=300))
def test_any_bytes_give_records_or_a_reason(suffix, content):
    read_or_reason(content, suffix)


@given(st.data())
def test_any_mangled_table_gives_records_or_a_reason(data):
    content = bytearray(table(data.draw(st.sampled_from(",\t;"))))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 9))] = data.draw(
            st.sampled_from([b'"', b",", b";", b"\n", b"\r", b"\x00", b"\xff", b"nan", b""])
        )
    assert read_or_reason(bytes(content), ".csv") <= 40


@given(st.data())
def test_any_cut_json_gives_records_or_a_reason(data):
    content = as_json(label(NAMES[0]))
    read_or_reason(content[: data.draw(st.integers(0, len(content)))], ".json")
