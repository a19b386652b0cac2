"""A text as syllables, words and phrases: what the rules of pronunciation are applied to."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from speakor_common.errors import TextError
from speakor_common.text.characters import role
from speakor_common.text.folding import fold
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


@dataclass(frozen=True)
class Utterance:
    """Hangul syllables with the words and phrases they stand in.

    Attributes:
        text: as it was given, folded (:func:`speakor_common.text.folding.fold`), without quotation
            marks.
        syllables: all of them, letter names respelled by §16; spaces are not counted.
        bounds: first syllable of each word, and the number of syllables.
        phrases: numbers of the words after which punctuation or a picture stands, so nobody joins
            the next.
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
    """Words of a text in Hangul; what each character stands for is in :mod:`..characters`.

    Raises:
        TextError: a character is said, but it is no Hangul syllable.
    """
    # A quoted word and its particle are one word.
    unquoted = "".join(character for character in fold(text) if role(character) != "joined")

    words: list[str] = []
    phrases: set[int] = set()
    inside = False
    for character in unquoted:
        what = role(character)
        if what == "spoken":
            raise _without_pronunciation(character, text)
        if what == "kept":
            if inside:
                words[-1] += character
            else:
                words.append(character)
        elif words and not character.isspace():
            phrases.add(len(words) - 1)
        inside = what == "kept"

    syllables = tuple(split(character) for word in words for character in _respelled(word))
    bounds = [0]
    for word in words:
        bounds.append(bounds[-1] + len(word))
    return Utterance(unquoted, syllables, tuple(bounds), frozenset(phrases))


def _without_pronunciation(character: str, text: str) -> TextError:
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    return TextError(
        f"{text!r}: {character!r} ({name}) has no pronunciation of its own; expected Hangul "
        "syllables, spaces and punctuation: spell numbers, letters and signs out first"
    )


def _respelled(word: str) -> str:
    for name, spelled in _LETTER_NAMES.items():
        word = word.replace(name, spelled)
    return word
