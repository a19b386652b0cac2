"""Deviations between transcripts, for listeners that do not write jamo."""

import pytest

from speakor_common.decoding.words import Word
from speakor_common.pronunciation.transcript_deviations import compare_transcripts


@pytest.mark.parametrize(
    ("intended", "transcript"),
    [
        ("국물이 같이", "궁무리 가치"),
        ("합니다", "함니다"),
        ("좋아요", "조아요"),
        ("국물", "국물"),
    ],
)
def test_following_the_pronunciation_rules_is_no_deviation(intended, transcript):
    assert compare_transcripts(intended, transcript) == []


def test_deviations_have_place_kind_time_and_confidence():
    words = (Word("바", 0.0, 0.4, 0.9), Word("모거요", 0.4, 1.2, 0.5))
    deviations = compare_transcripts("밥 먹어요", "바 모거요", words)
    assert [(d.syllable, d.part, d.kind, d.intended, d.heard) for d in deviations] == [
        (0, "coda", "omission", "ㅁ", ""),  # 밥 먹어요 is said [밤머거요]
        (1, "vowel", "substitution", "ㅓ", "ㅗ"),
    ]
    assert [(d.confidence, d.start_s) for d in deviations] == [(0.9, 0.0), (0.5, 0.4)]


def test_what_is_no_syllable_has_no_sounds():
    assert [d.kind for d in compare_transcripts("가", "가 ㄱ")] == []
    assert {d.kind for d in compare_transcripts("가", "")} == {"omission"}
