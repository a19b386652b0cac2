"""Morphemes of a text by the analyser Kiwi (Lee, 2024), as positions of Hangul syllables.

Kiwi reads Korean with a neural language model over a large dictionary. Its tags are those of the
Sejong corpus: N* nouns and numerals, V* verbs, J* particles, E* endings, X* affixes, M* adverbs and
determiners. It is loaded once for the whole process, when first asked.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import NamedTuple

from speakor_common.text.jamo import is_hangul

_loading = threading.Lock()  # two threads that ask first must not load it twice


class Morpheme(NamedTuple):
    """One morpheme of a text.

    Attributes:
        form: as Kiwi writes it; an ending that begins with a coda has a conjoining jamo (``ᆯ게요``).
        tag: Sejong tag without Kiwi's mark of regularity (``VV``, not ``VV-R``).
        start, end: syllables it covers, spaces not counted, ``end`` not included. Two morphemes may
            share a syllable (했: 하 + 었), and one may have none (the 이 of 거예요).
    """

    form: str
    tag: str
    start: int
    end: int


class Analysis(NamedTuple):
    """One reading of a text; ``behind`` is how much less probable it is than the best (nats)."""

    morphemes: tuple[Morpheme, ...]
    behind: float


def kiwi():
    """The analyser all of the package shares; safe to call from several threads."""
    with _loading:
        return _load()


@lru_cache(maxsize=1)
def _load():
    from kiwipiepy import Kiwi  # 500 MB of memory and a second, so only when first needed

    return Kiwi(num_workers=1)


def analyse(text: str, readings: int = 1) -> list[Analysis]:
    """The most probable readings of a text, best first.

    Args:
        text: Hangul syllables, spaces and punctuation, in NFC.
        readings: how many are wanted at most.

    >>> [m.form for m in analyse("국물이 뜨거워요")[0].morphemes]
    ['국물', '이', '뜨겁', '어요']
    """
    if not text.strip():
        return [Analysis((), 0.0)]

    position = _positions(text)
    found = kiwi().analyze(text, top_n=readings)
    best = found[0][1]
    return [
        Analysis(tuple(_morpheme(token, position) for token in tokens), best - score)
        for tokens, score in found
    ]


def _positions(text: str) -> list[int]:
    """How many syllables stand before each character of a text, and in all of it."""
    counts = [0]
    for character in text:
        counts.append(counts[-1] + is_hangul(character))
    return counts


def _morpheme(token, position: list[int]) -> Morpheme:
    tag = token.tag.split("-")[0]
    return Morpheme(token.form, tag, position[token.start], position[token.end])
