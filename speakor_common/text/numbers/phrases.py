"""Amounts and ordinals: a number with what it counts, measures or ranks.

``3개``, ``제3장``, ``5kg``, ``-3도``. Each function takes a match of its
pattern and returns where the piece ends and what it can be read as, the likeliest first, or nothing
if the piece is of another kind.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from speakor_common.text.numbers.counter_words import HOMOGRAPHS, MEASURES, SINO_COUNTERS
from speakor_common.text.numbers.counters import (
    Counter,
    Series,
    begins_like_counter,
    find_counter,
    is_surely_sino,
    is_tail,
    series,
)
from speakor_common.text.numbers.numerals import (
    LONGEST,
    ZEROS,
    decimal,
    digits,
    mixed,
    native,
    place,
    sino,
)
from speakor_common.text.numbers.units import (
    DEGREES,
    JOINED,
    SPACED,
    UNIT,
    UNITS,
)

NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?"
SCALE = "(?:[십백천]?[만억조]|[십백천])"
HANGUL = re.compile("[가-힣]*")
# Counters whose number is written together where the text writes digits together with them.
JOINED_COUNTERS = frozenset([*SINO_COUNTERS, "시", "분"])
PLAIN = re.compile(rf"(?P<sign>[-+])?(?P<number>{NUMBER})")

_MEASURE = re.compile(rf"\s?(?P<unit>{UNIT})")
_RUN = re.compile(r"(?P<gap>\s?)(?P<run>[가-힣]+)")
_TO_NEXT = re.compile(r"\s?~\s?(?=[0-9])|-(?=[0-9])")  # 2시~3시: the sign is a word of its own
_ORDINAL = re.compile(r"(?<![가-힣])제\s?$")
_RANKED = frozenset("장 권 과 회 차 조 항 호 편 부 기 대 절 막 악장 세대 학년 공화국".split())
_CONTEXT = 24  # characters on either side that are looked at
_MONTHS = {6: "유", 10: "시"}
_SIGNS = {"-": ("마이너스 ",), "+": ("플러스 ",)}
_DEGREE_SIGNS = {"-": ("영하 ", "마이너스 "), "+": ("영상 ", "플러스 ")}


class Found(NamedTuple):
    """End of a piece in its text, and its readings, the likeliest first."""

    end: int
    readings: tuple[str, ...]


def preceding(text: str, position: int) -> str:
    """The words before a number that can tell how it is meant."""
    return text[max(0, position - _CONTEXT) : position]


def following(text: str, position: int) -> str:
    """The words behind it."""
    return text[position : position + _CONTEXT]


def plain(match: re.Match[str]) -> Found | None:
    """A number, with or without a sign, a unit or a counter."""
    text, number = match.string, match["number"].replace(",", "")
    unit = _MEASURE.match(text, match.end())
    if unit:
        said = measured(spoken(number), unit)
        return _signed(match["sign"], to_next(text, said), unit["unit"] in DEGREES)
    if re.match("[A-Za-z]", text[match.end() : match.end() + 1]):
        return None

    # A run of Hangul behind it is a counter, the noun that is counted, or only particles.
    run = _RUN.match(text, match.end())
    said = _counted(number, run, preceding(text, match.start())) if run else ()
    if run and said:
        is_whole = bool(find_counter(run["run"]))
        found = Found(run.end(), said)
        found = to_next(text, found) if is_whole else found
        return _signed(match["sign"], found, run["run"].startswith("도"))
    bare = ZEROS if number == "0" else spoken(number)
    return _signed(match["sign"], Found(match.end(), bare))


def spoken(number: str) -> tuple[str, ...]:
    """Sino-Korean readings of digits without separators; several where a zero has two names."""
    whole = number.partition(".")[0]
    if len(whole) > LONGEST or (len(whole) > 1 and whole.startswith("0")):
        return tuple(
            " 점 ".join(digits(part, zero) for part in number.split(".")) for zero in ZEROS
        )
    return tuple(dict.fromkeys(decimal(number, zero) for zero in ZEROS))


def month(value: int) -> str:
    """Name of a month; June and October lose a coda.

    >>> month(6), month(12)
    ('유월', '십이월')
    """
    return _MONTHS.get(value, sino(value)) + "월"


def measured(amounts: tuple[str, ...], unit: re.Match[str]) -> Found:
    """Amounts with a Latin unit or a sign, kept apart from a noun that follows (오 미터 달리기)."""
    run = HANGUL.match(unit.string, unit.end())
    gap = "" if run is None or is_tail(run[0]) else " "
    templates = UNITS[unit["unit"]]
    return Found(unit.end(), tuple(t.format(a) + gap for a in amounts for t in templates))


def to_next(text: str, found: Found) -> Found:
    """A sign that leads from this amount to the next is spoken: 두 시에서 세 시."""
    sign = _TO_NEXT.match(text, found.end)
    if not sign:
        return found
    said = tuple(reading + word for word in ("에서 ", "부터 ") for reading in found.readings)
    return Found(sign.end(), said)


def _signed(sign: str | None, found: Found, is_degree: bool = False) -> Found:
    if not sign:
        return found
    names = (_DEGREE_SIGNS if is_degree else _SIGNS)[sign]
    return Found(found.end, tuple(name + said for name in names for said in found.readings))


def _counted(number: str, behind: re.Match[str], before: str) -> tuple[str, ...]:
    """Readings of a number with the run of Hangul behind it; none where the number stands alone."""
    gap, run = behind["gap"], behind["run"]
    counter = find_counter(run) or (None if gap else begins_like_counter(run))
    ranked = not before[-1:].isspace() or (counter.word if counter else run) in _RANKED
    if _ORDINAL.search(before) and ranked:
        return tuple(said + gap + run for said in spoken(number))
    if counter is None and (gap or is_tail(run)):
        return ()

    # Decimals and leading zeros are Sino-Korean, but 03시 and 05분 are hours and minutes.
    if counter and counter.word in "월일시분초" and re.fullmatch("0[1-9]", number):
        number = number[1:]
    if not number.isdigit() or spoken(number) != (sino(int(number[-LONGEST:])),):
        return _uncounted(number, gap, run)
    return _whole(int(number), counter, behind, before)


def _uncounted(number: str, gap: str, run: str) -> tuple[str, ...]:
    counter = find_counter(run)
    is_measure = counter is not None and counter.word in MEASURES
    space = SPACED if gap or is_measure else JOINED
    said = tuple(f"{words}{space}{run}" for words in spoken(number))
    half = number.partition(".5")[0]
    if run.startswith("시간") and number == f"{half}.5" and 1 <= int(half) <= 99:
        said += (f"{native(int(half))} 시간 반{run[2:]}",)
    return said


def _whole(
    value: int, counter: Counter | None, behind: re.Match[str], before: str
) -> tuple[str, ...]:
    """Readings of a whole number before a counter, or before a noun that is not known as one."""
    run = behind["run"]
    if counter is None:
        said = (f"{sino(value)}{run}",)
        unsure = 1 <= value <= 99 and not is_surely_sino(run)
        return (*said, f"{native(value)} {run}") if unsure else said
    if counter.word.startswith("월"):
        return (month(value) + run.removeprefix("월"),)
    if counter.word == "여":  # 삼십여 명
        return (f"{sino(value)}여 {counter.tail}".rstrip(),)
    if counter.word in ("째", "번째") and 1 <= value <= 99 and (value == 1 or counter.word == "째"):
        gap = " " if counter.word == "번째" else ""
        return (f"{place(value)}{gap}{run}",)

    # Glued to the next word without a space, a counter is not certain to be one.
    after = counter.tail + following(behind.string, behind.end())
    orders = series(value, counter, before, after)
    if not find_counter(run):
        orders = (*orders, *({"native", "sino"} - set(orders)))
    said = tuple(_say(value, order, counter, behind, before) for order in orders)

    # Buses, rooms and the like with long numbers are also read digit by digit.
    if counter.word == "번" and value >= 100 and "sino" in orders:
        said += (f"{digits(str(value), '공')}{SPACED}{run}",)
    return said


def _say(value: int, order: Series, counter: Counter, behind: re.Match[str], before: str) -> str:
    run = behind["run"]
    if order == "native" and value:
        apart = " " if re.search("[가-힣]$", before) else ""
        return f"{apart}{native(value) if value < 100 else mixed(value)} {run}"
    joined = not behind["gap"] and (counter.word in JOINED_COUNTERS or run in HOMOGRAPHS)
    return f"{sino(value)}{JOINED if joined else SPACED}{run}"
