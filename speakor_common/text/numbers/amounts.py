"""Amounts with a scale in words (``3만 5천``, ``1.5억``) and of money (``$5``, ``₩5,000``)."""

from __future__ import annotations

import re

from speakor_common.text.numbers.counters import find_counter, is_tail
from speakor_common.text.numbers.numerals import LONGEST, decimal, sino
from speakor_common.text.numbers.phrases import (
    HANGUL,
    JOINED_COUNTERS,
    NUMBER,
    SCALE,
    Found,
    spoken,
)
from speakor_common.text.numbers.units import CURRENCIES, CURRENCY, JOINED, SPACED

SCALED = re.compile(
    rf"{NUMBER}{SCALE}(?:\s?{NUMBER}{SCALE})*(?:(?:\s?[0-9]{{2,}}|[0-9])(?![0-9,.:~/-]))?"
)
MONEY = re.compile(rf"(?P<currency>{CURRENCY})\s?(?P<number>{NUMBER})(?P<scale>{SCALE}*)")
_PART = re.compile(rf"({NUMBER})({SCALE}*)")
_VALUES = {"십": 10, "백": 100, "천": 1000, "만": 10**4, "억": 10**8, "조": 10**12}


def scaled(match: re.Match[str]) -> Found | None:
    """A number written with 십, 백, 천, 만, 억 or 조: 3만 5천, 1.5억."""
    text, piece = match.string, match[0]
    parts = _PART.findall(piece.replace(",", ""))
    run = HANGUL.match(text, match.end())
    behind = run[0] if run else ""
    if behind and not (is_tail(behind) or find_counter(behind)):
        return None

    # 3조각 is three pieces, not three trillion 각.
    start = re.match(NUMBER, piece)
    whole_run = HANGUL.match(text, match.start() + start.end()) if start else None
    counter = find_counter(whole_run[0]) if whole_run else None
    if counter and counter.word not in ("조", "만"):
        return None

    # 1만 is 만 or 일만; a decimal keeps its scale as it is written: 일 점 오억.
    if any("." in number for number, _ in parts):
        said = (" ".join("".join((decimal(number), scale)) for number, scale in parts),)
    else:
        # Beyond 조 a number has no name here; its digits are read instead.
        if max(len(number) for number, _ in parts) > LONGEST:
            return None
        value = sum(int(number) * _scale(scale) for number, scale in parts)
        if value >= 10**LONGEST:
            return None
        said = (sino(value),)
        said += (sino(value, one=True),) if parts[0][0] == "1" and value < 10**8 else ()
    counted = find_counter(behind) if not is_tail(behind) else None
    gap = (JOINED if counted.word in JOINED_COUNTERS else SPACED) if counted else ""
    return Found(match.end(), tuple(words + gap for words in said))


def _scale(name: str) -> int:
    value = 1
    for syllable in name:
        value *= _VALUES[syllable]
    return value


def money(match: re.Match[str]) -> Found:
    """A sign of currency before its amount; cents are said as such, or as decimals."""
    number, scale = match["number"].replace(",", ""), match["scale"]
    names = CURRENCIES[match["currency"]]
    amounts = spoken(number)
    if number.isdigit() and len(number) <= LONGEST // 2:
        amounts = (sino(int(number) * _scale(scale)),)
    elif scale:
        amounts = tuple(amount + scale for amount in amounts)
    said = tuple(f"{amount}{SPACED}{name}" for name in names for amount in amounts)

    # $5.50: five dollars and fifty cents.
    whole, _, cents = number.partition(".")
    if len(cents) == 2 and int(cents) and len(whole) <= LONGEST and match["currency"] in "$€":
        said = (f"{sino(int(whole))} {names[0]} {sino(int(cents))} 센트", *said)
    return Found(match.end(), said)
