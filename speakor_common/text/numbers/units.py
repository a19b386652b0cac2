"""Signs and Latin units behind or before a number, and how they are said.

A template holds the number as ``{}``. The first is the likelier; what has several is a guess:
5 % is 오 퍼센트 to some and 오 프로 to others.
"""

from __future__ import annotations

import re

# Between a number and its unit both spellings are right (한글 맞춤법 §43). Where the text itself
# says nothing about it a space is written; readers that compare texts may leave it out.
SPACED, JOINED = "\x1e", "\x1f"


def _metric(*names: str) -> tuple[str, ...]:
    return tuple(f"{{}}{SPACED}{name}" for name in names)


UNITS: dict[str, tuple[str, ...]] = {
    "%": _metric("퍼센트", "프로"),
    "%p": _metric("퍼센트포인트", "퍼센트 포인트", "프로포인트"),
    "‰": _metric("퍼밀"),
    "°": _metric("도"),
    "°C": (f"{{}}{SPACED}도", f"섭씨 {{}}{SPACED}도"),
    "°F": (f"화씨 {{}}{SPACED}도", f"{{}}{SPACED}도"),
    "m": _metric("미터"),
    "mm": _metric("밀리미터", "밀리"),
    "cm": _metric("센티미터", "센티"),
    "km": _metric("킬로미터", "킬로"),
    "m2": _metric("제곱미터"),
    "km2": _metric("제곱킬로미터"),
    "cm2": _metric("제곱센티미터"),
    "m3": _metric("세제곱미터", "입방미터"),
    "km/h": (f"시속 {{}}{SPACED}킬로미터", f"시속 {{}}{SPACED}킬로", f"{{}}{SPACED}킬로"),
    "m/s": (f"초속 {{}}{SPACED}미터",),
    "g": _metric("그램"),
    "mg": _metric("밀리그램"),
    "kg": _metric("킬로그램", "킬로"),
    "t": _metric("톤"),
    "l": _metric("리터"),
    "ml": _metric("밀리리터", "밀리", "미리"),
    "dl": _metric("데시리터"),
    "cc": _metric("시시", "씨씨"),
    "kcal": _metric("킬로칼로리", "칼로리"),
    "cal": _metric("칼로리"),
    "W": _metric("와트"),
    "kW": _metric("킬로와트"),
    "V": _metric("볼트"),
    "Hz": _metric("헤르츠"),
    "kHz": _metric("킬로헤르츠"),
    "MHz": _metric("메가헤르츠"),
    "GHz": _metric("기가헤르츠"),
    "KB": _metric("킬로바이트", "킬로"),
    "MB": _metric("메가바이트", "메가"),
    "GB": _metric("기가바이트", "기가"),
    "TB": _metric("테라바이트", "테라"),
    "dB": _metric("데시벨"),
    "ha": _metric("헥타르"),
}
CURRENCIES: dict[str, tuple[str, ...]] = {
    "$": ("달러",),
    "€": ("유로",),
    "£": ("파운드",),
    "₩": ("원",),
    "¥": ("엔", "위안"),
    "₫": ("동",),
    "₽": ("루블",),
    "₹": ("루피",),
    "฿": ("바트",),
    "₱": ("페소",),
}
UNITS |= {sign: _metric(*names) for sign, names in CURRENCIES.items()}
_SPELLINGS = {
    "l": "L ℓ",
    "ml": "mL ML mℓ",
    "dl": "dL",
    "mm": "MM",
    "cm": "CM",
    "km": "KM Km",
    "m2": "m² m^2",
    "cm2": "cm²",
    "km2": "km²",
    "m3": "m³",
    "kg": "KG Kg",
    "kcal": "Kcal",
    "kW": "kw",
    "°": "º ˚",
    "°C": "℃ ºC ˚C",
    "°F": "℉ ºF ˚F",
}
for _unit, _spellings in _SPELLINGS.items():
    UNITS |= dict.fromkeys(_spellings.split(), UNITS[_unit])

DEGREES = frozenset(unit for unit in UNITS if unit[0] in "°º˚℃℉")
UNIT = rf"(?:{'|'.join(map(re.escape, sorted(UNITS, key=len, reverse=True)))})(?![A-Za-z0-9²³])"
CURRENCY = f"[{''.join(CURRENCIES)}]"
