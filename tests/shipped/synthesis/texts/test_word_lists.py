"""The word lists: sizes, inflection, and particles fitted."""

import random

import pytest

from speakor_common.shipped.synthesis.texts.word_lists import (
    NUMBERS,
    attach,
    counted,
    endings,
    inflect,
    nouns,
    predicates,
)


def test_the_lists_are_wide_and_every_argument_has_its_list():
    words = {word for some in nouns().values() for word in some}
    verbs = {(p.stem, p.arguments) for p in predicates() if p.kind != "adj"}
    adjectives = {p.stem for p in predicates() if p.kind == "adj"}
    assert len(words) >= 1500 and len(verbs) >= 350 and len(adjectives) >= 150
    assert len(endings()) >= 40

    classes = {noun for p in predicates() for noun, _ in p.arguments}
    classes |= {p.where for p in predicates() if p.where}
    assert not classes - set(nouns())


@pytest.mark.parametrize(
    ("stem", "tag", "ending", "expected"),
    [
        ("듣", "VV-I", "으면", "들으면"),
        ("굽", "VV-I", "었어요", "구웠어요"),
        ("만들", "VV", "는", "만드는"),
        ("사진을 찍", "VV", "아요", "사진을 찍어요"),
        ("좁", "VA", "은", "좁은"),
        ("재미있", "VA", "은", "재미있는"),
        ("공부하", "VV", "을", "공부할"),
    ],
)
def test_stems_are_inflected(stem, tag, ending, expected):
    assert inflect(stem, tag, ending) == expected


@pytest.mark.parametrize(
    ("word", "particle", "expected"),
    [
        ("사과", "을", "사과를"),
        ("서울", "으로", "서울로"),
        ("부산", "으로", "부산으로"),
        ("의사", "이에요", "의사예요"),
        ("기사", "이라고", "기사라고"),
        ("커피", "은커녕", "커피는커녕"),
        ("학교", "에서", "학교에서"),
        ("친구", "", "친구"),
    ],
)
def test_particles_fit_their_word(word, particle, expected):
    assert attach(word, particle) == expected


def test_who_is_honoured_has_other_particles():
    assert attach("할머니", "이", is_honoured=True) == "할머니께서"


def test_counters_follow_the_noun():
    words = {noun: counted("food", noun, random.Random(1)).split()[2] for noun in ("냉면", "김밥")}
    assert words == {"냉면": "그릇", "김밥": "줄"}


def test_numbers_are_spelled():
    rng = random.Random(0)
    drawn = [draw(rng) for draw in NUMBERS.values() for _ in range(20)]
    assert not [text for text in drawn if not text.replace(" ", "").isalpha()]
