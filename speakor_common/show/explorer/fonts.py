"""A Hangul font that travels with a page, cut down to the characters it shows: not every machine has one."""

from __future__ import annotations

import base64
import io
from importlib.resources import files

FAMILY = "Speakor Hangul"
_EDITOR_TABLES = [
    "TSI0",
    "TSI1",
    "TSI2",
    "TSI3",
    "TSI5",
]  # of a font editor, unknown to the subsetter


def font_face(text: str) -> str:
    """CSS that defines :data:`FAMILY` with the glyphs of ``text``, from the NanumGothic (SIL OFL 1.1) of koreanize-matplotlib."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    font = TTFont(
        io.BytesIO((files("koreanize_matplotlib") / "fonts" / "NanumGothic.ttf").read_bytes())
    )
    options = Options(layout_features=[], hinting=False, notdef_outline=True)
    options.drop_tables += _EDITOR_TABLES
    cut = Subsetter(options)
    cut.populate(text=text)
    cut.subset(font)
    font.flavor = "woff"
    target = io.BytesIO()
    font.save(target)
    return f"@font-face{{font-family:'{FAMILY}';src:url(data:font/woff;base64,{base64.b64encode(target.getvalue()).decode()})}}\n"
