"""Numeral words read back to the value they came from, with an inverse that knows no rules."""

import re

from hypothesis import given
from hypothesis import strategies as st

from speakor_common.text.numbers import readings
from speakor_common.text.numbers.numerals import decimal, mixed, native, sino

_UNITS = {"십": 10, "백": 100, "천": 1000}
_GROUPS = {"만": 10**4, "억": 10**8, "조": 10**12}
_SINO = {c: i for i, c in enumerate("영일이삼사오육칠팔구")}
_NATIVE = dict(
    zip(
        "스물 스무 서른 마흔 쉰 예순 일흔 여든 아흔 열 "
        "하나 한 두 세 네 다섯 여섯 일곱 여덟 아홉 첫".split(),
        (20, 20, 30, 40, 50, 60, 70, 80, 90, 10, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1),
        strict=True,
    )
)


def value_of(words: str) -> int:
    """Value of a whole number in Sino-Korean, native or mixed words."""
    total = group = digit = 0
    for token in re.findall("|".join([*_NATIVE, "[영-힣]", "."]), words.replace(" ", "")):
        if token in _NATIVE:
            group += _NATIVE[token]
        elif token in _UNITS:
            group += (digit or 1) * _UNITS[token]
            digit = 0
        elif token in _GROUPS:
            total += (group + digit or 1) * _GROUPS[token]
            group = digit = 0
        else:
            digit = _SINO[token]
    return total + group + digit


@given(st.integers(0, 10**16 - 1))
def test_sino_korean_words_read_back(number):
    assert value_of(sino(number)) == number
    assert value_of(sino(number, one=True)) == number


@given(st.integers(1, 99), st.integers(0, 10**6))
def test_native_and_mixed_words_read_back(small, hundreds):
    assert value_of(native(small)) == small
    assert value_of(mixed(hundreds * 100 + small)) == hundreds * 100 + small


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_decimals_read_back(whole, places):
    said, _, digits = decimal(f"{whole}.{places}").partition(" 점 ")
    assert value_of(said) == whole
    assert "".join(str(_SINO[c]) for c in digits) == str(places)


@given(
    st.integers(1, 10**7),
    st.sampled_from("개 명 살 시간 마리 원 층 년 미터 퍼센트 배 회 단계 학년".split()),
    st.sampled_from(["{}", "{:,}"]),
)
def test_every_reading_of_an_amount_has_its_value(number, counter, form):
    found = readings(form.format(number) + counter)
    assert all(whole.endswith(counter) for whole in found.alternatives())
    assert {value_of(w.removesuffix(counter)) for w in found.alternatives()} == {number}


@given(st.integers(1, 9999), st.sampled_from(["만", "억"]), st.integers(1, 9))
def test_scaled_numbers_read_back(head, scale, thousands):
    found = readings(f"{head}{scale} {thousands}천 원")
    expected = head * _GROUPS[scale] + thousands * 1000
    assert {value_of(w.removesuffix(" 원")) for w in found.alternatives()} == {expected}
