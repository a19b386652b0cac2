"""Spelling to the set of pronunciations the standard language allows (표준발음법, §5-30).

One spelling often has several right pronunciations (시계 is [시계] or [시게]), and two words said
together sound other than with a pause between them (옷 한 벌: [오탄벌] or [옫 한 벌]). So the
answer is a set: the best form to show or synthesise, a test whether a form is in the set, and the
lattice for a listener that looks for the allowed form which fits a recording best.

The rules stand in :mod:`.sound_rules` (two syllables), :mod:`.word_rules` (morphemes of a word),
:mod:`.numeral_sounds` and :mod:`.phrase_rules` (neighbouring words); what no rule tells stands in
``lexicon.tsv``. Whether an analysis is certain is said for each word (``sure``): where spelling
allows two words of different sound (인기척, 잠자리) both forms are in the set, and nobody should be
told that one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice

from speakor_common.text.jamo import is_hangul, to_nfc
from speakor_common.text.morphology import Morpheme, analyse
from speakor_common.text.sounds.lexicon import lexicon
from speakor_common.text.sounds.reading import Reading, merge, read
from speakor_common.text.sounds.sound_rules import Contact
from speakor_common.text.sounds.spoken_forms import Choice, Form, SpokenForms
from speakor_common.text.sounds.utterance import Utterance, parse
from speakor_common.text.sounds.vowel_rules import vowel_rules

_READINGS = 3  # analyses looked at
_READINGS_ALONE = 8  # of a single word, which no neighbour explains
_MARGIN = 2.5  # nats; a reading this much less probable than the best may still be meant
_CITATION_MARGIN = 4.0  # the same for a verb as dictionaries cite it
_WORD_FORMS = 32  # of a word, or for each way to join it, that are written out
_SAME_SOUND = {  # tags between which no rule makes a difference
    **dict.fromkeys(("EF", "EC"), "EC"),
    **dict.fromkeys(("VV", "VA", "VX"), "VV"),
    **dict.fromkeys(("JKS", "JKC", "JKO", "JKB", "JKV", "JKQ", "JX", "JC"), "JX"),
}
_CACHED = 512  # texts; the same prompt is read by many speakers


@dataclass(frozen=True)
class Word:
    """What is allowed for one word.

    Attributes:
        spelling: as written.
        forms: allowed pronunciations alone and next to its neighbours, best first; at most 32 are
            written out, :meth:`Pronunciations.allows` knows all.
        rules: sections of the standard at work, such as ``§18``, and ``표준국어대사전`` where only
            the dictionary tells.
        sure: False where the spelling leaves open what is meant, or how its parts are joined.
    """

    spelling: str
    forms: tuple[str, ...]
    rules: tuple[str, ...]
    sure: bool


class Pronunciations:
    """All allowed pronunciations of one text; made by :func:`pronunciations`.

    Syllables are counted without spaces; spelling and pronunciation have the same number of them,
    so syllable *i* of any form is how syllable *i* of the text was said.
    """

    def __init__(self, utterance: Utterance, reading: Reading) -> None:
        self._utterance = utterance
        self._reading = reading
        self._spoken = SpokenForms(reading.seams, reading.vowels)

    @property
    def text(self) -> str:
        """The text as given, without quotation marks and with one spelling for what looks alike."""
        return self._utterance.text

    @cached_property
    def best(self) -> str:
        """The form to show or to synthesise, its words separated by spaces."""
        return self._spaced("".join(islice(self._spoken.forms(0, len(self)), 1)))

    def __len__(self) -> int:
        """Number of syllables."""
        return len(self._utterance.syllables)

    def __repr__(self) -> str:
        return f"Pronunciations({self.text!r}, best={self.best!r}, sure={self.sure})"

    def allows(self, spoken: str) -> bool:
        """Whether a pronunciation in Hangul is allowed; spaces are ignored."""
        return self._spoken.allows("".join(to_nfc(spoken).split()))

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The words of the text in order."""
        return tuple(self._word(start, end) for start, end in self._utterance.words)

    @property
    def sure(self) -> bool:
        """Whether every word is sure."""
        return not self._reading.unsure

    @cached_property
    def unsure_syllables(self) -> frozenset[int]:
        """All syllables of the words that are not sure."""
        bounds = zip(self._utterance.words, self.words, strict=True)
        unsure = [range(*syllables) for syllables, word in bounds if not word.sure]
        return frozenset(chain.from_iterable(unsure))

    def forms(self, limit: int = 64) -> Iterator[str]:
        """Whole forms, words separated by spaces, best first, made one after another when asked.

        Args:
            limit: at most so many; a sentence easily has thousands.
        """
        found = islice(self._spoken.forms(0, len(self)), limit)
        return (self._spaced(form) for form in found)

    def lattice(self) -> tuple[tuple[Form, ...], ...]:
        """For each word its forms, each with the contacts it makes with its neighbours.

        A path takes one form a word such that ``forms[i].after == forms[i + 1].before``; every path
        is an allowed form of the text. Up to 32 forms are given for each pair of contacts.
        """
        return tuple(
            tuple(self._spoken.word_forms(start, end, _WORD_FORMS))
            for start, end in self._utterance.words
        )

    def choices(self) -> list[Choice]:
        """The places where there is a choice, from left to right; all are independent.

        With :meth:`spoken` a listener can try the options of one place after another instead of
        whole forms: the form that fits best is the best option everywhere.
        """
        return self._spoken.choices()

    def spoken(self, picks: Sequence[int]) -> str:
        """The form with the given option at each of :meth:`choices`; zeros give the best form."""
        return self._spaced(self._spoken.spoken(picks))

    @cached_property
    def _letters(self) -> str:
        return _spelled(self.text)

    def _spaced(self, form: str) -> str:
        return " ".join(form[start:end] for start, end in self._utterance.words)

    def _word(self, start: int, end: int) -> Word:
        spelled = self._letters[start:end]
        forms = tuple(islice(self._spoken.forms(start, end), _WORD_FORMS))

        # Sections of the standard, from the seams and from the vowels.
        seams = self._reading.seams[start : end + 1]
        rules = {rule for contacts in seams for contact in contacts for rule in contact.rules}
        for number in range(start, end):
            syllable = self._utterance.syllables[number]
            rules |= vowel_rules(syllable, self._reading.vowels[number])

        sure = self._reading.unsure.isdisjoint(range(start, end))
        return Word(spelled, forms, tuple(sorted(rules, key=_order)), sure)


