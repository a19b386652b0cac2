"""The text of a label, or the reason why it has none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.corpus.label_texts import label_text
from speakor_common.corpus.schema import ReadOptions
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


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("(3개)/(세 개) 주세요.", "세 개 주세요"),
        ("(TOPIK)/(토픽) 시험", "토픽 시험"),
        ("6월 6일에 만나요", "유월 육일에 만나요"),
        ("3번 출구로 나와요", "삼 번 출구로 나와요"),
        ("010-1234-5678", "공일공 일이삼사 오육칠팔"),
    ],
)
def test_certain_labels_are_written_in_words(raw, text):
    assert label_text(raw, ReadOptions()) == text


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ("3번 좋아요", "3번 (세 번 / 삼 번)"),
        ("20대예요", "20대예요 (이십 대예요 / 스무 대예요)"),
        ("5% 할인", "5% (오 퍼센트 / 오 프로)"),
        ("TOPIK 시험", "TOPIK"),
        ("ㄹ 발음", "ㄹ"),
        ("학\ufffd에 가요", "\ufffd"),
        ("A+를 받았어요", "A+"),
        ("3+4는 7", "+"),
    ],
)
def test_labels_in_doubt_are_rejected_and_their_readings_named(raw, named):
    with pytest.raises(CorpusError) as rejected:
        label_text(raw, ReadOptions())
    assert named in str(rejected.value)


@given(st.text("가나 123./()+*ㅋcoffee%한번개￦,n/u/\ufffd", max_size=20))
def test_any_label_is_hangul_or_a_reason(raw):
    try:
        text = label_text(raw, ReadOptions())
    except CorpusError as error:
        assert str(error)
    else:
        assert text and all("가" <= character <= "힣" or character == " " for character in text)
