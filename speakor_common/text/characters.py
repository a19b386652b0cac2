"""What a character of a Korean text stands for: a syllable, nothing that is said, or more.

Decided by Unicode categories, so that no character falls through:

- *kept*: Hangul syllables.
- *silent*: spaces; punctuation (P*) but for signs with a name that is said (% & @ # * §); modifier
  symbols (Sk: ``^``); pictures such as emoji, boxes and notes (So without a text behind them); the
  tilde that draws out a syllable. They separate words.
- *joined*: quotation marks and apostrophes, which may stand inside a word, and unseen characters.
- *spoken*: everything else: other letters, lone jamo, digits, currency, mathematical signs,
  abbreviations in one character (㈜ № ℡), U+FFFD and private or unassigned characters, which stand
  for something that was lost.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from speakor_common.text.folding import is_unseen
from speakor_common.text.jamo import is_hangul

Role = Literal["kept", "silent", "joined", "spoken"]

_QUOTES = frozenset("'\"‘’“”`")
# Punctuation by category that has a name in a sentence: fifty per cent, rock & roll, hashtag.
_SAID = re.compile(
    "PERCENT|PER MILLE|PER TEN THOUSAND|NUMBER SIGN|AMPERSAND|COMMERCIAL AT|ASTERISK|SECTION"
)
_PICTURES = ((0x2300, 0x2BFF), (0x1F000, 0x1FBFF))  # technical signs, boxes, dingbats; emoji


@lru_cache(maxsize=4096)
def role(character: str) -> Role:
    """Role of one character of folded text.

    >>> [role(c) for c in "가.'℃"]
    ['kept', 'silent', 'joined', 'spoken']
    """
    category = unicodedata.category(character)
    if is_hangul(character):
        return "kept"
    if character in _QUOTES or is_unseen(character):
        return "joined"
    if character.isspace() or category == "Sk" or character == "~":
        return "silent"
    if category.startswith("P"):
        return "spoken" if _SAID.search(unicodedata.name(character, "")) else "silent"
    return "silent" if category == "So" and _is_picture(character) else "spoken"


def _is_picture(character: str) -> bool:
    """Symbols that stand for no text: ☺ and ♪, but not ㈜ or ①."""
    drawn = any(first <= ord(character) <= last for first, last in _PICTURES)
    return drawn and not unicodedata.decomposition(character)
