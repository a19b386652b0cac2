"""Templates: every slot can be filled, parts share none, held-out words stay out of training."""

import random

import pytest

from speakor_common.shipped.synthesis.texts.sentence_templates import (
    Composer,
    Template,
    templates,
)
from speakor_common.shipped.synthesis.texts.word_lists import nouns, times

PARTS = ("train", "valid", "test")


@pytest.mark.parametrize("part", PARTS)
def test_every_template_of_a_part_can_be_filled(part):
    composer = Composer(part, random.Random(1))
    assert len(templates(part)) >= 60
    for template in templates(part):
        for _ in range(3):
            text, category = composer.compose(template)
            assert "{" not in text and "  " not in text and 1 <= category <= 5


def test_parts_share_no_template():
    patterns = [template.pattern for part in PARTS for template in templates(part)]
    assert len(patterns) == len(set(patterns))


def drawn(part: str, pattern: str) -> set[str]:
    composer = Composer(part, random.Random(2))
    return {composer.compose(Template(1, pattern, False))[0] for _ in range(600)}


@pytest.mark.parametrize(("pattern", "words"), [("{food}", nouns), ("{time.reason}", times)])
def test_held_out_words_are_drawn_for_test_alone(pattern, words):
    name = pattern.strip("{}").removeprefix("time.")
    held = set(words(True)[name])
    assert held <= drawn("test", pattern) and not held & drawn("train", pattern)


def test_no_word_comes_twice_in_a_sentence():
    assert all(len(set(text.split())) == 3 for text in drawn("train", "{season} {season} {season}"))
