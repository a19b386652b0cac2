"""Style and scripts of pages, from ``assets/``: all goes into the page, nothing is loaded."""

from __future__ import annotations

from importlib.resources import files

from speakor_common.show import fonts
from speakor_common.show.palette import css_variables

_ASSETS = files("speakor_common.show") / "assets"
_ASCII = "".join(map(chr, range(0x20, 0x7F)))
_JAMO = "".join(map(chr, range(0x3131, 0x3164)))
_SIGNS = "초성중종빠짐더해–—→←‹›·…×≤≥−“”‘’κ"  # that pages write by themselves
_FAMILIES = (
    f"'{fonts.FAMILY}','{fonts.REST}','Noto Sans KR','NanumGothic','Malgun Gothic',"
    "'Apple SD Gothic Neo',sans-serif"
)


def script(*names: str) -> str:
    """The scripts of that names as one module; they share their names."""
    return "\n".join(_read(f"{name}.js") for name in names)


def style(text: str, *sheets: str) -> str:
    """CSS of a page: a font for ``text``, colours and measures, and the sheets of that names."""
    own = _ASCII + _JAMO + _SIGNS
    letters = "".join(sorted({*text, *own}))
    families = f".speakor{{--font:{_FAMILIES}}}\n"
    rules = [_read(f"{name}.css") for name in ("base", *sheets)]
    return fonts.font_face(letters, own) + css_variables(".speakor") + families + "".join(rules)


def _read(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
