"""Sentences from templates: the grammar is written, the words are drawn.

A template is a sentence with slots in braces, ``{name:ending}``:

* ``{do:고}``: a verb with place and arguments, inflected: what one does on purpose. Of these
  ``{act:…}`` names no place, ``{hab:…}`` is done again and again, ``{ask:…}`` is asked of others.
  ``{hap:었어요}`` and ``{bad:…}``: what happens, and what one regrets;
* ``{ap이:네요}``, ``{pp은:습니다}``, ``{sp이:아요}``: a subject with its particle and an adjective;
  of things, of people, of places and ideas;
* ``{an:을}``: a noun with an adjective before it;
* ``{rel은.food|thing:이}``: a noun with a clause before it;
* ``{time.past}``, ``{count.food:을}``, ``{date}``, ``{price:이나}``: a time, a number;
* ``{food:을}``: a noun of a class.

No word comes twice in a sentence, and words that were used less come first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from speakor_common.shipped.synthesis.texts.word_lists import (
    NUMBERS,
    Predicate,
    attach,
    counted,
    inflect,
    nouns,
    predicates,
    rows,
    times,
)

_SLOT = re.compile(r"\{([^:{}]+)(?::([^{}]+))?\}")
_PEOPLE = ("friend", "elder")
_ABSTRACT = ("city", "sight", "subject", "skill", "season", "culture", "topic", "nature")
# Deeds by the class of their first argument: of habit, and asked of others.
_OBJECTS = {
    "hab": "subject skill instrument sport hobby pet reading media music culture food".split(),
    "ask": "document delivery work housepart rubbish household raw".split(),
}
_PLACE_SHARE = 0.4  # of verbs that are done somewhere, how many say where
_CANDIDATES = 16  # drawn for a slot; the least used of them is taken


@dataclass(frozen=True)
class Template:
    """A sentence with slots; category 0 takes that of its first verb; long ones have clauses."""

    category: int
    pattern: str
    is_long: bool


@cache
def templates() -> tuple[Template, ...]:
    """All templates."""
    found = []
    for row in rows("templates.tsv"):
        mark = row["category"]
        category = int(mark) if mark.isdigit() else 0
        found.append(Template(category, row["template"], mark == "!"))
    return tuple(found)


class Composer:
    """Fills templates, from one stream of random numbers."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self._used: Counter[str] = Counter()  # over all sentences
        self._here: set[str] = set()  # in the sentence that is being made
        self._category = 0

    def compose(self, template: Template) -> tuple[str, int]:
        """A sentence, and the category it belongs to."""
        self._here = set()
        self._category = template.category
        text = _SLOT.sub(lambda match: self._fill(match[1], match[2] or ""), template.pattern)
        self._used.update(self._here)
        return text, self._category or self.rng.randint(1, 5)

    def _fill(self, name: str, ending: str) -> str:
        kind, _, detail = name.partition(".")
        if kind in ("do", "act", "hab", "ask", "hap", "bad"):
            return self._clause(kind, ending)
        if kind[:2] in ("ap", "pp", "sp") and kind[2:] in ("이", "은"):
            return self._described(kind[:2], kind[2:], ending)
        if kind == "an":
            adjective, _, noun = self._adjective("ap")
            return f"{inflect(adjective.stem, adjective.tag, '은')} {attach(noun, ending)}"
        if kind.startswith("rel"):
            return self._relative(kind[3:], detail.split("|"), ending)
        if kind == "time":
            return self._time(detail)
        if kind == "count":
            return attach(counted(detail, self._noun(detail), self.rng), ending)
        if kind in NUMBERS:
            return attach(NUMBERS[kind](self.rng), ending)
        return attach(self._noun(kind), ending, kind == "elder")

    def _clause(self, kind: str, ending: str) -> str:
        """A verb with its arguments; verbs of one sentence are of one category."""
        is_event = kind in ("hap", "bad")
        fitting = [p for p in predicates() if p.kind == (kind if is_event else "do")]
        if kind in _OBJECTS:
            fitting = [p for p in fitting if p.arguments and p.arguments[0][0] in _OBJECTS[kind]]
        alike = [p for p in fitting if is_event or p.category == self._category]
        verb = self._predicate(alike or fitting)
        self._category = self._category or verb.category

        # place, arguments, verb
        words = []
        if verb.where and kind != "act" and self.rng.random() < _PLACE_SHARE:
            words.append(self._noun(verb.where) + "에서")
        words += [attach(self._noun(noun), particle) for noun, particle in verb.arguments]
        return " ".join([*words, inflect(verb.stem, verb.tag, ending)])

    def _described(self, group: str, particle: str, ending: str) -> str:
        adjective, noun_class, noun = self._adjective(group)
        subject = attach(noun, particle, noun_class == "elder")
        return f"{subject} {inflect(adjective.stem, adjective.tag, ending)}"

    def _adjective(self, group: str) -> tuple[Predicate, str, str]:
        """An adjective, and a subject of it with its class."""
        fitting = [p for p in predicates() if p.kind == "adj" and _group(p) == group]
        adjective = self._predicate(fitting)
        noun_class = adjective.arguments[0][0]
        return adjective, noun_class, self._noun(noun_class)

    def _relative(self, ending: str, classes: Sequence[str], particle: str) -> str:
        """A noun with a clause before it, whose object it is: 시장에서 산 바지."""
        fitting = [
            verb
            for verb in predicates()
            if verb.kind == "do" and len(verb.arguments) == 1 and verb.arguments[0][1] == "을"
        ]
        verb = self._predicate([verb for verb in fitting if verb.arguments[0][0] in classes])
        self._category = self._category or verb.category
        place = self._noun(verb.where) + "에서 " if verb.where else ""
        noun = attach(self._noun(verb.arguments[0][0]), particle)
        return f"{place}{inflect(verb.stem, verb.tag, ending)} {noun}"

    def _predicate(self, fitting: Sequence[Predicate]) -> Predicate:
        """The least used of some."""
        keys = {f"{p.stem}/{p.arguments}": p for p in fitting}
        return keys[self._least_used(list(keys))]

    def _noun(self, noun_class: str) -> str:
        return self._least_used(nouns()[noun_class])

    def _time(self, kind: str) -> str:
        return self._least_used(times()[kind])

    def _least_used(self, words: Sequence[str]) -> str:
        fresh = [word for word in words if word not in self._here] or list(words)
        drawn = self.rng.sample(fresh, min(_CANDIDATES, len(fresh)))
        word = min(drawn, key=self._used.__getitem__)
        self._here.add(word)
        return word


def _group(adjective: Predicate) -> str:
    """Whether it is said of people (pp), of places and ideas (sp) or of things (ap)."""
    subject = adjective.arguments[0][0]
    return "pp" if subject in _PEOPLE else "sp" if subject in _ABSTRACT else "ap"
