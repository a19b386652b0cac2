"""Where the words of the lexicon stand in a text, and what they say about it.

A word of the lexicon is found alone (문법), with particles (문법을), at the beginning or end of
a longer noun (문법책, 영문법) and over the seams Kiwi puts into it (인기 + 척). The longest wins,
so a row for the longer word corrects what its parts would suggest (영수증 ends in no -증).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from speakor_common.text.morphology import Morpheme
from speakor_common.text.sounds.lexicon import Entry, lexicon
from speakor_common.text.sounds.sound_rules import SILENT, Contact, Meeting, tensed
from speakor_common.text.sounds.utterance import Utterance
from speakor_common.text.sounds.word_rules import NOUNS, Options, is_sai_siot, noun_of, options

_NOUN_LIKE = NOUNS | {"XSN", "XPN", "MM", "MAG", "MAJ", "IC"}
_PREFIXES = frozenset("재무비대고저신구영총전소미불부반제각주양다초최급생본타별친탈핵맹")
_LEFT_OF_ENDING = (NOUNS | {"XSN"}) - {"NR", "NP", "NNB"}  # what a last part may follow
_ENDING_TAGS = frozenset({"NNG", "NNP", "XSN"})


class Known:
    """What the lexicon tells about one reading of a text.

    Attributes:
        seams: by the number of the syllable before the seam.
        vowels: by the number of the syllable, in addition to what the rules allow.
    """

    def __init__(self) -> None:
        self.seams: dict[int, Options] = {}
        self.vowels: dict[int, tuple[str, ...]] = {}

    def has(self, start: int, end: int) -> bool:
        """Whether something is known between two syllables already."""
        return any(seam in self.seams for seam in range(start, end - 1))

    def take(self, entry: Entry, start: int) -> None:
        """An entry begins with a syllable; what is known already stays."""
        rules = (entry.rule,)
        for number in range(len(entry.spelling) - 1):
            contacts = tuple(Contact(*pair, True, rules) for pair in entry.seam(number))
            sure = entry.sure or len(contacts) == 1
            self.seams.setdefault(start + number, Options(contacts, sure))

        # Vowels, such as the ㅣ of 무늬.
        for number in range(len(entry.spelling)):
            heard = tuple(dict.fromkeys(form[number].vowel for form in entry.forms))
            self.vowels.setdefault(start + number, heard)


def look_up(utterance: Utterance, spelled: str, morphemes: Sequence[Morpheme]) -> Known:
    """Everything the lexicon knows about a text.

    Args:
        spelled: its syllables without spaces, as they were written.
        morphemes: one analysis of it.
    """
    known = Known()
    for (start, end), inner in zip(utterance.words, _by_word(utterance, morphemes), strict=True):
        # A whole word of three syllables is no chance, however the analyser cuts it.
        entry = lexicon().words.get(spelled[start:end])
        if entry is not None and end - start >= 3:
            known.take(entry, start)
            continue

        # Stems first; nouns are looked for in runs, since a row may span several morphemes.
        for verb in (m for m in inner if m.tag in ("VV", "VA", "VX")):
            _take_stem(known, verb, spelled)
        for run in _noun_runs(inner):
            _take_words(known, run, spelled)
            _take_endings(known, run, spelled, utterance)
    return known


def _by_word(utterance: Utterance, morphemes: Sequence[Morpheme]) -> list[list[Morpheme]]:
    """The morphemes of each word that have a syllable; one that spans words is in none."""
    found: list[list[Morpheme]] = [[] for _ in utterance.words]
    for morpheme in morphemes:
        if morpheme.start < morpheme.end:
            word = utterance.word_of[morpheme.start]
            if word == utterance.word_of[morpheme.end - 1]:
                found[word].append(morpheme)
    return found


def _take_stem(known: Known, verb: Morpheme, spelled: str) -> None:
    """A verb's stem, whatever its last syllable has become (힘겹다, 힘겨워); its noun, if any."""
    entry = lexicon().stems.get(verb.form)
    if entry is not None:
        known.take(entry, verb.start)
        return
    noun = noun_of(verb)
    if noun is not None:
        _take_words(known, [noun], spelled)


