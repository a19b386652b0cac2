"""From a raw label to its text, or to the quarantine with the pieces that are in doubt."""

import pytest

from speakor_common.corpus.collect import ReadOptions, label_text
from speakor_common.errors import CorpusError


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
