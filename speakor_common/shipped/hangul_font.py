"""How the font of pages and figures was made: Pretendard, cut to what modern Korean is written in.

Its licence (SIL OFL 1.1) asks that a changed font bears another name, so it has one. Of the 11,172
syllables that can be spelled, the 2,350 of KS X 1001 are kept: with all, each weight would be five
times as large. What a recogniser writes beyond them is shown in another font.

``npm pack pretendard@1.3.9``, unpack it, and from the project's folder
``python -m speakor_common.shipped.hangul_font package/dist``.
"""

from __future__ import annotations

import shutil
import sys
from importlib.resources import files
from pathlib import Path

FAMILY = "Speakor Hangul"
WEIGHTS = ("Regular", "SemiBold")
FEATURES = ["kern", "tnum"]  # pairs at the right distance, digits of one width
_SIGNS = "·…–—−×±≤≥≠→←↑↓‹›“”‘’°κµ"
_VERSION_NAME_IDS = (0, 5, 13, 14)  # copyright, version, licence and its address stay as they are


def characters() -> str:
    """ASCII, the jamo of the modern keyboard, signs, and the syllables of KS X 1001."""
    ascii_signs = "".join(map(chr, range(0x20, 0x7F)))
    jamo = "".join(map(chr, range(0x3131, 0x3164)))
    pairs = ((first, second) for first in range(0xB0, 0xC9) for second in range(0xA1, 0xFF))
    syllables = "".join(bytes(pair).decode("euc-kr") for pair in pairs)
    return ascii_signs + jamo + _SIGNS + syllables


def cut(source: Path, weight: str, target: Path) -> Path:
    """Write one weight of Pretendard with :func:`characters` alone and under our name."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    # Keep what is needed, without the hints that only old screens used.
    font = TTFont(source)
    options = Options(layout_features=FEATURES, hinting=False, notdef_outline=True)
    subsetter = Subsetter(options)
    subsetter.populate(text=characters())
    subsetter.subset(font)

    # The name it was given may not be kept.
    names = font["name"]
    names.names = [record for record in names.names if record.nameID in _VERSION_NAME_IDS]
    plain = f"{FAMILY} {weight}"
    texts = {1: FAMILY, 2: weight, 3: plain, 4: plain, 6: plain.replace(" ", "-")}
    for name_id, text in texts.items():
        names.setName(text, name_id, 3, 1, 0x409)
    font.save(target)
    return target


def main(distribution: Path) -> None:
    """Cut every weight from an unpacked Pretendard, and put its licence beside."""
    assets = Path(str(files("speakor_common.show") / "assets"))
    for weight in WEIGHTS:
        source = distribution / "public" / "static" / "alternative" / f"Pretendard-{weight}.ttf"
        cut(source, weight, assets / f"hangul-{weight.lower()}.ttf")
    shutil.copyfile(distribution / "LICENSE.txt", assets / "hangul-license.txt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