@lru_cache(maxsize=_CACHED)
def pronunciations(text: str) -> Pronunciations:
    """Allowed pronunciations of a Korean text; safe to call from several threads.

    The analyser is loaded by the first call, which takes a second and 500 MB of memory.

    >>> said = pronunciations("꽃잎이 시계 옆에")
    >>> said.best, said.allows("꼰니피 시게 여페"), said.allows("꼬니피 시계 여페")
    ('꼰니피 시계 여페', True, False)

    Args:
        text: Hangul syllables, spaces, punctuation and pictures such as emoji. Nobody joins words
            over punctuation.

    Raises:
        TextError: the text holds digits, Latin letters, lone jamo or other signs, whose
            pronunciation depends on how they are read; spell them out first
            (:func:`speakor_common.text.normalize_korean`).
    """
    utterance = parse(text)
    if not utterance.syllables:
        return Pronunciations(utterance, Reading([(Contact("", ""),)], []))

    spelled = _spelled(utterance.text)
    readings = [read(utterance, spelled, morphemes) for morphemes in _analyses(utterance, spelled)]
    return Pronunciations(utterance, merge(readings, frozenset(utterance.bounds)))


def _analyses(utterance: Utterance, spelled: str) -> list[tuple[Morpheme, ...]]:
    """The analyses that may be meant, the likeliest first, each once."""
    if len(utterance.words) > 1:
        found = analyse(utterance.text, _READINGS)
        return _distinct(a.morphemes for a in found if a.behind <= _MARGIN)

    # Nothing around a single word explains it, so more analyses count, and a word of the lexicon
    # is one whatever the analyser makes of it.
    found = [
        analysis.morphemes
        for analysis in analyse(utterance.text, _READINGS_ALONE)
        if analysis.behind <= (_CITATION_MARGIN if _is_citation(analysis.morphemes) else _MARGIN)
    ]
    found.sort(key=_rank_alone)
    if spelled in lexicon().words:
        found.insert(0, (Morpheme(spelled, "NNG", 0, len(spelled)),))
    return _distinct(found)


def _distinct(analyses: Iterable[tuple[Morpheme, ...]]) -> list[tuple[Morpheme, ...]]:
    """The first of those that no rule tells apart: a final ending and a connecting one, say."""
    found: dict[tuple[Morpheme, ...], tuple[Morpheme, ...]] = {}
    for morphemes in analyses:
        key = tuple(m._replace(tag=_SAME_SOUND.get(m.tag, m.tag)) for m in morphemes)
        found.setdefault(key, morphemes)
    return list(found.values())


def _is_citation(morphemes: Sequence[Morpheme]) -> bool:
    """Whether a word is a verb as dictionaries cite it: 신다 is 신 + 다 rather than 시 + ᆫ다."""
    tags = [morpheme.tag for morpheme in morphemes]
    return len(tags) == 2 and tags[0] in ("VV", "VA", "VX") and morphemes[1].form == "다"


def _rank_alone(morphemes: Sequence[Morpheme]) -> int:
    """Which analysis of a single word to put first: a citation form first, a name last."""
    if _is_citation(morphemes):
        return 0
    return 2 if len(morphemes) == 1 and morphemes[0].tag == "NNP" else 1


def _spelled(text: str) -> str:
    return "".join(character for character in text if is_hangul(character))


def _order(rule: str) -> tuple[int, str]:
    number = rule.removeprefix("§")
    return (int(number) if number.isdigit() else 99, rule)
