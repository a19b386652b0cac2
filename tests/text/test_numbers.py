"""Written numbers: a table for each kind, and what holds for all numbers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common import text
from speakor_common.text.numbers import readings
from speakor_common.text.numbers.numerals import decimal, mixed, native, sino

# The text, its likeliest reading, and every other reading of its number; none where it is certain.
DATES = [
    ("6월 6일", "유월 육일", []),
    ("10월 9일에", "시월 구일에", []),
    ("12월", "십이월", []),
    ("10월달", "시월달", []),
    ("2023년 10월 3일", "이천이십삼년 시월 삼일", []),
    ("2023-10-03", "이천이십삼년 시월 삼일", []),
    ("2023.10.3", "이천이십삼년 시월 삼일", []),
    ("2023. 6. 15", "이천이십삼년 유월 십오일", []),
    ("01월 05일", "일월 오일", []),
    ("10/3", "시월 삼일", ["삼분의 십"]),
    ("1990년대", "천구백구십년대", []),
    ("20세기", "이십세기", []),
    ("6·25 전쟁", "육이오 전쟁", []),
    ("6ㆍ25", "육이오", []),
    ("3.1절", "삼일절", []),
    ("4·19", "사일구", []),
    ("6.25", "육이오", ["육 점 이오"]),
]
CLOCK = [
    ("2:10", "두 시 십 분", []),
    ("2:30", "두 시 삼십 분", ["두 시 반"]),
    ("03:05", "세 시 오 분", []),
    ("12:00", "열두 시", []),
    ("14:05", "십사 시 오 분", ["열네 시 오 분", "두 시 오 분"]),
    ("2시 30분", "두 시 삼십분", []),
    ("2시30분", "두 시 삼십분", []),
    ("13시", "십삼시", []),
    ("0시", "영시", []),
    ("오전10시에", "오전 열 시에", []),
    ("10:45:30", "열 시 사십오 분 삼십 초", ["열 시간 사십오 분 삼십 초"]),
    ("2시~3시", "두 시에서 세 시", ["두 시부터"]),
]
DURATIONS = [
    ("3시간", "세 시간", []),
    ("24시간", "이십사 시간", ["스물네 시간"]),
    ("1.5시간", "일 점 오시간", ["한 시간 반"]),
    ("30분", "삼십분", []),
    ("10분은 걸려요", "십분은 걸려요", []),
    ("5초", "오초", []),
    ("3개월", "삼개월", []),
    ("3달", "세 달", []),
    ("2주", "이주", []),
    ("1년", "일년", []),
    ("1박 2일", "일박 이일", []),
]
CODES = [
    ("010-1234-5678", "공일공 일이삼사 오육칠팔", []),
    ("010 1234 5678로", "공일공 일이삼사 오육칠팔로", []),
    ("01012345678", "공일공일이삼사오육칠팔", []),
    ("02)123-4567", "공이 일이삼 사오육칠", []),
    ("1588-1234", "일오팔팔 일이삼사", []),
    ("1234-5678-9012-3456", "일이삼사 오육칠팔 구공일이 삼사오육", []),
    ("1234 5678 9012 3456", "일이삼사 오육칠팔 구공일이 삼사오육", []),
    ("110-123-456789", "일일공 일이삼 사오육칠팔구", []),
    ("119에 전화", "일일구에 전화", []),
    ("112", "일일이", ["백십이"]),
    ("119명", "백십구 명", ["백열아홉 명"]),
    ("007", "영영칠", ["공공칠"]),
    ("3-2", "삼 다시 이", ["삼 대 이", "삼 이"]),
]
RANGES = [
    ("1~2개", "한두 개", []),
    ("2-3명", "두세 명", []),
    ("2,3명", "두세 명", ["두 명 세 명"]),
    ("3~4일", "삼사 일", []),
    ("5~6년", "오륙 년", []),
    ("3~4개", "서너 개", ["세네 개", "세 개에서 네 개", "세 개부터 네 개"]),
    (
        "5~6시간",
        "대여섯 시간",
        ["다섯 여섯 시간", "다섯 시간에서 여섯 시간", "다섯 시간부터 여섯 시간"],
    ),
    (
        "10~20명",
        "십에서 이십 명",
        ["십부터 이십 명", "일이십 명", "열에서 스무 명"],
    ),
    ("5~6월", "오월에서 유월", ["오월부터 유월", "오뉴월"]),
    ("9~10개", "아홉 개에서 열 개", ["아홉 개부터 열 개"]),
    ("2~3만 원", "이삼만 원", []),
]
FRACTIONS_AND_DECIMALS = [
    ("1/2", "이분의 일", []),
    ("3/4컵", "사분의 삼 컵", []),
    ("3분의 1", "삼분의 일", []),
    ("3분의 일", "삼분의 일", []),
    ("24/7", "이십사 칠", ["칠분의 이십사"]),
    ("3.14", "삼 점 일사", []),
    ("0.5", "영 점 오", []),
    ("3.05", "삼 점 영오", ["삼 점 공오"]),
    ("3.5점", "삼 점 오점", []),
    ("3:2", "삼 대 이", []),
    ("3대 2로 이겼다", "삼 대 이로 이겼다", []),
]
ORDINALS = [
    ("1번째", "첫 번째", []),
    ("2번째", "두 번째", []),
    ("20번째", "스무 번째", []),
    ("21번째", "스물한 번째", []),
    ("3째", "셋째", []),
    ("제3장", "제삼장", []),
    ("제1권", "제일권", []),
    ("제 2 과", "제 이 과", []),
    ("1등", "일등", []),
    ("1위", "일위", []),
    ("2학년", "이학년", []),
    ("1층", "일층", []),
]
SIGNS_UNITS_MONEY = [
    ("-3", "마이너스 삼", []),
    ("-3도", "영하 삼도", ["마이너스 삼도"]),
    ("5m를", "오 미터를", []),
    ("100m달리기", "백 미터 달리기", []),
    ("1L", "일 리터", []),
    ("30㎡", "삼십 제곱미터", []),
    ("30m²", "삼십 제곱미터", []),
    ("100㎖", "백 밀리리터", ["백 밀리", "백 미리"]),
    ("3㎜", "삼 밀리미터", ["삼 밀리"]),
    ("3kg", "삼 킬로그램", ["삼 킬로"]),
    ("25°C", "이십오 도", ["섭씨 이십오 도"]),
    ("25℃", "이십오 도", ["섭씨 이십오 도"]),
    ("5%", "오 퍼센트", ["오 프로"]),
    ("5m-10m", "오 미터에서 십 미터", ["오 미터부터"]),
    ("8GB", "팔 기가바이트", ["팔 기가"]),
    ("$5", "오 달러", []),
    ("₩5,000", "오천 원", []),
    ("￦5,000", "오천 원", []),
    ("5,000원", "오천원", []),
    ("¥500", "오백 엔", ["오백 위안"]),
    ("5달러", "오 달러", []),
]
COUNTERS = [
    ("3개", "세 개", []),
    ("3 개", "세 개", []),
    ("20살", "스무 살", []),
    ("99살", "아흔아홉 살", []),
    ("25명", "스물다섯 명", ["이십오 명"]),
    ("100개", "백 개", []),
    ("101개", "백한 개", ["백일 개"]),
    ("2배", "두 배", []),
    ("3끼", "세 끼", []),
    ("3통", "세 통", []),
    ("3줄", "세 줄", []),
    ("3칸", "세 칸", []),
    ("3쌍", "세 쌍", []),
    ("3그루", "세 그루", []),
    ("3조각", "세 조각", []),
    ("30여 명", "삼십여 명", []),
    ("3개를샀어요", "세 개를샀어요", ["삼 개를샀어요"]),
    ("3개 국어", "삼 개 국어", []),
    ("3번 출구", "삼 번 출구", []),
    ("7번 버스", "칠 번 버스", []),
    ("하루에 3번 먹어요", "하루에 세 번 먹어요", []),
    ("1주일에 2번", "일주일에 두 번", []),
    ("하루에 3번 버스를", "하루에 세 번 버스를", ["삼 번"]),
    ("3번", "세 번", ["삼 번"]),
    ("20대 여자", "이십 대 여자", []),
    ("컴퓨터 3대", "컴퓨터 세 대", []),
    ("자동차 20대", "자동차 스무 대", ["이십 대"]),
    ("20대", "이십 대", ["스무 대"]),
    ("5분이", "오분이", ["다섯 분이"]),
    ("손님 2분이 오셨어요", "손님 두 분이 오셨어요", []),
    ("책 3권", "책 세 권", []),
    ("1권", "한 권", ["일 권"]),
]
NO_COUNTERS = [
    ("2병원", "이병원", ["두 병원"]),
    ("3명동", "삼명동", ["세 명동"]),
    ("2번역", "이번역", ["두 번역"]),
    ("3시즌", "삼시즌", ["세 시즌"]),
    ("3살인", "삼살인", ["세 살인"]),
    ("2만두", "이만두", ["두 만두"]),
    ("4대학", "사대학", ["네 대학"]),
]
LARGE = [
    ("113386", "십일만 삼천삼백팔십육", []),
    ("1만", "만", ["일만"]),
    ("3만 5천 원", "삼만 오천 원", []),
    ("3만5천원", "삼만 오천원", []),
    ("10억", "십억", []),
    ("1.5억", "일 점 오억", []),
    ("0", "영", ["공"]),
    ("80이 넘으신", "팔십이 넘으신", []),
]
TABLES = {
    "dates": DATES,
    "clock": CLOCK,
    "durations": DURATIONS,
    "codes": CODES,
    "ranges": RANGES,
    "fractions and decimals": FRACTIONS_AND_DECIMALS,
    "ordinals": ORDINALS,
    "signs, units and money": SIGNS_UNITS_MONEY,
    "counters": COUNTERS,
    "no counters": NO_COUNTERS,
    "large": LARGE,
}
CASES = [pytest.param(*case, id=f"{kind}: {case[0]}") for kind, t in TABLES.items() for case in t]


@pytest.mark.parametrize(("raw", "best", "others"), CASES)
def test_readings(raw, best, others):
    found = readings(raw)
    assert found.best == best
    assert [reading for _, said in found.ambiguous for reading in said[1:]] == others


@pytest.mark.parametrize("raw", ["CO2", "MP3", "5G", "3D", "B1층", "2PM", "A4"])
def test_digits_in_words_of_letters_are_left_alone(raw):
    assert readings(raw).best == raw


def test_alternatives_are_whole_texts():
    found = readings("3번과 20대")
    assert list(found.alternatives()) == [
        "세 번과 이십 대",
        "세 번과 스무 대",
        "삼 번과 이십 대",
        "삼 번과 스무 대",
    ]
    assert found.ambiguous == (("3번과", ("세 번과", "삼 번과")), ("20대", ("이십 대", "스무 대")))


def test_spellings_are_spaced_either_way():
    assert list(readings("30분").spellings()) == ["삼십분", "삼십 분"]
    assert list(readings("5m").spellings()) == ["오 미터", "오미터"]
    assert list(readings("3개").spellings()) == ["세 개"]


def test_many_ambiguous_numbers_stay_few_spellings():
    found = list(readings("3번, " * 40).spellings())
    assert len(found) <= 3 * 64
    assert len({spelling for spelling in found if spelling.count("삼 번") == 1}) == 40


# An inverse of its own: words → value, by place values alone.
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


@given(st.text(st.sampled_from("0123456789.,:/-~+%$ 개번대시월일분만제mLkgCO각가를"), max_size=24))
def test_no_digit_remains_unless_it_is_reported(raw):
    left = re.findall("[0-9]+", readings(raw).best)
    reported = " ".join(text.unreadable_parts(raw))
    assert all(digits in reported for digits in left)
    assert not re.search("[0-9]", text.normalize_korean(raw))


@given(st.text(max_size=60))
def test_any_text_has_readings_and_the_best_is_the_first(raw):
    found = readings(raw)
    assert next(found.alternatives()) == next(found.spellings()) == found.best
    assert all(len(set(said)) > 1 for _, said in found.ambiguous)


@pytest.mark.parametrize("unit", ["1", "1,", "1-", "3번 ", "1개", "1만", "$", "1여", "1에에에에"])
def test_long_runs_neither_raise_nor_blow_up(unit):
    assert text.normalize_korean(unit * 2000) is not None


@pytest.mark.parametrize(
    "form", ["{}", "{}만 원", "${}", "${}.50", "{}~{}개", "{}-{}", "{}/{}", "{}:{}"]
)
@pytest.mark.parametrize("digits", ["9" * 16, "9" * 17, "9" * 6000])
def test_numbers_without_a_name_are_read_by_their_digits(form, digits):
    best = readings(form.replace("{}", digits)).best
    assert not re.search("[0-9]", best)
    assert best.count("구") >= len(digits)
