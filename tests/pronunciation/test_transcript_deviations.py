"""Deviations between transcripts, for listeners that do not write jamo."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.decoding.words import Word
from speakor_common.errors import TextError
from speakor_common.pronunciation.transcript_deviations import compare_transcript
from speakor_common.text.pronunciation import pronunciations


def compared(intended, transcript, words=()):
    return compare_transcript(pronunciations(intended), transcript, words)


@pytest.mark.parametrize(
    ("intended", "transcript", "form"),
    [
        ("국물이 같이", "궁무리 가치", "궁무리 가치"),
        ("합니다", "함니다", "함니다"),
        ("좋아요", "조아요", "조아요"),
        ("국물", "국물", "궁물"),
        ("시계", "시게", "시게"),
        ("맛있다", "마싣따", "마싣따"),
    ],
)
def test_what_is_allowed_is_no_deviation(intended, transcript, form):
    assert compared(intended, transcript) == (form, [])


def test_deviations_have_place_kind_time_and_confidence():
    words = (Word("바", 0.0, 0.4, 0.9), Word("모거요", 0.4, 1.2, 0.5))
    form, deviations = compared("밥 먹어요", "바 모거요", words)
    assert form == "밤 머거요"
    assert [(d.syllable, d.part, d.kind, d.intended, d.heard) for d in deviations] == [
        (0, "coda", "omission", "ㅁ", ""),
        (1, "vowel", "substitution", "ㅓ", "ㅗ"),
    ]
    assert [(d.confidence, d.start_s) for d in deviations] == [(0.9, 0.0), (0.5, 0.4)]


def test_without_words_nothing_is_known_of_time_and_confidence():
    deviations = compared("밥", "바")[1]
    assert [(d.confidence, d.start_s, d.end_s) for d in deviations] == [(0.5, 0.0, 0.0)]


@pytest.mark.parametrize(
    ("intended", "transcript", "syllables"),
    [
        ("가요", "가요나", {1}),
        ("가요", "가나요", {1}),
        ("가요", "나가요", {0}),
        ("가", "가나다", {0}),
    ],
)
def test_an_added_syllable_stands_inside_the_pronunciation(intended, transcript, syllables):
    deviations = compared(intended, transcript)[1]
    assert {d.kind for d in deviations} == {"insertion"}
    assert {d.syllable for d in deviations} == syllables


@given(st.text("가나각ㄱ x", max_size=6))
def test_every_deviation_stands_inside_the_pronunciation(transcript):
    form, deviations = compared("가 나요", transcript)
    assert all(d.syllable < len(form.replace(" ", "")) for d in deviations)


def test_nothing_deviates_from_no_text():
    with pytest.raises(TextError, match=r"'\?!'"):
        compared("?!", "가")


def test_what_is_no_syllable_has_no_sounds():
    assert compared("가", "가 ㄱ") == ("가", [])
    assert {d.kind for d in compared("가", "")[1]} == {"omission"}


def test_rules_hold_beside_a_word_that_cannot_be_read():
    assert compared("학교 가요", "학교 가요x") == ("학꾜 가요", [])
