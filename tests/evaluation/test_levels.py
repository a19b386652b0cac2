"""What is compared at each level."""

import pytest

from speakor_common.evaluation.levels import LEVELS, space_like
from speakor_common.text import to_jamo


@pytest.mark.parametrize(
    ("reference", "hypothesis", "spaced"),
    [
        ("할 수 있어요", "할수있어요", "할 수 있어요"),
        ("할 수 있어요", "할쑤 있 어요", "할 쑤 있어요"),
        ("할 수 있어요", "", ""),
        ("가 나", "가", "가"),
        ("", "가 나", "가나"),
        ("가나 다", "가마나 다", "가마나 다"),
    ],
)
def test_words_are_spaced_like_the_reference(reference, hypothesis, spaced):
    assert space_like(reference, hypothesis) == spaced


@pytest.mark.parametrize(
    ("level", "compared"),
    [
        ("words", ("가 나", "가나")),
        ("characters", ("가 나", "가나")),
        ("characters_no_space", ("가나", "가나")),
        ("words_respaced", ("가 나", "가 나")),
        ("jamo", (to_jamo("가나"), to_jamo("가나"))),
    ],
)
def test_each_level_compares_what_it_says(level, compared):
    assert LEVELS[level].compared("가 나", "가나") == compared


def test_rates_have_names_of_their_own():
    rates = [level.rate for level in LEVELS.values()]
    assert len(set(rates)) == len(rates)
    assert not set(rates) & set(LEVELS)
