"""The project's Hangul font, in pages cut down to the characters they show, and in figures.

Not every machine that opens a page has a Hangul font. What our own does not have (syllables that
nobody writes, but recognisers do) comes from the NanumGothic that koreanize-matplotlib bundles.
How the font was made is in :mod:`speakor_common.shipped.hangul_font`.
"""

from __future__ import annotations

import base64
import io
from importlib.resources import files
from pathlib import Path

FAMILY = "Speakor Hangul"
REST = "Speakor Hangul Rest"  # on pages: what FAMILY lacks
REST_IN_FIGURES = "NanumGothic"
_WEIGHTS = {400: "hangul-regular.ttf", 600: "hangul-semibold.ttf"}
_EDITOR_TABLES = ["TSI0", "TSI1", "TSI2", "TSI3", "TSI5"]  # unknown to the subsetter
_KEPT_FEATURES = ["kern", "tnum"]


def font_files() -> dict[int, Path]:
    """The bundled font's files by weight."""
    assets = Path(str(files("speakor_common.show") / "assets"))
    return {weight: assets / name for weight, name in _WEIGHTS.items()}


def font_face(text: str, bold_text: str = "") -> str:
    """CSS that defines :data:`FAMILY` and :data:`REST` with the glyphs of a page.

    Args:
        text: every character that the page shows.
        bold_text: those that it shows in semi-bold, a weight of its own.
    """
    regular = font_files()[400].read_bytes()
    semibold = font_files()[600].read_bytes()
    rules = [_rule(FAMILY, 400, _cut(regular, text))]
    if bold_text:
        rules.append(_rule(FAMILY, 600, _cut(semibold, bold_text)))
    if missing := _missing(regular, text):
        whole = (files("koreanize_matplotlib") / "fonts" / "NanumGothic.ttf").read_bytes()
        rules.append(_rule(REST, 400, _cut(whole, missing)))
    return "".join(rules)


def _missing(font: bytes, text: str) -> str:
    """Characters of a text that a font has no glyph for."""
    from fontTools.ttLib import TTFont

    known = TTFont(io.BytesIO(font)).getBestCmap()
    return "".join(sorted(character for character in {*text} if ord(character) not in known))


def _cut(font: bytes, text: str) -> bytes:
    """A font with the glyphs of ``text`` and nothing else, as WOFF, which every browser reads."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    cut = TTFont(io.BytesIO(font))
    options = Options(layout_features=_KEPT_FEATURES, hinting=False, notdef_outline=True)
    options.drop_tables += _EDITOR_TABLES
    subsetter = Subsetter(options)
    subsetter.populate(text=text)
    subsetter.subset(cut)
    cut.flavor = "woff"
    target = io.BytesIO()
    cut.save(target)
    return target.getvalue()


def _rule(family: str, weight: int, woff: bytes) -> str:
    data = base64.b64encode(woff).decode()
    source = f"src:url(data:font/woff;base64,{data})"
    return f"@font-face{{font-family:'{family}';font-weight:{weight};{source}}}\n"
