"""Accents: habits of a speaker, kinds kept for the test, and every deviation as it is spoken."""

import random

import pytest

from speakor_common.shipped.synthesis.accents import (
    RESERVED_RULES,
    RULES,
    apply_accent,
    habits_of,
)
from speakor_common.shipped.synthesis.phonology import to_hangul, to_syllables

SENTENCE = "저는 오늘 일찍 학꾜에 가써요"


def nothing_is_right(_syllables) -> bool:
    return False


def say(text: str, l1: str, level: str | None, rng: random.Random, reserved: bool = False):
    """With the habits of another speaker each time."""
    habits = habits_of(f"{l1}{rng.random()}", l1, level, reserved, seed=1)
    return apply_accent(to_syllables(text), habits, nothing_is_right, rng)


@pytest.mark.parametrize("l1", ["JP", "CN", "VN", "EN", "TH"])
def test_accents_weaken_with_level(l1):
    counts = {}
    for level in ("하", "중", "상"):
        rng = random.Random(0)
        counts[level] = sum(len(say(SENTENCE, l1, level, rng)[1]) for _ in range(200))
    assert counts["하"] > counts["중"] > counts["상"] > 0


def test_natives_have_no_habits():
    assert say(SENTENCE, "KR", None, random.Random(0)) == (to_syllables(SENTENCE), [])


def test_speakers_differ_and_keep_their_habits():
    first = habits_of("JP0001", "JP", "중", reserved=False, seed=1)
    again = habits_of("JP0001", "JP", "중", reserved=False, seed=1)
    other = habits_of("JP0002", "JP", "중", reserved=False, seed=1)
    assert first == again != other
    assert 0 < len(first) < len(RULES["JP"])  # some patterns a speaker does not have

    # Further rules change nothing about the others.
    with_reserved = habits_of("JP0001", "JP", "중", reserved=True, seed=1)
    assert with_reserved[: len(first)] == first


def test_reserved_kinds_occur_in_no_rule_of_training():
    trained = {rule.kind for rules in RULES.values() for rule in rules}
    reserved = {rule.kind for rules in RESERVED_RULES.values() for rule in rules}
    assert not trained & reserved
    assert len(reserved) >= 20
    assert all(RESERVED_RULES[l1] for l1 in RULES if l1 != "KR")


def test_what_the_standard_permits_is_no_deviation():
    rng = random.Random(0)
    for _ in range(100):
        habits = habits_of(f"EN{rng.random()}", "EN", "하", reserved=True, seed=1)
        spoken, deviations = apply_accent(to_syllables(SENTENCE), habits, lambda _: True, rng)
        assert not [deviation for deviation in deviations if deviation.kind != "insertion"]
        assert len(spoken) == len(to_syllables(SENTENCE)) + len(deviations)


def test_an_added_vowel_makes_a_syllable_of_its_own():
    spoken_forms = set()
    rng = random.Random(3)
    for _ in range(300):
        spoken, deviations = say("밥", "JP", "하", rng)
        if any(deviation.kind == "insertion" for deviation in deviations):
            spoken_forms.add(to_hangul(spoken))
    assert spoken_forms == {"바부"}


def test_no_vowel_is_added_where_the_next_onset_releases_the_stop():
    rng = random.Random(0)
    for _ in range(300):
        _, deviations = say("학교", "JP", "하", rng)
        assert not any(d.kind == "insertion" and d.syllable == 0 for d in deviations)


@pytest.mark.parametrize("l1", RULES)
def test_deviations_are_exactly_the_differences(l1):
    syllables = to_syllables(SENTENCE)
    rng = random.Random(l1)
    level = None if l1 == "KR" else "하"
    for _ in range(50):
        spoken, deviations = say(SENTENCE, l1, level, rng, reserved=True)
        inserted = [d.syllable for d in deviations if d.kind == "insertion"]
        assert len(spoken) == len(syllables) + len(inserted)
        changed = {
            index
            for index, syllable in enumerate(syllables)
            if syllable != spoken[index + sum(place < index for place in inserted)]
        }
        assert changed == {deviation.syllable for deviation in deviations}
