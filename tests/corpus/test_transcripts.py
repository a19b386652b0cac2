"""The text of a label, or the reason why it has none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.corpus.schema import ReadOptions
from speakor_common.corpus.transcripts import label_text
from speakor_common.errors import CorpusError


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("n/ 어/ (3개)/(세 개) 온+ 오는 sn/", "어 세 개 온 오는"),
        ("저는* 학생", "저는 학생"),
        ("", "missing text"),
        ("n/ ...", "text empty after normalising"),
        ("coffee 주세요", "text cannot be read in Korean: coffee"),
        ("저는 u/ 가요", "speech that nobody understood (u/)"),
        ("U/", "speech that nobody understood (u/)"),
        ("un/ 네", "네"),
    ],
)
def test_the_text_of_a_label(raw, expected):
    try:
        assert label_text(raw, ReadOptions()) == expected
    except CorpusError as error:
        assert str(error) == expected


def test_options_choose_what_of_a_label_stays():
    options = ReadOptions(fillers="drop", fragments="drop")
    assert label_text("어/ 저는 온+ 오는", options) == "저는 오는"


@given(st.text("가나 123./()+*ㅋcoffee%한번개￦,n/u/\ufffd", max_size=20))
def test_any_label_is_hangul_or_a_reason(raw):
    try:
        text = label_text(raw, ReadOptions())
    except CorpusError as error:
        assert str(error)
    else:
        assert text and all("가" <= character <= "힣" or character == " " for character in text)
