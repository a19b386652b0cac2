"""What people read of a document, and the numbers in it.

Documents are Markdown files, and notebooks, of which the Markdown cells are read. Code, comments,
link targets and tables that a command writes are no prose: they are blanked, and every character
keeps its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from speakor_common.errors import ResultsError
from speakor_common.storage import write_text

NOTEBOOK = ".ipynb"
_UNITS = "zero one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS = [*_UNITS, *_TEENS]
for _ten in _TENS:
    _WORDS += [_ten, *(f"{_ten}-{unit}" for unit in _UNITS[1:])]
NUMBER_WORDS = {word: value for value, word in enumerate(_WORDS)}

# A sign counts only where it cannot be a hyphen or a dash between two numbers.
_DIGITS = r"\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?"
NUMBER = rf"[-+−]?{_DIGITS}"
_IN_NAME = r"(?<![A-Za-z0-9])(?<![A-Za-z0-9]_)(?<![A-Za-z][-.])(?<!\d\.)"
_FREE = rf"{_IN_NAME}(?:(?<![^\s\[(|])[-+−])?{_DIGITS}"

# "Twenty-one" before "twenty"; emphasis, as in _eight_, does not belong to the word.
_LONGEST_FIRST = sorted(_WORDS, key=len, reverse=True)
_COUNTS = [word for word in _LONGEST_FIRST if NUMBER_WORDS[word] > 2]
WORD = rf"(?<![A-Za-z0-9])(?i:{'|'.join(_LONGEST_FIRST)})(?![A-Za-z0-9])"
_COUNT = rf"(?<![A-Za-z0-9])(?i:{'|'.join(_COUNTS)})(?![A-Za-z0-9])"

# Whole blocks: a notebook's or card's header, fenced code, what commands write, comments.
_BLOCKS = (
    r"\A---\n.*?\n---\n",
    r"^```.*?^```",
    r"<!-- numbers: .*?<!-- end of numbers -->",
    r"<!-- benchmarks -->.*?<!-- end of benchmarks -->",
    r"<!--.*?-->",
)
_INLINE = (r"`[^`\n]+`", r"\]\([^)\s]+\)", r"https?://\S+")
_BLOCK = re.compile("|".join(f"(?:{block})" for block in _BLOCKS), re.DOTALL | re.MULTILINE)
_SPAN = re.compile("|".join(_INLINE))


@dataclass(frozen=True)
class Part:
    """A stretch of Markdown: a whole file, or a cell of a notebook.

    Attributes:
        place: of the stretch, for messages.
        text: as it stands in the file.
    """

    place: str
    text: str

    def where(self, position: int) -> str:
        """Place and line of a character, as messages name them."""
        return f"{self.place}:{self.text.count(chr(10), 0, position) + 1}"

    def sentences(self) -> str:
        """The text without blocks that are no prose; code within a line stays."""
        return _blanked(_BLOCK, self.text)

    def numbers(self) -> Iterator[re.Match[str]]:
        """Every number people read in it, with its place in ``text``.

        A digit that belongs to a name, as in exp05, UTF-8 or x86-64's first part, is none. Words
        count from three on: "one" and "two" are pronouns, and pairs of things that are named.
        """
        return re.finditer(f"{_FREE}|{_COUNT}", _blanked(_SPAN, self.sentences()))


def _blanked(pattern: re.Pattern[str], text: str) -> str:
    """The text with spaces in place of what the pattern finds; lines and places stay."""
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def read_parts(path: Path, name: str) -> list[Part]:
    """A document's stretches of Markdown.

    Args:
        name: what messages call it.

    Raises:
        ResultsError: there is no such document.
    """
    if not path.is_file():
        raise ResultsError(f"{name} is missing, and its numbers are to be checked; restore it")
    if path.suffix != NOTEBOOK:
        return [Part(name, path.read_text(encoding="utf-8"))]
    cells = nbformat.read(path, as_version=4).cells
    return [
        Part(f"{name}, cell {number}", cell.source)
        for number, cell in enumerate(cells)
        if cell.cell_type == "markdown"
    ]


def write_parts(path: Path, texts: Sequence[str]) -> Path:
    """Write a document's stretches back, in the order of :func:`read_parts`."""
    if path.suffix != NOTEBOOK:
        return write_text(path, texts[0])
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    for cell, text in zip(cells, texts, strict=True):
        cell.source = text
    return write_text(path, nbformat.writes(notebook) + "\n")


def like(written: str) -> Callable[[float], str]:
    """How to write a value as a number is written: decimals, sign, thousands, or a word.

    >>> like("0.364")(0.12345), like("+0.007")(-0.2), like("4,000")(12345.6), like("eight")(21)
    ('0.123', '-0.200', '12,346', 'twenty-one')
    >>> like("3e-4")(0.0005)
    '5e-4'
    """
    if written.lower() in NUMBER_WORDS:
        return lambda value: _in_words(value, written[0].isupper())

    digits = written.lstrip("+-−")
    mantissa, power, _ = digits.partition("e")
    decimals = len(mantissa.partition(".")[2])
    sign = "+" if written[0] in "+-−" else ""

    def write(value: float) -> str:
        if power:
            significand, _, exponent = f"{value:.{decimals}e}".partition("e")
            return f"{significand}e{int(exponent)}"
        thousands = "," if "," in digits or abs(value) >= 10_000 else ""
        return f"{value:{sign}{thousands}.{decimals}f}"

    return write


def _in_words(value: float, capital: bool) -> str:
    if not (float(value).is_integer() and 0 <= value < len(_WORDS)):
        return f"{value:g}"
    word = _WORDS[int(value)]
    return word.capitalize() if capital else word
