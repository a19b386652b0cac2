"""Written numbers of any kind → Korean words, and which of them could be read otherwise.

A number has no reading of its own: 10 is 십 in 10층, 열 in 10개, 시 in 10월, and 3번 is 세 번 or
삼 번. So every number of a text becomes a :class:`Choice`: one reading where usage leaves no doubt,
several, the likelier first, where it does. A label with a choice of several is not trained on; a
transcript takes the first and is scored with whichever fits. How each kind of number is read
stands in :mod:`speakor_common.text.numbers.rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product

from speakor_common.text.folding import fold
from speakor_common.text.numbers.rules import RULES, START
from speakor_common.text.numbers.units import JOINED, SPACED

MOST_READINGS = 64  # of one text; a text with more ambiguous numbers than that is rare
_GLUED = re.compile(r"[0-9A-Za-z]+(?:[.,][0-9A-Za-z]+)*")


@dataclass(frozen=True)
class Choice:
    """A piece of the text that holds a number.

    Attributes:
        piece: as written.
        marked: readings, the likeliest first, with a mark where a space is a matter of taste.
    """

    piece: str
    marked: tuple[str, ...]

    @property
    def readings(self) -> tuple[str, ...]:
        """What can be said for it, spaced as the text is or else as the rules prefer."""
        return tuple(_spell(marked).strip() for marked in self.marked)

    @property
    def is_ambiguous(self) -> bool:
        """Whether there are several readings; other spacing alone is none."""
        return len(self.marked) > 1


@dataclass(frozen=True)
class Readings:
    """A text cut into pieces without numbers (str) and with one (:class:`Choice`)."""

    parts: tuple[str | Choice, ...]

    @property
    def best(self) -> str:
        """The text with the likeliest reading of each number."""
        return next(self.alternatives())

    @property
    def ambiguous(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each number with several readings: the piece as written, and all of them."""
        choices = (part for part in self.parts if isinstance(part, Choice))
        return tuple((c.piece.strip(), c.readings) for c in choices if c.is_ambiguous)

    def alternatives(self) -> Iterator[str]:
        """The whole text in each combination of readings, the best first."""
        return map(_spell, self._combinations())

    def spellings(self, limit: int = MOST_READINGS) -> Iterator[str]:
        """:meth:`alternatives` without twins, each in up to three spacings.

        As the rules prefer; with a space wherever one is a matter of taste; and without any there.
        The last two are for all numbers of the text together, not for each.

        Args:
            limit: combinations of readings that are tried. Where there are more, one number at a
                time takes another reading than its best.
        """
        said = list(islice(self._combinations(), limit + 1))
        if len(said) > limit:
            said = list(islice(self._single_changes(), limit))
        spaced = [text.replace(JOINED, " ").replace(SPACED, " ") for text in said]
        joined = [text.replace(JOINED, "").replace(SPACED, "") for text in said]
        return iter(dict.fromkeys([*map(_spell, said), *spaced, *joined]))

    def _options(self) -> list[tuple[str, ...]]:
        return [part.marked if isinstance(part, Choice) else (part,) for part in self.parts]

    def _combinations(self) -> Iterator[str]:
        return ("".join(chosen) for chosen in product(*self._options()))

    def _single_changes(self) -> Iterator[str]:
        options = self._options()
        best = [option[0] for option in options]
        yield "".join(best)
        for index, option in enumerate(options):
            for other in option[1:]:
                yield "".join([*best[:index], other, *best[index + 1 :]])


def readings(text: str) -> Readings:
    """Read all numbers of a text.

    Digits that are no number of their own (``CO2``, ``MP3``) stay as they are. Never raises.

    >>> readings("6월 3일 2:10, 사과 3개").best
    '유월 삼일 두 시 십 분, 사과 세 개'
    >>> readings("3번").ambiguous
    (('3번', ('세 번', '삼 번')),)
    """
    text = fold(text)
    parts: list[str | Choice] = []
    end = 0

    # From one number to the next; a number no rule takes is left in the text.
    position = _next(text, 0)
    while position < len(text):
        found = _read(text, position)
        if isinstance(found, Choice):
            parts += [text[end:position], found]
            end = position + len(found.piece)
            # A dash that led to the next amount (5m-10m) makes it one.
            position = end if found.piece.endswith("-") else _next(text, end)
        else:
            position = _next(text, found)
    return Readings((*parts, text[end:]))


def _next(text: str, position: int) -> int:
    start = START.search(text, position)
    return start.start() if start else len(text)


def _read(text: str, position: int) -> Choice | int:
    """What the first fitting rule makes of the number there, or where to look on."""
    for pattern, rule in RULES:
        match = pattern.match(text, position)
        found = rule(match) if match else None
        if found:
            piece = text[position : found.end]
            return Choice(piece, tuple(_apart(found.readings, text, position, found.end)))

    # Letters and digits in one word are left alone as a whole.
    glued = _GLUED.match(text, position)
    return glued.end() if glued else position + 1


def _apart(said: tuple[str, ...], text: str, start: int, end: int) -> Iterator[str]:
    """Readings without twins, kept apart from digits and letters they would run into."""
    seen = set()
    for reading in said:
        plain = re.sub(rf"[\s{JOINED}{SPACED}]", "", reading)
        if plain not in seen:
            seen.add(plain)
            runs_on = not reading.endswith(" ") and re.match("[0-9A-Za-z]", text[end : end + 1])
            yield reading + (" " if runs_on else "")


def _spell(marked: str) -> str:
    return marked.replace(JOINED, "").replace(SPACED, " ")
