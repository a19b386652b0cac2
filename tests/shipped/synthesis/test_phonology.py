"""Pronounced Hangul to phones and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.shipped.synthesis.phonology import to_hangul, to_phones, to_syllables


@pytest.mark.parametrize(
    ("pronounced", "phones"),
    [
        ("가구", "kaɡu."),  # voiced between vowels
        ("궁물", "kuŋmul."),
        ("빨리", "ʔpalli."),  # a doubled ㄹ is no flap
        ("시", "ɕi."),  # palatal before ㅣ
        ("사람", "saɾam."),
        ("가 가", "ka ɡa."),
    ],
)
def test_phones_follow_korean_allophony(pronounced, phones):
    assert to_phones(to_syllables(pronounced)) == phones


def test_a_pause_is_a_comma_and_ends_voicing():
    assert to_phones(to_syllables("가 가"), frozenset({0})) == "ka, ka."


@pytest.mark.parametrize(
    ("coda", "heard"), [("낚", "낙"), ("앉", "안"), ("옷", "옫"), ("앞", "압")]
)
def test_codas_are_neutralised(coda, heard):
    assert to_hangul(to_syllables(coda)) == heard


@pytest.mark.parametrize(("part", "spoken"), [("onset", "악"), ("coda", "가")])
def test_a_removed_onset_is_silent_and_a_removed_coda_is_none(part, spoken):
    (syllable,) = to_syllables("각")
    assert to_hangul([syllable.with_part(part, "")]) == spoken


@given(st.lists(st.text("가나다라강달봄입국", min_size=1, max_size=4), min_size=1, max_size=4))
def test_what_is_pronounced_comes_back(words):
    text = " ".join(words)
    assert to_hangul(to_syllables(text)) == text
