"""One spelling for characters that look alike, so that every later rule knows only one.

Full-width and half-width forms, unit signs that are one character (㎏), tildes and dashes of all
kinds. Nothing that can be spoken is removed here.
"""

from __future__ import annotations

import re
import unicodedata

_FOLDED = ("<wide>", "<narrow>", "<small>", "<square>")  # kinds of compatibility decomposition
_UNSEEN = ("Cf", "Cc")  # categories of zero-width and control characters
_TILDES = re.compile("[∼〜⁓˜]")
# Dashes before a digit are a minus, a range or the joints of a telephone number.
_DASHES = re.compile(r"[‐-―−](?=\s?[0-9])")
# Araea stands for the middle dot of 6ㆍ25 on Korean keyboards.
_ARAEA = re.compile(r"(?<=[0-9A-Za-z가-힣])ㆍ(?=[0-9A-Za-z가-힣])")


def fold(text: str) -> str:
    """NFC text without unseen characters, in one width, with one kind of tilde and of dash.

    >>> fold("（３개）〜５㎏")
    '(3개)~5kg'
    """
    seen = "".join(c for c in text if not is_unseen(c))
    text = unicodedata.normalize("NFC", "".join(map(_one_width, seen)))
    return _ARAEA.sub("·", _DASHES.sub("-", _TILDES.sub("~", text)))


def is_unseen(character: str) -> bool:
    """Zero-width and control characters, the selectors of emoji styles, the frame of a keycap."""
    if unicodedata.category(character) in _UNSEEN:
        return not character.isspace()
    return "\ufe00" <= character <= "\ufe0f" or character == "\u20e3"


def _one_width(character: str) -> str:
    kind, _, decomposed = unicodedata.decomposition(character).partition(" ")
    if kind not in _FOLDED:
        return character

    # Half-width Hangul becomes a letter that stands alone, not one that would join its neighbours.
    if kind == "<narrow>":
        return chr(int(decomposed, 16))
    return unicodedata.normalize("NFKC", character)
