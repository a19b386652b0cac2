"""How a transcript is said, and the allowed form nearest to what was said."""

import pytest

from speakor_common.text.pronunciation import pronunciations
from speakor_common.text.spoken_text import as_pronounced, nearest_form


def test_syllables_that_were_not_said_decide_nothing():
    assert nearest_form(pronunciations("시계를"), ["시", "", ""]) == "시계를"
    assert nearest_form(pronunciations("시계를"), ["시", "게", "ㄹ"]) == "시게를"


@pytest.mark.parametrize(
    ("transcript", "spoken"),
    [
        ("학교 가요x", "학꾜 가요x"),
        ("x 옷 한 벌", "x 오 탄 벌"),
        ("옷 3 한 벌", "옫 3 한 벌"),
        ("국물 ㅋㅋ 국물", "궁물 ㅋㅋ 궁물"),
        ("coffee", "coffee"),
        ("", ""),
    ],
)
def test_only_a_word_that_cannot_be_read_stays_as_it_is(transcript, spoken):
    assert as_pronounced(transcript) == spoken
