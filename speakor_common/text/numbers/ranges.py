"""Ranges: ``1~2개`` (한두 개), ``3~4일`` (삼사 일), ``10-20명``, ``2,3명``.

Neighbours up to ten have words of their own. Anything else is said as "from … to …", in more ways
than one, so it is never certain.
"""

from __future__ import annotations

import re

from speakor_common.text.numbers.counters import Counter, find_counter, series
from speakor_common.text.numbers.numerals import LONGEST, native, native_pair, sino_pair
from speakor_common.text.numbers.phrases import (
    NUMBER,
    SCALE,
    Found,
    following,
    measured,
    month,
    preceding,
    spoken,
)
from speakor_common.text.numbers.units import SPACED, UNIT

RANGE = re.compile(
    rf"(?P<first>{NUMBER})(?:\s?(?P<sign>~)\s?|(?P<joint>[-,]))(?P<last>{NUMBER})(?![-/:.,]?[0-9])"
)
_SCALE = re.compile(rf"\s?(?P<scale>{SCALE}+)(?=[가-힣\s]|$)")
_UNIT = re.compile(rf"\s?(?P<unit>{UNIT})")
_RUN = re.compile("\\s?(?P<run>[가-힣]+)")
# Before these a pair is the usual word; dates, floors and grades are also said one by one.
_LENGTHS = frozenset("일 년 주 분 초 개월 주일 인분".split())
_COUNTED_NATIVE = 10  # ranges that end above are mostly said in Sino-Korean: 십에서 이십 명


def number_range(match: re.Match[str]) -> Found | None:
    """Two numbers with a sign between, and what is counted."""
    # 2,3명 lists two digits; 1,002명 is one number.
    text = match.string
    if match["joint"] == "," and len(match[0]) > 3:
        return None
    first, last = match["first"].replace(",", ""), match["last"].replace(",", "")
    if max(len(first), len(last)) > LONGEST:
        return None
    is_pair = first.isdigit() and last.isdigit() and int(last) == int(first) + 1
    is_rising = float(first) < float(last)

    # What is measured, scaled or counted. A bare range is one only with a tilde.
    unit = _UNIT.match(text, match.end())
    if unit and (match["sign"] or (match["joint"] == "-" and is_rising)):
        return measured(_sino_amounts(first, last, is_pair), unit)
    scale = _SCALE.match(text, match.end())
    if scale and match["joint"] != ",":
        return Found(scale.end(), _scaled(first, last, is_pair, scale["scale"]))
    run = _RUN.match(text, match.end())
    counter = find_counter(run["run"]) if run else None
    if counter and run and (match["sign"] or is_pair or (match["joint"] == "-" and is_rising)):
        return _counted(match, first, last, run, counter)
    return Found(match.end(), _between(first, last)) if match["sign"] else None


def _counted(
    match: re.Match[str], first: str, last: str, run: re.Match[str], counter: Counter
) -> Found | None:
    """A range before a counter; digits with a comma are one only as neighbours below ten."""
    whole = first.isdigit() and last.isdigit()
    low, high = (int(first), int(last)) if whole else (0, 0)
    is_pair = whole and high == low + 1
    if match["joint"] == "," and not (is_pair and high <= 9):
        return None
    before = preceding(match.string, match.start())
    after = counter.tail + following(match.string, run.end())
    orders = series(high, counter, before, after) if whole and high <= 99 else ("sino",)

    # Native pairs and small numbers first, unless the counter is Sino-Korean.
    said: tuple[str, ...] = ()
    if "native" in orders and low > 0 and high <= _COUNTED_NATIVE:
        said = _native_range(low, high, run["run"], counter.word)
    if counter.word == "월" and whole and low >= 1 and high <= 12:
        tail = run["run"].removeprefix("월")
        name = "오뉴" if low == 5 else sino_pair(low)  # 오뉴월 is a word
        pair = (f"{name}월{tail}",) if is_pair and name else ()
        between = tuple(f"{month(low)}{word} {month(high)}{tail}" for word in ("에서", "부터"))
        return Found(run.end(), between + pair)
    if orders != ("native",) or not said:
        amounts = _sino_amounts(first, last, is_pair)
        only = amounts[:1] if is_pair and counter.word in _LENGTHS and low < 9 else amounts
        said += tuple(f"{amount}{SPACED}{run['run']}" for amount in only)
    if "native" in orders and high > _COUNTED_NATIVE and low > 0:
        said += (f"{native(low)}에서 {native(high)} {run['run']}",)
    if match["joint"] == ",":
        said += (f"{native(low)} {counter.word} {native(high)} {run['run']}",)
    return Found(run.end(), said)


def _native_range(low: int, high: int, run: str, word: str) -> tuple[str, ...]:
    pairs = native_pair(low) if high == low + 1 and word != "시" else ()
    said = tuple(f"{pair} {run}" for pair in pairs)
    if pairs and low <= 2:
        return said

    # 세 시에서 네 시: the counter is said twice; a pair of hours is rarer.
    whole = tuple(f"{native(low)} {word}{joint} {native(high)} {run}" for joint in ("에서", "부터"))
    rare = tuple(f"{pair} {run}" for pair in native_pair(low)) if word == "시" else ()
    return said + whole + (rare if high == low + 1 else ())


def _sino_amounts(first: str, last: str, is_pair: bool) -> tuple[str, ...]:
    pair = sino_pair(int(first)) if is_pair else ""
    return ((pair,) if pair else ()) + _between(first, last) + _tens(first, last)


def _between(first: str, last: str) -> tuple[str, ...]:
    low, high = spoken(first)[0], spoken(last)[0]
    return (f"{low}에서 {high}", f"{low}부터 {high}")


def _tens(first: str, last: str) -> tuple[str, ...]:
    """이삼십 for 20~30."""
    if not (re.fullmatch("[1-8]0", first) and last == f"{int(first[0]) + 1}0"):
        return ()
    return (sino_pair(int(first[0])) + "십",)


def _scaled(first: str, last: str, is_pair: bool, scale: str) -> tuple[str, ...]:
    """이삼만, 십에서 이십만."""
    amounts = _sino_amounts(first, last, is_pair)
    only = amounts[:1] if is_pair and sino_pair(int(first)) else amounts
    return tuple(amount + scale for amount in only)
