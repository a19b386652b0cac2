"""A page brings its own Hangul, the common syllables from our font and the rare from another."""

import base64
import io
import re

import pytest
from fontTools.ttLib import TTFont

from speakor_common.shipped import hangul_font
from speakor_common.show import fonts


def embedded(css: str) -> dict[tuple[str, str], set[str]]:
    """Characters of every font in CSS, by family and weight."""
    rule = r"font-family:'([^']+)';font-weight:(\d+);src:url\(data:font/woff;base64,([^)]+)\)"
    found = {}
    for family, weight, data in re.findall(rule, css):
        cmap = TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap()
        found[family, weight] = set(map(chr, cmap))
    return found


def test_a_page_brings_its_hangul_and_little_else():
    css = fonts.font_face("학생ㄱ")
    assert embedded(css) == {("Speakor Hangul", "400"): set("학생ㄱ")}
    assert len(css) < 20_000


def test_semibold_is_brought_where_it_is_shown():
    assert embedded(fonts.font_face("학생", "ab"))["Speakor Hangul", "600"] == set("ab")


def test_syllables_that_only_recognisers_write_have_glyphs_too():
    rare = "뷁궯"
    found = embedded(fonts.font_face("학" + rare))
    assert found == {
        ("Speakor Hangul", "400"): {"학"},
        ("Speakor Hangul Rest", "400"): set(rare),
    }


@pytest.mark.parametrize("weight", [400, 600])
def test_the_bundled_font_has_what_it_promises_and_not_its_old_name(weight):
    font = TTFont(fonts.font_files()[weight])
    assert set(hangul_font.characters()) <= set(map(chr, font.getBestCmap()))
    names = [record.toUnicode() for record in font["name"].names if record.nameID in (1, 4, 6)]
    assert names and not any("Pretendard" in name for name in names)
    licence = fonts.font_files()[weight].with_name("hangul-license.txt")
    assert "SIL OPEN FONT LICENSE" in licence.read_text(encoding="utf-8")
