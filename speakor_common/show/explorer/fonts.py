"""A Hangul font that travels with a page, cut down to the characters it shows.

Not every machine that opens a page has a Hangul font.
"""

from __future__ import annotations

import base64
import io
from importlib.resources import files

FAMILY = "Speakor Hangul"
_EDITOR_TABLES = ["TSI0", "TSI1", "TSI2", "TSI3", "TSI5"]  # unknown to the subsetter


def font_face(text: str) -> str:
    """CSS that defines :data:`FAMILY` with the glyphs of ``text``.

    They come from the NanumGothic (SIL OFL 1.1) that koreanize-matplotlib bundles.
    """
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    # Keep the glyphs of the text and nothing else.
    whole = (files("koreanize_matplotlib") / "fonts" / "NanumGothic.ttf").read_bytes()
    font = TTFont(io.BytesIO(whole))
    options = Options(layout_features=[], hinting=False, notdef_outline=True)
    options.drop_tables += _EDITOR_TABLES
    subsetter = Subsetter(options)
    subsetter.populate(text=text)
    subsetter.subset(font)

    # WOFF is compressed, and every browser reads it.
    font.flavor = "woff"
    target = io.BytesIO()
    font.save(target)
    data = base64.b64encode(target.getvalue()).decode()
    return f"@font-face{{font-family:'{FAMILY}';src:url(data:font/woff;base64,{data})}}\n"
