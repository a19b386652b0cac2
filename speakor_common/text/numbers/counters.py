"""Which series of numerals a counter takes: native (세 개) or Sino-Korean (삼 층).

Some counters take either, with a different meaning (세 번 "three times", 삼 번 "number three"),
and only the words around them tell. A counter is looked up as a whole word with its particles:
달러 is not 달, 번역 is not 번. The words stand in :mod:`speakor_common.text.numbers.counter_words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from speakor_common.text.numbers import counter_words

Series = Literal["native", "sino"]
NATIVE: tuple[Series, ...] = ("native",)
SINO: tuple[Series, ...] = ("sino",)
NATIVE_FIRST: tuple[Series, ...] = ("native", "sino")
SINO_FIRST: tuple[Series, ...] = ("sino", "native")

_ALWAYS_NATIVE = frozenset("살 번째 째 달".split())  # 스물다섯 살; others turn Sino as they grow
_SURE_NATIVE = 19  # up to here a native counter leaves no choice: 열아홉 명, but 스무 or 이십 명
_GROWS_SINO = frozenset("시간 배 칸 가구".split())  # mostly Sino-Korean from 20 on: 이십사 시간
_HOURS = 12  # 시 is native on the twelve-hour clock only
_NEVER = r"(?!)"
_CLEAR = "[를을]|에서|씩|쯤|부터|까지|마다|정도|짜리|이나"
_TOPIC = r"[은는이가도를을만]?\s*$"  # a particle may stand between the thing counted and the number


def _any(alternatives: Iterable[str]) -> str:
    return f"(?:{'|'.join(alternatives)})"


def _word(alternatives: Iterable[str]) -> str:
    return rf"(?<![가-힣]){_any(alternatives)}"


@dataclass(frozen=True)
class _Either:
    """A counter of both series: what decides, as patterns of the text before and after it."""

    likelier: tuple[Series, ...]
    native_before: str = _NEVER
    native_after: str = _NEVER
    sino_before: str = _NEVER
    sino_after: str = _NEVER
    doubtful_after: str = ""  # where nothing decides, Sino-Korean unless this follows

    def decide(self, before: str, after: str) -> tuple[Series, ...]:
        """Series of small numbers; both where nothing decides, or where both sides have a say."""
        native = re.search(f"(?:{self.native_before}){_TOPIC}", before)
        native = native or re.match(self.native_after, after)
        sino = re.search(rf"(?:{self.sino_before})[은는]?\s*$", before)
        sino = sino or re.match(self.sino_after, after)
        if native and sino:
            return NATIVE_FIRST
        if native or sino:
            return NATIVE if native else SINO
        return self.likelier if re.match(self.doubtful_after, after) else SINO


_EITHER = {
    "번": _Either(
        NATIVE_FIRST,
        native_before=rf"(?<![가-힣]){_any(counter_words.OFTEN)}|[0-9가-힣]\s?(?:달|년|주|주일|해|월)에",
        native_after=rf"씩|이나|쯤|정도|밖에|만에|이상|\s+{_any(counter_words.DONE)}",
        sino_before="출구|반|채널|국도|좌석|정답|보기|게이트|번호|(?<![가-힣])답",
        sino_after=rf"\s*{_any(counter_words.NUMBERED)}",
    ),
    "대": _Either(
        NATIVE_FIRST,
        native_before=_word(counter_words.MACHINES),
        sino_after=rf"\s+{_any(counter_words.GENERATIONS)}",
    ),
    # Only with a particle of a subject, topic or object can it be persons, if no guest is named.
    "분": _Either(
        SINO_FIRST,
        native_before=_any(counter_words.GUESTS),
        native_after="께|들",
        sino_before="시|시간",
        sino_after=rf"[이은을도]?\s*{_any(counter_words.MINUTES)}",
        doubtful_after="[이은을의도과]",
    ),
    "권": _Either(NATIVE_FIRST, native_before=_word(counter_words.BOOKS)),
    "장": _Either(NATIVE_FIRST, native_before=_word(counter_words.SHEETS)),
    "편": _Either(NATIVE_FIRST, native_before=_word(counter_words.WORKS)),
    "판": _Either(NATIVE_FIRST, native_before="피자|바둑|장기|계란|달걀|게임"),
    "쪽": _Either(SINO_FIRST, native_before="마늘|사과|귤", sino_before="책|교과서"),
}
_UNDECIDED = dict.fromkeys(counter_words.NATIVE_OR_SINO, NATIVE_FIRST) | dict.fromkeys(
    counter_words.SINO_OR_NATIVE, SINO_FIRST
)
_KNOWN = frozenset(
    [
        *counter_words.NATIVE_COUNTERS,
        *counter_words.SINO_COUNTERS,
        *counter_words.MEASURES,
        *_EITHER,
        *_UNDECIDED,
    ]
)
# One syllable begins too many words: 도 is in 도시. 년 begins none that is counted.
_SURE_SINO = (
    "년",
    *(w for w in (*counter_words.SINO_COUNTERS, *counter_words.MEASURES) if len(w) > 1),
)
_LONGEST = max(map(len, _KNOWN))
_TAILS = frozenset(
    [*counter_words.AFTER_ANY, *counter_words.AFTER_CODA, *counter_words.AFTER_VOWEL]
)
_LONGEST_TAIL = max(map(len, _TAILS))
_MOST_SYLLABLES = 12  # of particles behind a counter


@dataclass(frozen=True)
class Counter:
    """A counter at the start of a run of Hangul, and the particles it has there."""

    word: str
    tail: str = ""


@lru_cache(maxsize=4096)
def find_counter(run: str) -> Counter | None:
    """The longest counter a run of Hangul begins with, if only particles follow it.

    >>> find_counter("달러를"), find_counter("번역")
    (Counter(word='달러', tail='를'), None)
    """
    # 삼십여 명, 삼십여명: whatever is counted, 여 takes Sino-Korean.
    many = run.removeprefix("여")
    if many != run and not many.startswith("여") and (not many or find_counter(many)):
        return Counter("여", many)
    for end in range(min(_LONGEST, len(run)), 0, -1):
        if run[:end] in _KNOWN and is_tail(run[end:], run[end - 1]):
            return Counter(run[:end], run[end:])
    return None


def begins_like_counter(run: str) -> Counter | None:
    """A counter with a particle that nothing but a noun has, glued to the next word.

    >>> begins_like_counter("개를샀어요"), begins_like_counter("병원")
    (Counter(word='개', tail='를샀어요'), None)
    """
    for end in range(min(_LONGEST, len(run)), 0, -1):
        if run[:end] in _KNOWN and re.match(_CLEAR, run[end:]):
            return Counter(run[:end], run[end:])
    return None


def is_surely_sino(run: str) -> bool:
    """Whether a run begins with a Sino-Korean counter that begins no native-counted noun.

    >>> is_surely_sino("학년생"), is_surely_sino("도시")
    (True, False)
    """
    return run.startswith(_SURE_SINO)


@lru_cache(maxsize=4096)
def is_tail(tail: str, previous: str = "") -> bool:
    """Whether a run of Hangul is only particles, endings and the like.

    Args:
        tail: what is left of the run.
        previous: the syllable before it, as particles differ after a coda; ``""`` after digits.

    >>> is_tail("까지만", "개"), is_tail("로", "통")
    (True, False)
    """
    if not tail or len(tail) > _MOST_SYLLABLES:
        return not tail

    # 로 follows ㄹ as it follows a vowel.
    coda = (ord(previous) - ord("가")) % 28 if previous else -1
    fitting = set(counter_words.AFTER_ANY)
    fitting |= set(counter_words.AFTER_CODA) if coda else set()
    fitting |= set(counter_words.AFTER_VOWEL) if coda < 1 else {"로"} if coda == 8 else set()

    return any(
        tail[:end] in fitting and is_tail(tail[end:], tail[end - 1])
        for end in range(min(_LONGEST_TAIL, len(tail)), 0, -1)
    )


def series(value: int, counter: Counter, before: str, after: str) -> tuple[Series, ...]:
    """Series a whole number takes before a counter, the likelier first; one if there is no doubt.

    Args:
        before: text before the number.
        after: text behind the counter, its particles included.
    """
    # 영 시 and 십삼 시; ages of people (이십 대); words that are no counters after all.
    word = counter.word
    if word == "시" and word + counter.tail not in counter_words.HOMOGRAPHS:
        return NATIVE if 0 < value <= _HOURS else SINO
    if word == "대" and value % 10 == 0 and 10 <= value <= 90:
        return _decade(before, after)
    order = _order(counter, before, after)
    if value == 0 or order == SINO:
        return SINO
    if word in _ALWAYS_NATIVE or value <= _SURE_NATIVE:
        return order

    # Large numbers of native counters are said either way, from 110 on mostly in Sino-Korean.
    grown = word in _GROWS_SINO or order[0] == "sino" or (value > 100 and value % 100 > 9)
    return SINO_FIRST if grown else NATIVE_FIRST


def _order(counter: Counter, before: str, after: str) -> tuple[Series, ...]:
    """Series of small numbers."""
    word = counter.word
    if word + counter.tail in counter_words.HOMOGRAPHS:
        return NATIVE_FIRST if after.removeprefix(counter.tail).strip() else SINO_FIRST
    if word in _EITHER:
        return _EITHER[word].decide(before, after)
    if word in _UNDECIDED:
        return _UNDECIDED[word]

    # 삼 개 국어, 오 개 국: languages and countries are counted in Sino-Korean.
    languages = word == "개" and re.match(r"\s+(?:국어|국|언어)", after)
    return SINO if languages or word not in counter_words.NATIVE_COUNTERS else NATIVE


def _decade(before: str, after: str) -> tuple[Series, ...]:
    """이십 대 (people in their twenties) or 스무 대 (cars)."""
    if re.search(_word(counter_words.MACHINES) + _TOPIC, before):
        return NATIVE_FIRST
    return SINO if re.match(rf"[의는은가]?\s*{_any(counter_words.PEOPLE)}", after) else SINO_FIRST