def _noun_runs(morphemes: Sequence[Morpheme]) -> Iterator[list[Morpheme]]:
    """Nouns that stand beside each other, each beginning with a syllable of its own.

    A verb that modifies a noun in the same word belongs to it: 볼일 is 보 + ᆯ + 일.
    """
    run: list[Morpheme] = []
    for number, morpheme in enumerate(morphemes):
        # A verb may only begin a run, and its ending only follow it there.
        modifies = not run and morpheme.tag in ("VV", "VA") and _is_modifying(morphemes, number)
        inside = run and run[0].tag in ("VV", "VA") and morpheme.tag == "ETM"
        if morpheme.tag in _NOUN_LIKE or modifies or inside:
            run.append(morpheme)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _is_modifying(morphemes: Sequence[Morpheme], number: int) -> bool:
    following = [m.tag for m in morphemes[number + 1 : number + 3]]
    return len(following) == 2 and following[0] == "ETM" and following[1] in NOUNS


def _take_words(known: Known, run: Sequence[Morpheme], spelled: str) -> None:
    """Whole entries, from the left, the longest first; then the end of what is not yet known."""
    words = lexicon().words
    ends = {m.end for m in run}
    position = run[0].start
    for morpheme in run:
        if morpheme.start < position:
            continue

        # Over a seam of Kiwi's a row ends where a morpheme ends; inside a morpheme, anywhere.
        for end in range(run[-1].end, morpheme.start + 1, -1):
            entry = words.get(spelled[morpheme.start : end])
            if entry is not None and (end in ends or end < morpheme.end):
                known.take(entry, morpheme.start)
                position = end
                break

    for morpheme in run:
        _take_last_word(known, morpheme, spelled)


def _take_last_word(known: Known, morpheme: Morpheme, spelled: str) -> None:
    """A word at the end of a longer noun, after a prefix (영문법) or a word of its own.

    Names are left to the last parts: 몽촌토성역 is no 성역.
    """
    if morpheme.tag == "NNP" and spelled[morpheme.end - 1] in lexicon().endings:
        return

    # The longest first; what stands before it must be able to.
    for start in range(morpheme.start + 1, morpheme.end - 1):
        entry = lexicon().words.get(spelled[start : morpheme.end])
        head = spelled[morpheme.start : start]
        is_head = len(head) > 1 or (head in _PREFIXES and morpheme.tag == "NNG")
        if entry is not None and is_head and not known.has(start, morpheme.end):
            known.take(entry, start)
            return


def _take_endings(
    known: Known, run: Sequence[Morpheme], spelled: str, utterance: Utterance
) -> None:
    """Last parts of compounds: a morpheme of its own, or the end of a longer noun."""
    before = None
    for morpheme in run:
        # After a noun a whole morpheme may be a last part, else the end of it may.
        whole = spelled[morpheme.start : morpheme.end]
        follows = before is not None and before.tag in _LEFT_OF_ENDING
        if follows and morpheme.tag in _ENDING_TAGS and whole in lexicon().endings:
            _take_ending(known, lexicon().endings[whole], morpheme.start, utterance)
        elif morpheme.tag in NOUNS:
            _take_last_part(known, morpheme, spelled, utterance)
        before = morpheme


def _take_last_part(known: Known, morpheme: Morpheme, spelled: str, utterance: Utterance) -> None:
    # One syllable needs two before it: words of two syllables have rows of their own. And native
    # ones (§28) are too often the reading of a Chinese character (공화국) to be seen inside a noun.
    for start in range(morpheme.start + 1, morpheme.end):
        entry = lexicon().endings.get(spelled[start : morpheme.end])
        if entry is None:
            continue
        single = morpheme.end - start == 1
        if not single or (start - morpheme.start >= 2 and entry.rule != "§28"):
            _take_ending(known, entry, start, utterance)
            return


def _take_ending(known: Known, entry: Entry, start: int, utterance: Utterance) -> None:
    first, second = utterance.syllables[start - 1 : start + 1]
    if start - 1 in known.seams or (second.onset == SILENT and not first.coda):
        return

    # How it is joined to what stands before it; ㅅ between the two parts settles that (§30).
    ways = [_way(form[0].onset, second.onset, entry.rule) for form in entry.forms]
    joined_by_s = is_sai_siot(first, second)
    if joined_by_s:
        ways = [Meeting(dropped=True), Meeting(apart=True)]
    found = options(first, second, *ways)
    sure = entry.sure or joined_by_s or len(found.contacts) == 1
    known.seams[start - 1] = found._replace(sure=sure)

    if not known.has(start, start + len(entry.spelling)):
        known.take(entry, start)


def _way(heard: str, spelled: str, rule: str) -> Meeting:
    """How a last part is joined, from the first sound its row gives it."""
    if heard == "ㄴ" and spelled == SILENT:
        return Meeting(apart=True, insert=True)
    if heard != spelled and heard == tensed(spelled):
        return Meeting(apart=True, tense=rule)
    return Meeting(apart=True)
