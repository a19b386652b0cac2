"""How a first language is heard in Korean: substitution, omission and insertion rules with rates.

Directions of the rules follow the L2-Korean phonology literature; rates follow the pooled
production statistics published with arXiv 2306.10821 where they exist (tense → lax .13-.16,
coda ㄹ lost .09, ㅓ → ㅗ .10, ㅗ → ㅓ .07, ㅜ → ㅡ .09, coda ㄱ/ㅂ lost .04/.03) and are raised
for the L1 a pattern is typical of (Vietnamese coda ㄹ wrong 81/68/28 % by level, Chinese codas,
Japanese vowel mergers). A rate is an average over learners and is scaled by :data:`LEVEL_FACTOR`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from speakor_common.pronunciation.deviations import Deviation
from speakor_common.shipped.synthesis.phonology import Syllable
from speakor_common.text import PARTS, compatibility, conjoining

# 하 speakers apply a pattern more often, 상 speakers rarely.
LEVEL_FACTOR = {"하": 1.9, "중": 1.2, "상": 0.5}
MAX_RATE = 0.9


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
        *_rules("vowel", "ㅓ>ㅗ ㅕ>ㅛ", 0.32),
        *_rules("vowel", "ㅡ>ㅜ", 0.30),
        *_rules("onset", "ㄲ>ㄱ ㄸ>ㄷ ㅃ>ㅂ ㅆ>ㅅ ㅉ>ㅈ", 0.16),
        *_rules("onset", "ㅋ>ㄱ ㅌ>ㄷ ㅍ>ㅂ ㅊ>ㅈ", 0.12),
        *_rules("coda", "ㅇ>ㄴ ㅁ>ㄴ ㄴ>ㅇ", 0.14),
        *_rules("coda", "ㄱ> ㄷ> ㅂ>", 0.16),
        *_epenthesis("ㄱㅂ", "ㅜ", 0.10),
        *_epenthesis("ㄹ", "ㅜ", 0.16),
    ),
    "CN": (
        *_rules("coda", "ㄱ> ㄷ> ㅂ>", 0.30),
        *_rules("coda", "ㄹ>ㄴ", 0.16),
        *_rules("coda", "ㄹ>", 0.18),
        *_rules("coda", "ㅇ>ㄴ", 0.12),
        *_rules("onset", "ㄱ>ㅋ ㄷ>ㅌ ㅂ>ㅍ ㅈ>ㅊ", 0.12),
        *_rules("onset", "ㄱ>ㄲ ㄷ>ㄸ ㅂ>ㅃ ㅈ>ㅉ", 0.05),
        *_rules("vowel", "ㅓ>ㅗ ㅕ>ㅛ", 0.22),
        *_rules("vowel", "ㅡ>ㅜ", 0.16),
        *_rules("vowel", "ㅡ>ㅣ", 0.06),
    ),
    "VN": (
        *_rules("coda", "ㄹ>ㄴ", 0.60),
        *_rules("onset", "ㅈ>ㅉ", 0.24),
        *_rules("onset", "ㅋ>ㄲ ㅌ>ㄸ ㅍ>ㅃ ㅊ>ㅉ", 0.26),
        *_rules("vowel", "ㅡ>ㅓ", 0.16),
        *_rules("vowel", "ㅡ>ㅜ", 0.10),
        *_rules("vowel", "ㅓ>ㅗ ㅗ>ㅓ", 0.09),
        *_rules("coda", "ㄱ> ㄷ> ㅂ>", 0.10),
        *_rules("onset", "ㅆ>ㅅ", 0.16),
    ),
    "EN": (
        *_rules("onset", "ㄲ>ㄱ ㄸ>ㄷ ㅃ>ㅂ ㅆ>ㅅ ㅉ>ㅈ", 0.24),
        *_rules("onset", "ㄱ>ㅋ ㄷ>ㅌ ㅂ>ㅍ ㅈ>ㅊ", 0.10),
        *_rules("vowel", "ㅓ>ㅗ ㅕ>ㅛ", 0.16),
        *_rules("vowel", "ㅓ>ㅏ", 0.10),
        *_rules("vowel", "ㅡ>ㅜ", 0.26),
        *_rules("vowel", "ㅢ>ㅣ", 0.45),
        *_rules("vowel", "ㅚ>ㅗ ㅝ>ㅗ", 0.20),
        *_rules("coda", "ㄹ> ㄴ>", 0.10),
    ),
}


def apply_accent(
    syllables: list[Syllable], l1: str, level: str, rng: random.Random
) -> tuple[list[Syllable], list[Deviation]]:
    """Say ``syllables`` with the accent of ``l1`` at ``level`` (상, 중 or 하).

    At most one rule fires per onset, vowel or coda.

    Args:
        syllables: the standard pronunciation.

    Returns:
        What is spoken, and what deviates; positions count the syllables of the standard.
    """
    spoken: list[Syllable] = []
    deviations: list[Deviation] = []
    for index, syllable in enumerate(syllables):
        following = syllables[index + 1] if index + 1 < len(syllables) else None
        extra: Syllable | None = None
        for part in PARTS:
            rule = _draw(RULES[l1], part, getattr(syllable, part), LEVEL_FACTOR[level], rng)
            if rule is None:
                continue

            # A vowel is added, unless the next onset already releases the stop (학교).
            if rule.epenthesis:
                if following and following.onset == rule.spoken:
                    continue
                syllable = syllable.with_part("coda", "")
                extra = Syllable(rule.spoken, rule.epenthesis, "", syllable.word)
            else:
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


def _draw(
    rules: tuple[Rule, ...], part: str, jamo: str, factor: float, rng: random.Random
) -> Rule | None:
    """The first matching rule that fires; one random number decides among the alternatives."""
    threshold = rng.random()
    for rule in rules:
        if rule.part == part and rule.intended == jamo:
            rate = min(MAX_RATE, rule.rate * factor)
            if threshold < rate:
                return rule
            threshold -= rate
    return None
