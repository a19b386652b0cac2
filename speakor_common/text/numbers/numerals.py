"""Values → Korean numeral words: Sino-Korean, native, mixed, digit by digit, decimal.

Only spelling stands here. Which series a counter takes, and what a written number means at all
(a date, a telephone number, a range), is decided in :mod:`speakor_common.text.numbers.rules`.
"""

from __future__ import annotations

ZEROS = ("영", "공")  # of decimals and leading zeros; in telephone numbers always 공
LONGEST = 16  # digits with a name of their own (up to 천조); longer runs are read one by one

_ONES = ("", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구")
_GROUPS = ("", "만", "억", "조")
_NATIVE_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
# Before 째, "first" and "second" have forms of their own, and "three" and "four" are nouns.
_BEFORE_PLACE = {"한": "첫", "두": "둘", "세": "셋", "네": "넷"}

# What neighbours become when they name "about so many": 한두 개, 서너 개; further readings behind.
_NATIVE_PAIRS = {
    1: ("한두",),
    2: ("두세",),
    3: ("서너", "세네"),
    4: ("네다섯", "네댓", "너댓"),
    5: ("대여섯", "다섯 여섯"),
    6: ("예닐곱", "여섯 일곱"),
    7: ("일고여덟", "일곱 여덟"),
    8: ("여덟아홉", "엳아홉", "여덟 아홉"),
}


def sino(value: int, one: bool = False) -> str:
    """Sino-Korean words, a space after each group of four digits (한글 맞춤법 §44).

    Args:
        value: 0 or more, at most :data:`LONGEST` digits.
        one: say the 일 of a leading 일만, 일천, 일백, 일십, which is usually left out.

    >>> sino(113386), sino(15000), sino(15000, one=True)
    ('십일만 삼천삼백팔십육', '만 오천', '일만 오천')
    """
    if value == 0:
        return ZEROS[0]
    words = []
    for power in reversed(range(len(_GROUPS))):
        group = value // 10 ** (4 * power) % 10_000
        if group:
            # 일 is left out of 만 at the start of a number only; 일억 and 일조 keep theirs.
            bare = group == 1 and power == 1 and not words and not one
            words.append(("" if bare else _thousands(group, one and not words)) + _GROUPS[power])
    return " ".join(words)


def _thousands(group: int, one: bool) -> str:
    words = ""
    for name, unit in (("천", 1000), ("백", 100), ("십", 10)):
        digit = group // unit % 10
        if digit:
            words += ("" if digit == 1 and not (one and not words) else _ONES[digit]) + name
    return words + _ONES[group % 10]


def native(value: int) -> str:
    """Native words before a counter, 1 to 99.

    >>> native(3), native(20), native(21)
    ('세', '스무', '스물한')
    """
    return "스무" if value == 20 else _NATIVE_TENS[value // 10] + _NATIVE_ONES[value % 10]


def mixed(value: int) -> str:
    """Sino-Korean hundreds with native tens and ones, as before native counters from 100 on.

    >>> mixed(101)
    '백한'
    """
    rest = value % 100
    head, tail = sino(value - rest) if value > rest else "", native(rest) if rest else ""
    return f"{head} {tail}" if tail and value >= 10_000 and value % 10_000 == rest else head + tail


def place(value: int) -> str:
    """The numeral before 째 (첫째, 둘째, 열한째), 1 to 99.

    >>> place(1), place(3), place(11)
    ('첫', '셋', '열한')
    """
    return _BEFORE_PLACE.get(native(value), native(value))


def digits(text: str, zero: str = ZEROS[0]) -> str:
    """Digits one by one; whatever else stands between them separates words.

    >>> digits("010-1234", zero="공")
    '공일공 일이삼사'
    """
    said = "".join((_ONES[int(c)] or zero) if c in "0123456789" else " " for c in text)
    return " ".join(said.split())


def decimal(text: str, zero: str = ZEROS[0]) -> str:
    """A number with or without decimal places, no separators.

    >>> decimal("3.14"), decimal("0.5")
    ('삼 점 일사', '영 점 오')
    """
    whole, _, places = text.partition(".")
    words = sino(int(whole)) if len(whole) <= LONGEST else digits(whole, zero)
    return f"{words} 점 {digits(places, zero)}" if places else words


def native_pair(first: int) -> tuple[str, ...]:
    """ "About ``first`` or one more" before a native counter; empty where no such word exists.

    >>> native_pair(1), native_pair(3)
    (('한두',), ('서너', '세네'))
    """
    return _NATIVE_PAIRS.get(first, ())


def sino_pair(first: int) -> str:
    """The same before a Sino-Korean counter: 이삼, 오륙; ``""`` where it would be another number.

    >>> sino_pair(3), sino_pair(5), sino_pair(9)
    ('삼사', '오륙', '')
    """
    if not 1 <= first <= 8:
        return ""
    return "오륙" if first == 5 else _ONES[first] + _ONES[first + 1]
