"""All allowed ways to say a text, as places where there is a choice, and the forms they span.

Legend: N syllables.

A text of a few words can be said in thousands of allowed ways, so they are never written out.
Korean spelling and sound have the same number of syllables; what varies is each *vowel* and each
*seam* (the coda before it and the onset after it), independently of all others. Seam *i* lies
before syllable *i*; seams 0 and N are the ends.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from speakor_common.text.jamo import is_hangul
from speakor_common.text.sounds.sound_rules import Contact, compose, split


@dataclass(frozen=True)
class Form:
    """One allowed way to say a word.

    Attributes:
        spoken: Hangul syllables, as many as the word is spelled with.
        before, after: which contact of the seams before and after the word it is made with. Two
            neighbouring words are said together only in forms that agree on the seam between them.
        joined_before, joined_after: whether there is no pause to the neighbour.
    """

    spoken: str
    before: int
    after: int
    joined_before: bool
    joined_after: bool


@dataclass(frozen=True)
class Choice:
    """A place where the standard leaves a choice.

    Attributes:
        first, last: syllables whose sound it decides; both the same for a vowel.
        count: how many options there are; 0 is the best.
    """

    first: int
    last: int
    count: int


class SpokenForms:
    """The lattice of one text.

    Args:
        seams: N + 1 seams, each with its contacts, best first.
        vowels: N syllables, each with its vowels, best first.
    """

    def __init__(
        self, seams: Sequence[tuple[Contact, ...]], vowels: Sequence[tuple[str, ...]]
    ) -> None:
        self.seams = tuple(seams)
        self.vowels = tuple(vowels)

    def syllable(self, number: int, before: int, vowel: int, after: int) -> str:
        """One syllable as heard with the given contacts and vowel."""
        onset = self.seams[number][before].onset
        coda = self.seams[number + 1][after].coda
        return compose(onset, self.vowels[number][vowel], coda)

    def allows(self, spoken: str) -> bool:
        """Whether a string of syllables is one of the forms. Time grows with N, not with forms."""
        if len(spoken) != len(self.vowels):
            return False

        # Follow the contacts that fit so far; a contact fixes the coda before and the onset after.
        possible = list(self.seams[0])
        for number, character in enumerate(spoken):
            if not is_hangul(character):
                return False
            heard = split(character)
            onsets = {contact.onset for contact in possible}
            fits = heard.onset in onsets and any(
                compose(heard.onset, vowel, heard.coda) == character
                for vowel in self.vowels[number]
            )
            possible = [c for c in self.seams[number + 1] if fits and c.coda == heard.coda]
            if not possible:
                return False
        return True

    def forms(self, start: int, end: int) -> Iterator[str]:
        """Different ways to say syllables ``start`` to ``end``, best first, one after another."""
        seen = set()
        for seams, vowels in self._choices(start, end):
            spoken = self._spoken(start, end, seams, vowels)
            if spoken not in seen:
                seen.add(spoken)
                yield spoken

    def word_forms(self, start: int, end: int, limit: int) -> Iterator[Form]:
        """The best ``limit`` ways to say one word, for every way to join its neighbours."""
        for before, left in enumerate(self.seams[start]):
            for after, right in enumerate(self.seams[end]):
                fixed = {start: before, end: after}
                inner = (
                    self._spoken(start, end, seams, vowels)
                    for seams, vowels in self._choices(start, end, fixed)
                )
                for spoken in islice(dict.fromkeys(islice(inner, limit)), limit):
                    yield Form(spoken, before, after, left.joined, right.joined)

    def choices(self) -> list[Choice]:
        """Every place with more than one option, from left to right."""
        last = len(self.vowels) - 1
        found = []
        for number in range(len(self.seams)):
            count = len(self.seams[number])
            if count > 1:
                found.append(Choice(max(0, number - 1), min(number, last), count))
            if number <= last and len(self.vowels[number]) > 1:
                found.append(Choice(number, number, len(self.vowels[number])))
        return found

    def spoken(self, picks: Sequence[int]) -> str:
        """The form with the given option at each of :meth:`choices`."""
        remaining = iter(picks)
        seams, vowels = [], []
        for number in range(len(self.seams)):
            seams.append(next(remaining) if len(self.seams[number]) > 1 else 0)
            if number < len(self.vowels):
                vowels.append(next(remaining) if len(self.vowels[number]) > 1 else 0)
        return self._spoken(0, len(self.vowels), seams, vowels)

    def _spoken(self, start: int, end: int, seams: Sequence[int], vowels: Sequence[int]) -> str:
        return "".join(
            self.syllable(start + i, seams[i], vowels[i], seams[i + 1]) for i in range(end - start)
        )

    def _choices(
        self, start: int, end: int, fixed: dict[int, int] | None = None
    ) -> Iterator[tuple[list[int], list[int]]]:
        """Options of the seams and vowels of a stretch, those with the lowest sum first."""
        fixed = fixed or {}
        seams = range(start, end + 1)
        free = [0 if number in fixed else len(self.seams[number]) - 1 for number in seams]
        free += [len(self.vowels[number]) - 1 for number in range(start, end)]
        for picked in _by_sum(free):
            chosen = list(picked[: len(seams)])
            for number, option in fixed.items():
                chosen[number - start] = option
            yield chosen, list(picked[len(seams) :])


def _by_sum(highest: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All vectors with entries from 0 to ``highest``, in order of their sums, each once.

    A vector's successors raise its last non-zero entry or set a later one to 1, so that every
    vector is reached from exactly one other.
    """
    places = [place for place, top in enumerate(highest) if top > 0]
    queue: list[tuple[int, tuple[tuple[int, int], ...]]] = [(0, ())]
    while queue:
        total, raised = heapq.heappop(queue)
        vector = [0] * len(highest)
        for place, value in raised:
            vector[places[place]] = value
        yield tuple(vector)

        last = raised[-1][0] if raised else -1
        if raised and raised[-1][1] < highest[places[last]]:
            heapq.heappush(queue, (total + 1, (*raised[:-1], (last, raised[-1][1] + 1))))
        for place in range(last + 1, len(places)):
            heapq.heappush(queue, (total + 1, (*raised, (place, 1))))
