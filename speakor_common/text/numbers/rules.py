"""Numbers that are no amounts: telephone numbers, dates, clock times, fractions, scores, names.

:data:`RULES` lists every kind of number with its pattern, the special before the general; the first
rule that answers is right. A rule takes a match and returns where the piece ends and its readings.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from speakor_common.text.numbers.amounts import MONEY, SCALED, money, scaled
from speakor_common.text.numbers.counters import find_counter, is_tail
from speakor_common.text.numbers.numerals import ZEROS, decimal, digits, native, sino
from speakor_common.text.numbers.phrases import (
    PLAIN,
    SCALE,
    Found,
    month,
    plain,
)
from speakor_common.text.numbers.ranges import RANGE, number_range
from speakor_common.text.numbers.units import CURRENCY, JOINED, SPACED

Rule = Callable[[re.Match[str]], Found | None]

# A number begins at a digit that is not part of a word with letters (CO2), at a sign of currency,
# or at a sign of its own before it.
START = re.compile(
    rf"(?<![0-9A-Za-z])(?<![A-Za-z]-)"
    rf"(?:[0-9]|{CURRENCY}(?=\s?[0-9])|(?<![^\s(\"'“‘])(?:[-+]|\.)(?=[0-9]))"
)

# Days that are called by their digits (삼일절, 육이오).
_DAYS = {
    "3.1": "삼일",
    "4.3": "사삼",
    "4.19": "사일구",
    "5.16": "오일육",
    "5.18": "오일팔",
    "6.10": "육십",
    "6.25": "육이오",
    "8.15": "팔일오",
    "10.26": "십이육",
    "12.12": "십이십이",
}
_OF_DAYS = re.compile(
    r"\s?(?:절|운동|전쟁|사변|혁명|사태|사건|민주|광복|항쟁|만세|의거|쿠데타|정신|참전|세대)"
)
_DECIMALS_FIRST = frozenset(["3.1", "4.3"])
_EMERGENCY = re.compile(
    r"\s?(?:구급|구조|신고|안전|소방|대원|상황|전화|부르|불러|불렀)|(?:에|로|으로)(?![가-힣])"
)
_COMMON_PARTS = frozenset([2, 3, 4, 5, 10, 100])  # of fractions: halves, thirds …
_NAMES = {"63빌딩": ("육삼빌딩",), "88올림픽": ("팔팔올림픽",)}


def _telephone(match: re.Match[str]) -> Found:
    return Found(match.end(), (digits(match[0], "공"),))


def _service_line(match: re.Match[str]) -> Found:
    """1588-1234; two years of one century could also be a span."""
    said = (digits(match[0], "공"),)
    if int(match[1]) < int(match[2]) < 2100:
        said += (f"{sino(int(match[1]))}에서 {sino(int(match[2]))}",)
    return Found(match.end(), said)


def _emergency(match: re.Match[str]) -> Found | None:
    """119, 112 and 114 are called by their digits, unless something is counted."""
    said = digits(match[0])
    if _EMERGENCY.match(match.string, match.end()):
        return Found(match.end(), (said,))
    run = re.compile("[가-힣]*").match(match.string, match.end())
    if run and (not is_tail(run[0]) or re.match(SCALE, run[0])):
        return None
    return Found(match.end(), (said, sino(int(match[0]))))


def _date(match: re.Match[str]) -> Found:
    year, day = sino(int(match["year"])), sino(int(match["day"]))
    return Found(match.end(), (f"{year}{JOINED}년 {month(int(match['month']))} {day}{JOINED}일",))


def _year_and_month(match: re.Match[str]) -> Found:
    said = f"{sino(int(match['year']))}{JOINED}년 {month(int(match['month']))}"
    other = decimal(match[0]) if "." in match[0] else digits(match[0])
    return Found(match.end(), (said, other))


def _clock(match: re.Match[str]) -> Found:
    """Twelve-hour times are native (두 시), those after them Sino-Korean (십사 시)."""
    hour, minute = int(match["hour"]), int(match["minute"])
    hours = (native(hour),) if 1 <= hour <= 12 else (sino(hour),)
    if hour > 12:
        hours += (native(hour), native(hour - 12))
    elif hour == 0:
        hours += ("열두",)

    # Half past is 삼십 분 or 반; with seconds it may be a duration.
    minutes = (f" {sino(minute)}{SPACED}분",) if minute else ("",)
    if minute == 30 and not match["second"]:
        minutes += (" 반",)
    if match["second"]:
        seconds = f" {sino(int(match['second']))}{SPACED}초"
        minutes = (minutes[0] + seconds,)
        hours += (f"{hours[0]} 시간",)
    said = (f"{h}{'' if ' 시간' in h else ' 시'}{m}" for m in minutes for h in hours)
    return Found(match.end(), tuple(said))


def _score(match: re.Match[str]) -> Found:
    """3:2 and 3대 2."""
    low, high = sino(int(match["a"])), sino(int(match["b"]))
    return Found(match.end(), (f"{low}{SPACED}대{SPACED}{high}",))


def _day(match: re.Match[str]) -> Found | None:
    """6·25 and 3.1절; 6.25 alone is also a decimal."""
    key = f"{match['a']}.{match['b']}"
    if key not in _DAYS:
        return None
    said = (_DAYS[key],)
    if match["dot"] == "." and not _OF_DAYS.match(match.string, match.end()):
        said = (decimal(key), *said) if key in _DECIMALS_FIRST else (*said, decimal(key))
    return Found(match.end(), said)


def _part(match: re.Match[str]) -> Found:
    """3분의 1."""
    rest = f" {sino(int(match['b']))}" if match["b"] else " "
    return Found(match.end(), (f"{sino(int(match['a']))}{JOINED}분의{rest}",))


def _fraction(match: re.Match[str]) -> Found:
    """1/2 is a half; 10/3 a day in October, 24/7 neither for certain."""
    a, b = int(match["a"]), int(match["b"])
    run = match.string[match.end() : match.end() + 8]
    gap = " " if find_counter(re.split("[^가-힣]", run)[0]) else ""
    fraction = f"{sino(b)}{JOINED}분의 {sino(a)}{gap}"
    if 0 < a < b and b in _COMMON_PARTS:
        return Found(match.end(), (fraction,))

    # The likelier first: parts are small and smaller than the whole, a month is at most 12.
    others = (f"{sino(a)} {sino(b)}{gap}",)
    is_day = 1 <= a <= 12 and 1 <= b <= 31
    if is_day:
        others = (f"{month(a)} {sino(b)}{JOINED}일{gap}",)
    is_part = 0 < a < b and not (is_day and b > 10)
    return Found(match.end(), (fraction, *others) if is_part else (*others, fraction))


def _joints(match: re.Match[str]) -> Found:
    """3-2: a score, a house number, a difference or a span."""
    a, b = sino(int(match["a"])), sino(int(match["b"]))
    rising = (f"{a}에서 {b}",) if int(match["a"]) < int(match["b"]) else ()
    return Found(match.end(), (*rising, f"{a} 다시 {b}", f"{a} 대 {b}", f"{a} {b}"))


def _dotted(match: re.Match[str]) -> Found:
    """1.2.3, the number of a version or a section."""
    parts = [sino(int(part)) for part in match[0].split(".")]
    return Found(match.end(), (" 점 ".join(parts), " ".join(parts)))


def _places(match: re.Match[str]) -> Found:
    """.5 without its zero."""
    said = tuple(digits(match[1], zero) for zero in ZEROS)
    return Found(match.end(), tuple(f"{head}점 {d}" for head in ("영 ", "") for d in said))


def _name(match: re.Match[str]) -> Found:
    return Found(match.end(), _NAMES[match[0]])


def _covid(match: re.Match[str]) -> Found:
    return Found(match.end(), ("십구", "일구"))


_PATTERNS: tuple[tuple[str, Rule], ...] = (
    # 010-1234-5678, 02) 123 4567, 01012345678; 1588-1234; cards, accounts and the like
    (r"0[0-9]{1,3}(?:[-. ]|\) ?)[0-9]{3,4}[-. ][0-9]{4}(?![-0-9])", _telephone),
    (r"01[016789][0-9]{7,8}(?![-0-9])", _telephone),
    (r"(1[568][0-9]{2})-([0-9]{4})(?![-0-9])", _service_line),
    (
        r"(?P<year>(?:19|20)[0-9]{2}|(?<!\S)[0-9]{2})\s?(?P<joint>[-./])\s?(?P<month>0?[1-9]|1[0-2])"
        r"\s?(?P=joint)\s?(?P<day>3[01]|[12][0-9]|0?[1-9])(?![-./]?[0-9])",
        _date,
    ),
    (r"[0-9]{4}(?:[- ][0-9]{4}){3}(?![-0-9])", _telephone),
    (r"(?=(?:-?[0-9]){8})[0-9]{2,7}(?:-[0-9]{1,8}){2,5}(?![-0-9])", _telephone),
    (r"[0-9]{6}-[0-9]{7}(?![-0-9])", _telephone),
    (r"11[249](?![0-9,.:~/-])", _emergency),
    (r"(?P<year>(?:19|20)[0-9]{2})[-./](?P<month>0[1-9]|1[0-2])(?![-./]?[0-9])", _year_and_month),
    (
        r"(?P<hour>2[0-4]|[01]?[0-9]):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?(?![:0-9])",
        _clock,
    ),
    (r"(?P<a>[0-9]{1,3}):(?P<b>[0-9]{1,3})(?![:0-9])", _score),
    (
        r"(?P<a>[0-9]{1,3})\s?대\s?(?P<b>[0-9]{1,3})(?![0-9,.])(?=[^가-힣]|$|로|으로|[의이가]\s|였|입)",
        _score,
    ),
    (r"(?P<a>[0-9]{1,2})\s?(?P<dot>[.·・‧])\s?(?P<b>[0-9]{1,2})(?![0-9]|\.[0-9])", _day),
    (
        r"(?P<a>[0-9]{1,4})\s?분의\s?(?:(?P<b>[0-9]{1,4})|(?=[일이삼사오육칠팔구](?![가-힣])))",
        _part,
    ),
    (r"(?P<a>[0-9]{1,4})/(?P<b>[0-9]{1,4})(?![/0-9])", _fraction),
    (r"[0-9]{1,4}(?:\.[0-9]{1,4}){2,}(?![0-9])", _dotted),
    (r"\.([0-9]+)", _places),
    ("|".join(_NAMES), _name),
    (r"(?<=코로나)19", _covid),
)
RULES: tuple[tuple[re.Pattern[str], Rule], ...] = (
    *((re.compile(pattern), rule) for pattern, rule in _PATTERNS),
    (MONEY, money),
    (RANGE, number_range),
    (re.compile(r"(?P<a>[0-9]{1,4})-(?P<b>[0-9]{1,4})(?![-.,/:]?[0-9])"), _joints),
    (SCALED, scaled),
    (PLAIN, plain),
)
