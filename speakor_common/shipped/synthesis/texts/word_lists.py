"""The words that sentences are made of, by semantic class, and how they are inflected.

The lists lie beside this module as tab-separated tables. They were written for this project and
are free for any use (CC0).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from speakor_common.text import split_syllable
from speakor_common.text.morphology import kiwi
from speakor_common.text.numbers.numerals import native, sino
from speakor_common.text.numbers.phrases import month

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Predicate:
    """A verb or adjective with what belongs to it.

    Attributes:
        kind: ``do`` (what one does on purpose), ``hap`` (what happens to one), ``adj``.
        category: AI Hub category it is at home in.
        where: noun class of the place it is done at, ``""`` for none.
        arguments: noun class and particle of each argument, in order.
        stem: as it is put before endings, a space allowed; its last word is inflected.
        tag: Kiwi's tag of the stem; VV-I and VV-R for irregular and regular ones that look alike.
    """

    kind: str
    category: int
    where: str
    arguments: tuple[tuple[str, str], ...]
    stem: str
    tag: str


def rows(name: str) -> Iterator[dict[str, str]]:
    """Rows of one of the tables, by column."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


@cache
def nouns() -> dict[str, tuple[str, ...]]:
    """Nouns of every class; names, places and colours too."""
    return {row["class"]: tuple(row["words"].split()) for row in rows("nouns.tsv")}


@cache
def times() -> dict[str, tuple[str, ...]]:
    """Adverbs and adverbial phrases by kind: past, future, habit, manner, reason …"""
    return {row["kind"]: tuple(row["words"].split("|")) for row in rows("times.tsv")}


@cache
def predicates() -> tuple[Predicate, ...]:
    """All verbs and adjectives."""
    found = []
    for row in rows("verbs.tsv"):
        arguments = tuple(
            (argument.partition(":")[0], argument.partition(":")[2].replace("_", " "))
            for argument in row["arguments"].split()
            if argument != "-"
        )
        where = row["where"].replace("-", "")
        for stem in row["stems"].split():
            word, tag = _stem(stem, "VV")
            category = int(row["category"])
            found.append(Predicate(row["kind"], category, where, arguments, word, tag))

    # an adjective's one argument is its subject
    for row in rows("adjectives.tsv"):
        subject = ((row["subject"], ""),)
        for stem in row["stems"].split():
            word, tag = _stem(stem, "VA")
            found.append(Predicate("adj", 0, "", subject, word, tag))
    return tuple(found)


@cache
def endings() -> dict[str, tuple[tuple[str, str], ...]]:
    """Morphemes of every ending, by the name templates use."""
    found = {}
    for row in rows("endings.tsv"):
        morphemes = (morpheme.rpartition("/") for morpheme in row["morphemes"].split())
        found[row["name"]] = tuple((form, tag) for form, _, tag in morphemes)
    return found


@cache
def inflect(stem: str, tag: str, ending: str) -> str:
    """A stem with an ending, by Kiwi's rules of sound and spelling.

    >>> inflect("사진을 찍", "VV", "었어요"), inflect("듣", "VV-I", "으면")
    ('사진을 찍었어요', '들으면')
    """
    before, space, last = stem.rpartition(" ")
    if last.endswith(("있", "없")) and ending.startswith("은"):
        ending = "는" + ending[1:]  # 재미있는, though 좁은
    return before + space + kiwi().join([(last, tag), *endings()[ending]])


def attach(word: str, particle: str, is_honoured: bool = False) -> str:
    """A noun with a particle, written as after a coda and fitted to the noun's last syllable.

    >>> attach("사과", "을"), attach("서울", "으로"), attach("기사", "이라고")
    ('사과를', '서울로', '기사라고')
    """
    if is_honoured:
        honorific = {"이": "께서", "은": "께서는", "에게": "께"}
        particle = honorific.get(particle, particle)
    coda = split_syllable(word[-1])[2]
    if not particle or (coda and not (coda == "ᆯ" and particle.startswith("으로"))):
        return word + particle

    open_forms = {"이": "가", "을": "를", "과": "와", "이에요": "예요"}
    if particle in open_forms:
        return word + open_forms[particle]
    if particle.startswith("은"):
        return word + "는" + particle[1:]
    return word + (particle[1:] if particle[0] in "으이" else particle)


def _stem(written: str, tag: str) -> tuple[str, str]:
    """Stem and tag of an entry: ``굽/I`` is irregular, ``치/R`` regular."""
    stem, _, mark = written.replace("_", " ").partition("/")
    return stem, f"VV-{mark}" if mark in ("I", "R") else mark or tag


def _date(rng: Random) -> str:
    return f"{month(rng.randint(1, 12))} {sino(rng.randint(1, 28))}일"


def _clock(rng: Random) -> str:
    half_day = rng.choice(("", "오전 ", "오후 ", "아침 ", "저녁 "))
    hours = {"아침 ": (6, 10), "저녁 ": (5, 9), "오전 ": (7, 11)}.get(half_day, (1, 12))
    minutes = rng.choice(("", "", " 반", f" {sino(5 * rng.randint(1, 11))} 분"))
    return f"{half_day}{native(rng.randint(*hours))} 시{minutes}"


def _price(rng: Random) -> str:
    least, step = rng.choice(((1, 500), (10, 500), (10, 1000), (3, 10000)))
    return f"{sino(step * rng.randint(least, 9 * least + 10))} 원"


def _phone(rng: Random) -> str:
    groups = ("".join(rng.choice("공일이삼사오육칠팔구") for _ in range(4)) for _ in range(2))
    return " ".join(("공일공", *groups))


# What is drawn from no list.
NUMBERS: dict[str, Callable[[Random], str]] = {
    "date": _date,
    "clock": _clock,
    "price": _price,
    "phone": _phone,
    "age": lambda rng: native(rng.randint(18, 69)),
    "minutes": lambda rng: f"{sino(5 * rng.randint(1, 11))} 분",
}


def counted(noun_class: str, noun: str, rng: Random) -> str:
    """A noun with a number and the counter of its class, or of how it ends: 사과 세 개."""
    fitting = [row for row in rows("counters.tsv") if row["class"] == noun_class]
    row = next(row for row in fitting if noun.endswith(tuple(row["words_ending"].split("|"))))
    amount = rng.randint(int(row["least"]), int(row["most"]))
    number = sino(amount) if row["numerals"] == "sino" else native(amount)
    return f"{noun} {number} {row['counter']}"
