"""Accents: stronger for beginners, none for natives, and every deviation as it is spoken."""

import random

import pytest

from speakor_common.shipped.synthesis.accents import RULES, apply_accent
from speakor_common.shipped.synthesis.phonology import to_hangul, to_syllables


@pytest.mark.parametrize("l1", ["JP", "CN", "VN", "EN"])
def test_accents_weaken_with_level(l1):
    syllables = to_syllables("저는 오늘 학교에서 친구를 만나고 밥을 먹얻써요")
    counts = {}
    for level in ("하", "중", "상"):
        rng = random.Random(0)
        counts[level] = sum(len(apply_accent(syllables, l1, level, rng)[1]) for _ in range(200))
    assert counts["하"] > counts["중"] > counts["상"] > 0
    assert apply_accent(syllables, "KR", "하", random.Random(0)) == (syllables, [])


def test_an_added_vowel_makes_a_syllable_of_its_own():
    spoken_forms = set()
    rng = random.Random(3)
    for _ in range(200):
        spoken, deviations = apply_accent(to_syllables("밥"), "JP", "하", rng)
        if any(deviation.kind == "insertion" for deviation in deviations):
            spoken_forms.add(to_hangul(spoken))
    assert spoken_forms == {"바부"}


def test_no_vowel_is_added_where_the_next_onset_releases_the_stop():
    rng = random.Random(0)
    for _ in range(300):
        _, deviations = apply_accent(to_syllables("학교"), "JP", "하", rng)
        assert not any(d.kind == "insertion" and d.syllable == 0 for d in deviations)


@pytest.mark.parametrize("l1", RULES)
def test_deviations_are_exactly_the_differences(l1):
    syllables = to_syllables("저는 오늘 일찍 학꾜에 가써요")
    rng = random.Random(l1)
    for _ in range(50):
        spoken, deviations = apply_accent(syllables, l1, "하", rng)
        inserted = [d.syllable for d in deviations if d.kind == "insertion"]
        assert len(spoken) == len(syllables) + len(inserted)
        changed = {
            index
            for index, syllable in enumerate(syllables)
            if syllable != spoken[index + sum(place < index for place in inserted)]
        }
        assert changed == {deviation.syllable for deviation in deviations}
