"""A text as syllables, words and phrases: what the rules of pronunciation are applied to."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from speakor_common.errors import TextError
from speakor_common.text.jamo import to_nfc
from speakor_common.text.sounds.sound_rules import Syllable, split

# §16: the names of the letters are spoken as if they were spelled so.
_LETTER_NAMES = {
    "디귿": "디긋",
    "지읒": "지읏",
    "치읓": "치읏",
    "키읔": "키윽",
    "티읕": "티읏",
    "피읖": "피읍",
    "히읗": "히읏",
}
_QUOTES = "'\"‘’“”"  # a quoted word and its particle are one word
_MARKS = "~〜～"  # signs of prosody, though Unicode has them among the mathematical ones


@dataclass(frozen=True)
class Utterance:
    """Hangul syllables with the words and phrases they stand in.

    Attributes:
        text: NFC, as it was given.
        syllables: all of them, letter names respelled by §16; spaces are not counted.
        bounds: first syllable of each word, and the number of syllables.
        phrases: numbers of the words after which punctuation stands, so nobody joins the next.
    """

    text: str
    syllables: tuple[Syllable, ...]
    bounds: tuple[int, ...]
    phrases: frozenset[int]

    @property
    def words(self) -> list[tuple[int, int]]:
        """First syllable and the one after the last, word by word."""
        return list(pairwise(self.bounds))

    @cached_property
    def word_of(self) -> tuple[int, ...]:
        """The number of the word each syllable belongs to."""
        return tuple(n for n, (start, end) in enumerate(self.words) for _ in range(start, end))


def parse(text: str) -> Utterance:
    """Words of a text in Hangul.

    Raises:
        TextError: a character is neither a Hangul syllable nor a space nor punctuation.
    """
    composed = to_nfc(text)
    words: list[str] = []
    phrases: set[int] = set()
    inside = False
    for character in composed:
        kind = _kind(character, text)
        if character in _QUOTES:
            continue
        if kind == "syllable":
            if inside:
                words[-1] += character
            else:
                words.append(character)
        elif kind == "mark" and words:
            phrases.add(len(words) - 1)
        inside = kind == "syllable"

    syllables = tuple(split(character) for word in words for character in _respelled(word))
    bounds = [0]
    for word in words:
        bounds.append(bounds[-1] + len(word))
    return Utterance(composed, syllables, tuple(bounds), frozenset(phrases))


def _kind(character: str, text: str) -> str:
    if "가" <= character <= "힣":
        return "syllable"
    if character.isspace():
        return "space"
    if character in _MARKS or unicodedata.category(character).startswith("P"):
        return "mark"
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    raise TextError(
        f"{text!r}: {character!r} ({name}) has no pronunciation of its own; expected Hangul "
        "syllables, spaces and punctuation: spell numbers, letters and signs out first"
    )


def _respelled(word: str) -> str:
    for name, spelled in _LETTER_NAMES.items():
        word = word.replace(name, spelled)
    return word
