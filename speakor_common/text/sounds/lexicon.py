"""What spelling does not tell: words whose pronunciation has to be known (``lexicon.tsv``).

A row holds a spelling, its allowed pronunciations (best first, separated by ``|``) and where that
is laid down. A hyphen says what kind of entry it is::

    문법    문뻡    a word, also at the beginning or end of a longer noun
    맛없-   마덥-   a verb's stem
    -가루   -까루   the last part of a compound: its first sound after a voiced one
    -역     -녁     the same, with ㄴ added (§29)

Only what happens between the syllables of an entry is taken from it; its first onset, its last coda
and the variants of its vowels follow the rules like those of any other word.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from speakor_common.errors import TextError
from speakor_common.text.jamo import is_hangul
from speakor_common.text.sounds.sound_rules import Syllable, split

_FILE = "lexicon.tsv"
_DICTIONARY = "표준국어대사전"
_UNSURE = "homograph"  # source of rows whose readings are of different words, so neither is sure


@dataclass(frozen=True)
class Entry:
    """One row.

    Attributes:
        spelling: without its hyphen.
        forms: allowed pronunciations as syllables, best first.
        source: section of the standard, or the dictionary.
        sure: False where which form is right depends on what is meant.
    """

    spelling: str
    forms: tuple[tuple[Syllable, ...], ...]
    source: str
    sure: bool

    @property
    def rule(self) -> str:
        """The section of the standard, ``표준국어대사전`` where only the dictionary tells."""
        sections = [part for part in self.source.split() if part.startswith("§")]
        return sections[0] if sections else _DICTIONARY

    def seam(self, number: int) -> list[tuple[str, str]]:
        """Codas and onsets heard between two of its syllables, best first."""
        pairs = [(form[number].coda, form[number + 1].onset) for form in self.forms]
        return list(dict.fromkeys(pairs))


@dataclass(frozen=True)
class Lexicon:
    """Entries by spelling: words, stems of verbs and last parts of compounds."""

    words: dict[str, Entry]
    stems: dict[str, Entry]
    endings: dict[str, Entry]


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The entries that come with the package."""
    text = resources.files(__package__).joinpath(_FILE).read_text(encoding="utf-8")
    return parse(text)


def parse(text: str) -> Lexicon:
    """Entries of a table; ``#`` begins a comment.

    Raises:
        TextError: a row is not of the form above.
    """
    found = Lexicon({}, {}, {})
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue

        # The hyphen tells which table the entry belongs to.
        spelling = line.split("\t")[0]
        table = found.words
        if spelling.startswith("-"):
            table = found.endings
        elif spelling.endswith("-"):
            table = found.stems

        entry = _entry(line, number)
        if entry.spelling in table:
            raise TextError(f"{_FILE} line {number}: {spelling} stands there twice; keep one row")
        table[entry.spelling] = entry
    return found


def _entry(line: str, number: int) -> Entry:
    columns = line.split("\t")
    if len(columns) != 3:
        raise TextError(
            f"{_FILE} line {number}: {len(columns)} columns, expected spelling, "
            f"pronunciations and source, separated by tabs: {line!r}"
        )

    # Every form is as long as the spelling: no sound change of Korean adds or loses a syllable.
    spelling, spoken, source = columns
    plain = spelling.strip("-")
    forms = tuple(form.strip("-") for form in spoken.split("|"))
    if not plain or any(len(form) != len(plain) for form in forms):
        raise TextError(
            f"{_FILE} line {number}: {spoken} is not as long as {spelling}; "
            "a pronunciation has one syllable for each that is spelled"
        )
    if not all(is_hangul(character) for character in plain + "".join(forms)):
        raise TextError(f"{_FILE} line {number}: {line!r} holds more than Hangul syllables")

    syllables = tuple(tuple(split(character) for character in form) for form in forms)
    return Entry(plain, syllables, source, not source.startswith(_UNSURE))
