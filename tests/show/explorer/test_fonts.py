"""A page brings its own Hangul."""

import base64
import io

from fontTools.ttLib import TTFont

from speakor_common.show.explorer import fonts


def test_a_page_brings_its_hangul_and_little_else():
    css = fonts.font_face("학생ㄱ")
    data = base64.b64decode(css.split("base64,")[1].split(")")[0])
    assert set(map(ord, "학생ㄱ")) <= set(TTFont(io.BytesIO(data)).getBestCmap())
    assert len(data) < 20_000
