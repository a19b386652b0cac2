"""How the syllables of numerals meet each other and the counters that follow.

Numerals have seams of their own: 십육 is [심뉵] but 십이 [시비], 열 시 [열씨] but 두 시 [두시].
"""

from __future__ import annotations

from speakor_common.text.morphology import Morpheme
from speakor_common.text.sounds.sound_rules import LAX, Meeting, Syllable
from speakor_common.text.sounds.word_rules import Options, options

_PLACES = "십백천만억조"  # 육 after one of these has ㄴ added (§29)
_PLACE_SET = frozenset(_PLACES)
_SINO_DIGITS = frozenset("일이삼사오육칠팔구" + _PLACES)
_SINO_ENDING_IN_L = "일칠팔"
_NATIVE_WITH_N = ("여섯", "여덟", "일곱")
_ENDS_OF_TENS = frozenset("열물른흔쉰순든")  # 열, 스물, 서른, 마흔 …
_NATIVE = frozenset("하나 한 둘 두 셋 세 넷 네 다섯 여섯 일곱 여덟 아홉".split())
_POINTS = frozenset({"점", "건"})  # counters that are tense after a number: 십 점, 세 건


def is_numeral(morpheme: Morpheme) -> bool:
    """Whether it is a number, or one that the analyser takes for a noun (만육천)."""
    if morpheme.tag == "NR" or (morpheme.tag == "MM" and morpheme.form in _NATIVE):
        return True
    digits = _SINO_DIGITS.issuperset(morpheme.form)
    return digits and len(morpheme.form) > 1 and not _PLACE_SET.isdisjoint(morpheme.form)


def in_numeral(first: Syllable, second: Syllable, after: str) -> Options:
    """Two syllables of one number; ``after`` is the second with the one that follows it."""
    plain, added = Meeting(apart=True), Meeting(apart=True, insert=True)

    # §29: always after a place; between digits read one by one it may be left out.
    if second.text == "육" and first.coda:
        ways = (added,) if first.text in _PLACES else (added, plain)
        return options(first, second, *ways)

    # 열여섯 [열려섣], 열다섯 [열따섣], but 스물다섯 [스물다섣].
    if first.text in _ENDS_OF_TENS:
        if after in _NATIVE_WITH_N:
            return options(first, second, added)
        tense = first.text == "열" and second.onset in LAX
        return options(first, second, Meeting(apart=True, tense="§28" if tense else ""))

    # §26: the places 십 and 조 after 일, 칠, 팔; digits read one by one may go either way.
    if first.text in _SINO_ENDING_IN_L and second.onset in "ㄷㅅㅈ":
        tense = Meeting(apart=True, tense="§26")
        return options(first, second, *((tense,) if second.text in "십조" else (tense, plain)))
    return options(first, second, plain)


def ways_before_counter(
    number: Morpheme, counter: Morpheme, first: Syllable, second: Syllable
) -> list[Meeting]:
    """A number and what it counts: 열 시 [열씨], 칠 도 [칠또], 십이 점 [시비쩜]."""
    plain, tense = Meeting(apart=True), Meeting(apart=True, tense="§28")
    if second.onset not in LAX:
        return [plain]

    # 열 and 여덟 before native counters, points and cases after any number, §26 after 일, 칠, 팔.
    if number.form.endswith(("열", "여덟")):
        return [tense]
    if counter.form in _POINTS and number.tag == "NR":
        return [tense, plain]
    if first.text in _SINO_ENDING_IN_L and second.onset in "ㄷㅅㅈ":
        return [Meeting(apart=True, tense="§26")]
    return [plain]
