"""How a first language is heard in Korean: rules, and the habits of one speaker.

A rule says what becomes of a sound, and how often an average learner of that first language lets it
happen. Directions follow the L2-Korean phonology literature. Rates follow the pooled production
statistics published with arXiv 2306.10821 where they exist (tense → lax .13-.16, coda ㄹ lost .09,
ㅓ → ㅗ .10, ㅗ → ㅓ .07, ㅜ → ㅡ .09, coda ㄱ/ㅂ lost .04/.03), raised for the first language a
pattern is typical of (Vietnamese coda ㄹ wrong 81/68/28 % by level, Chinese codas, Japanese vowel
mergers). All other rates are chosen, not measured.

Nobody is an average learner: each speaker has habits (:func:`habits_of`), some patterns often and
some never. The kinds of :data:`RESERVED_RULES` occur in the test only, so that a method which has
counted the kinds of training meets kinds it has not counted.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from speakor_common.pronunciation.deviations import Deviation
from speakor_common.shipped.synthesis.phonology import Syllable
from speakor_common.text import PARTS, compatibility, conjoining

# 하 speakers apply a pattern more often, 상 speakers rarely.
LEVEL_FACTOR = {"하": 1.8, "중": 1.1, "상": 0.45}
MAX_RATE = 0.9
_SPREAD = 0.6  # of a speaker's rates around the average: standard deviation of the logarithm
_NEVER = 0.2  # share of patterns a speaker does not have


@dataclass(frozen=True)
class Rule:
    """In ``part`` of a syllable, ``intended`` is said as ``spoken`` with probability ``rate``.

    ``spoken == ""`` is an omission. ``epenthesis`` holds the vowel that follows when a coda
    becomes the onset of an extra syllable (밥 → 바부); ``spoken`` is then that onset.
    """

    part: str
    intended: str
    spoken: str
    rate: float
    epenthesis: str = ""

    @property
    def kind(self) -> tuple[str, str, str]:
        """What of the rule is heard: part, intended and spoken."""
        return self.part, self.intended, self.spoken + self.epenthesis


Habits = tuple[Rule, ...]  # the rules of a speaker, with own rates


def _rules(part: str, table: str, rate: float) -> tuple[Rule, ...]:
    """``"ㄲ>ㄱ ㄹ>"`` in compatibility letters; an empty right side is an omission."""
    pairs = (item.split(">") for item in table.split())
    return tuple(Rule(part, conjoining(a, part), conjoining(b, part), rate) for a, b in pairs)


def _epenthesis(codas: str, vowel: str, rate: float) -> tuple[Rule, ...]:
    """Each coda becomes the onset of an extra syllable with ``vowel``."""
    added = conjoining(vowel, "vowel")
    return tuple(
        Rule("coda", conjoining(letter, "coda"), conjoining(letter, "onset"), rate, added)
        for letter in codas
    )


RULES: dict[str, tuple[Rule, ...]] = {
    "KR": (),
    "JP": (
        *_rules("vowel", "ㅓ>ㅗ ㅕ>ㅛ", 0.26),
        *_rules("vowel", "ㅡ>ㅜ", 0.26),
        *_rules("onset", "ㄲ>ㄱ ㄸ>ㄷ ㅃ>ㅂ ㅆ>ㅅ ㅉ>ㅈ", 0.16),
        *_rules("onset", "ㅋ>ㄱ ㅌ>ㄷ ㅍ>ㅂ ㅊ>ㅈ", 0.12),
        *_rules("coda", "ㅇ>ㄴ ㅁ>ㄴ ㄴ>ㅇ", 0.12),
        *_rules("coda", "ㄱ> ㄷ> ㅂ>", 0.14),
        *_epenthesis("ㄱㅂ", "ㅜ", 0.10),
        *_epenthesis("ㄹ", "ㅜ", 0.14),
    ),
    "CN": (
        *_rules("coda", "ㄱ> ㄷ> ㅂ>", 0.26),
        *_rules("coda", "ㄹ>ㄴ", 0.14),
        *_rules("coda", "ㄹ>", 0.16),
        *_rules("coda", "ㅇ>ㄴ", 0.12),
        *_rules("onset", "ㄱ>ㅋ ㄷ>ㅌ ㅂ>ㅍ ㅈ>ㅊ", 0.12),
        *_rules("onset", "ㄱ>ㄲ ㄷ>ㄸ ㅂ>ㅃ ㅈ>ㅉ", 0.05),
        *_rules("vowel", "ㅓ>ㅗ ㅕ>ㅛ", 0.20),
        *_rules("vowel", "ㅡ>ㅜ", 0.14),
        *_rules("vowel", "ㅡ>ㅣ", 0.05),
    ),
    "VN": (
        *_rules("coda", "ㄹ>ㄴ", 0.50),
        *_rules("onset", "ㅈ>ㅉ", 0.22),
        *_rules("onset", "ㅋ>ㄲ ㅌ>ㄸ ㅍ>ㅃ ㅊ>ㅉ", 0.24),
        *_rules("vowel", "ㅡ>ㅓ", 0.14),
        *_rules("vowel", "ㅡ>ㅜ", 0.10),
        *_rules("vowel", "ㅓ>ㅗ ㅗ>ㅓ", 0.09),
        *_rules("coda", "ㄱ> ㄷ> ㅂ>", 0.10),
        *_rules("onset", "ㅆ>ㅅ", 0.16),
    ),
    "EN": (
        *_rules("onset", "ㄲ>ㄱ ㄸ>ㄷ ㅃ>ㅂ ㅆ>ㅅ ㅉ>ㅈ", 0.24),
        *_rules("onset", "ㄱ>ㅋ ㄷ>ㅌ ㅂ>ㅍ ㅈ>ㅊ", 0.10),
        *_rules("vowel", "ㅓ>ㅗ ㅕ>ㅛ", 0.14),
        *_rules("vowel", "ㅓ>ㅏ", 0.10),
        *_rules("vowel", "ㅡ>ㅜ", 0.24),
        *_rules("vowel", "ㅢ>ㅣ", 0.45),
        *_rules("vowel", "ㅚ>ㅗ ㅝ>ㅗ", 0.20),
        *_rules("coda", "ㄹ> ㄴ>", 0.10),
    ),
    "TH": (
        *_rules("coda", "ㄹ>ㄴ", 0.44),
        *_rules("onset", "ㅆ>ㅅ ㅉ>ㅈ", 0.22),
        *_rules("onset", "ㄱ>ㄲ ㄷ>ㄸ ㅂ>ㅃ ㅈ>ㅉ", 0.12),
        *_rules("vowel", "ㅓ>ㅗ ㅕ>ㅛ", 0.16),
        *_rules("vowel", "ㅢ>ㅣ", 0.36),
        *_rules("coda", "ㄱ> ㄷ> ㅂ>", 0.12),
        *_rules("coda", "ㅁ>ㄴ", 0.08),
    ),
}

# Of the test alone; no kind of these is in RULES, for any first language.
RESERVED_RULES: dict[str, tuple[Rule, ...]] = {
    "KR": (),
    "JP": (
        *_rules("onset", "ㄹ>ㄷ", 0.16),
        *_rules("coda", "ㅇ>", 0.14),
        *_epenthesis("ㅁ", "ㅜ", 0.14),
        *_rules("vowel", "ㅟ>ㅜ", 0.30),
    ),
    "CN": (
        *_rules("onset", "ㄴ>ㄹ", 0.12),
        *_rules("onset", "ㄲ>ㅋ ㄸ>ㅌ ㅃ>ㅍ ㅉ>ㅊ", 0.18),
        *_rules("vowel", "ㅓ>ㅡ", 0.10),
        *_rules("vowel", "ㅟ>ㅣ", 0.30),
        *_rules("coda", "ㅁ>ㅇ", 0.14),
    ),
    "VN": (
        *_rules("coda", "ㄱ>ㄷ ㅂ>ㄱ", 0.14),
        *_rules("vowel", "ㅛ>ㅗ ㅠ>ㅜ ㅘ>ㅏ", 0.22),
        *_rules("onset", "ㅅ>ㅆ", 0.14),
        *_rules("onset", "ㄹ>ㄴ", 0.10),
    ),
    "EN": (
        *_rules("onset", "ㅅ>ㅆ", 0.12),
        *_rules("vowel", "ㅏ>ㅓ ㅗ>ㅜ", 0.08),
        *_rules("vowel", "ㅝ>ㅓ", 0.20),
        *_epenthesis("ㄷ", "ㅡ", 0.14),
        *_rules("coda", "ㅇ>ㅁ", 0.08),
    ),
    "TH": (
        *_rules("onset", "ㄹ>ㄴ", 0.14),
        *_rules("onset", "ㅎ>", 0.12),
        *_rules("vowel", "ㅟ>ㅣ ㅘ>ㅏ", 0.26),
        *_rules("coda", "ㄹ>ㄷ", 0.14),
        *_rules("vowel", "ㅜ>ㅡ", 0.10),
    ),
}


def habits_of(speaker_id: str, l1: str, level: str | None, reserved: bool, seed: int) -> Habits:
    """The rules one speaker has, with that speaker's own rates.

    Args:
        level: 상, 중 or 하; ``None`` for native speakers, who have none.
        reserved: whether to add the kinds that are kept for the test.
    """
    if level is None:
        return ()
    habits = []
    for rule in RULES[l1] + (RESERVED_RULES[l1] if reserved else ()):
        # A stream for each rule, so that further rules change nothing about the others.
        rng = random.Random(f"{seed}/habit/{speaker_id}/{rule.kind}")
        if rng.random() >= _NEVER:
            own = rule.rate * LEVEL_FACTOR[level] * rng.lognormvariate(0.0, _SPREAD)
            rate = round(min(MAX_RATE, own), 4)
            habits.append(Rule(rule.part, rule.intended, rule.spoken, rate, rule.epenthesis))
    return tuple(habits)


def apply_accent(
    syllables: Sequence[Syllable],
    habits: Habits,
    is_right: Callable[[Sequence[Syllable]], bool],
    rng: random.Random,
) -> tuple[list[Syllable], list[Deviation]]:
    """Say ``syllables`` with a speaker's habits.

    At most one rule fires per onset, vowel or coda.

    Args:
        syllables: the standard pronunciation.
        is_right: whether the standard allows a pronunciation, so that a permitted variant is not
            noted as a deviation.

    Returns:
        What is spoken, and what deviates; positions count the syllables of the standard.
    """
    spoken: list[Syllable] = []
    deviations: list[Deviation] = []
    for index, intended in enumerate(syllables):
        following = syllables[index + 1] if index + 1 < len(syllables) else None
        syllable = intended
        extra: Syllable | None = None
        for part in PARTS:
            rule = _draw(habits, part, getattr(intended, part), rng)
            if rule is None:
                continue

            # A vowel is added, unless the next onset already releases the stop (학교).
            if rule.epenthesis:
                if following and following.onset == rule.spoken:
                    continue
                syllable = syllable.with_part("coda", "")
                extra = Syllable(rule.spoken, rule.epenthesis, "", syllable.word)
            else:
                changed = intended.with_part(part, rule.spoken)
                if is_right([*syllables[:index], changed, *syllables[index + 1 :]]):
                    continue
                syllable = syllable.with_part(part, rule.spoken)
            deviations.append(_deviation(index, rule))

        spoken.append(syllable)
        if extra is not None:
            spoken.append(extra)
    return spoken, deviations


def _deviation(index: int, rule: Rule) -> Deviation:
    """What a rule that fired at a syllable makes of it, in compatibility letters."""
    if rule.epenthesis:
        return Deviation(index, rule.part, "insertion", "", compatibility(rule.epenthesis))
    kind = "substitution" if rule.spoken else "omission"
    intended = compatibility(rule.intended)
    return Deviation(index, rule.part, kind, intended, compatibility(rule.spoken))


def _draw(habits: Habits, part: str, jamo: str, rng: random.Random) -> Rule | None:
    """The first matching rule that fires; one random number decides among the alternatives."""
    threshold = rng.random()
    for rule in habits:
        if rule.part == part and rule.intended == jamo:
            if threshold < rule.rate:
                return rule
            threshold -= rule.rate
    return None
