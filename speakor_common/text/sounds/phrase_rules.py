"""How a word meets the next one: said in one breath, or with a pause between them.

The standard gives many of its examples for words said together (옷 한 벌 [오탄벌], 할 일
[할릴]) and lets the speaker pause instead (§27). Both are allowed everywhere but at punctuation;
which is best depends on how closely the words belong together.
"""

from __future__ import annotations

from speakor_common.text.morphology import Morpheme
from speakor_common.text.sounds import numeral_sounds
from speakor_common.text.sounds.sound_rules import LAX, Contact, Meeting, Syllable, meet, pause
from speakor_common.text.sounds.word_rules import (
    CONTENT,
    Options,
    is_adnominal_l,
    is_sino,
    takes_n,
)

# A word that ends so belongs to the next: determiners, adverbs, bare nouns, modifying verbs.
_LEANS = frozenset("MM MAG ETM NNG NNP NNB NR NP XSN XR XPN SN UN".split())
# Verbs before which ㄴ is added whenever the words are said together.
_ALWAYS_ADDED = frozenset("입 읽 익 잊 잃 잇 이기 일어나 일어서 이르 여쭈 여쭙 열 엮 얻".split())
_DEPENDENT = frozenset("수 줄 데 바 적 듯".split())  # nouns that need a verb before them
_NATIVE_NOUNS = frozenset("일 엿 잎 이불 윷 여우 이마 입 입술 양념".split())


def across(
    before: Morpheme | None, after: Morpheme | None, first: Syllable, second: Syllable
) -> Options:
    """The last syllable of one word and the first of the next.

    Args:
        before, after: the morphemes they belong to, None where the analyser knows none.
    """
    paused = pause(first, second)
    if before is None or after is None:
        return _merged([meet(first, second, Meeting(apart=True))], paused, joined_first=False)

    # A particle or an ending that was written apart is still said with what it belongs to.
    if after.tag not in CONTENT:
        how = Meeting(stem=after.tag.startswith("E") and before.tag.startswith("V"))
        return _merged([meet(first, second, how)], paused, joined_first=True)

    # A bare noun or an adverb leads on to the next word, a particle closes (옷을, 입어요).
    joined = [meet(first, second, way) for way in _ways(before, after, first, second)]
    return _merged(joined, paused, joined_first=before.tag in _LEANS and after.tag != "IC")


def _ways(before: Morpheme, after: Morpheme, first: Syllable, second: Syllable) -> list[Meeting]:
    """How two words may meet when they are said together, best first."""
    apart = Meeting(apart=True)

    # §27 before §29: the one needs a lax onset, the other none.
    if second.onset in LAX and (is_adnominal_l(before) or _modifies(before, after, first)):
        return [Meeting(apart=True, tense="§27")]
    if takes_n(before, after, first, second) or _counts_on(before, after, first):
        return _with_n(before, after)

    # A counter after its number: 열 시 [열씨].
    if numeral_sounds.is_numeral(before) and after.tag in ("NNB", "NNG", "NR"):
        return numeral_sounds.ways_before_counter(before, after, first, second)

    # §20 may stop at a word that is not Sino-Korean (한 라디오).
    if (first.coda, second.onset) == ("ㄴ", "ㄹ") and not is_sino(after.form):
        return [apart, Meeting(apart=True, lateral=False)]
    return [apart]


def _modifies(before: Morpheme, after: Morpheme, first: Syllable) -> bool:
    """올 수, 물 데: a dependent noun tells that a verb modifies it, however it is analysed."""
    dependent = after.tag == "NNB" and after.form in _DEPENDENT
    return dependent and first.coda == "ㄹ" and not numeral_sounds.is_numeral(before)


def _counts_on(before: Morpheme, after: Morpheme, first: Syllable) -> bool:
    """서른 여섯, 열 여덟: a numeral of two words."""
    both = numeral_sounds.is_numeral(before) and numeral_sounds.is_numeral(after)
    return both and bool(first.coda) and after.form in ("여섯", "여덟", "일곱", "육")


def _with_n(before: Morpheme, after: Morpheme) -> list[Meeting]:
    """§29: ㄴ is added between words that are said together, by most speakers or by all."""
    added, linked = Meeting(apart=True, insert=True), Meeting(apart=True)
    if before.tag not in _LEANS:
        return [linked]

    # 못 and words of one native morpheme have it always; 안 may do without.
    if before.form == "안":
        return [added, linked]
    if before.form == "못" or after.form in _ALWAYS_ADDED or after.form in _NATIVE_NOUNS:
        return [added]
    if after.tag == "NR":
        return [added]
    return [added, linked]


def _merged(joined: list[Contact], paused: Contact, joined_first: bool) -> Options:
    """Different outcomes in order; a pause that changes nothing is no outcome of its own."""
    ordered = [*joined, paused] if joined_first else [paused, *joined]
    found: dict[tuple[str, str], Contact] = {}
    for contact in ordered:
        found.setdefault(contact[:2], contact)
    return Options(tuple(found.values()))
