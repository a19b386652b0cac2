"""All readings of a text's numbers together: alternatives, spellings, any text at all."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common import text
from speakor_common.text.numbers import Choice, readings


def test_alternatives_are_whole_texts():
    found = readings("3번과 20대")
    assert list(found.alternatives()) == [
        "세 번과 이십 대",
        "세 번과 스무 대",
        "삼 번과 이십 대",
        "삼 번과 스무 대",
    ]
    assert found.ambiguous == (("3번과", ("세 번과", "삼 번과")), ("20대", ("이십 대", "스무 대")))


def test_spellings_are_spaced_either_way():
    assert list(readings("30분").spellings()) == ["삼십분", "삼십 분"]
    assert list(readings("5m").spellings()) == ["오 미터", "오미터"]
    assert list(readings("3개").spellings()) == ["세 개"]


def test_many_ambiguous_numbers_stay_few_spellings():
    found = list(readings("3번, " * 40).spellings())
    assert len(found) <= 3 * 64
    assert len({spelling for spelling in found if spelling.count("삼 번") == 1}) == 40


@given(st.text(st.sampled_from("0123456789.,:/-~+%$ 개번대시월일분만제mLkgCO각가를"), max_size=24))
def test_no_digit_remains_unless_it_is_reported(raw):
    left = re.findall("[0-9]+", readings(raw).best)
    reported = " ".join(text.unreadable_parts(raw))
    assert all(digits in reported for digits in left)
    assert not re.search("[0-9]", text.normalize_korean(raw))


@given(st.text(max_size=60))
def test_any_text_has_readings_and_the_best_is_the_first(raw):
    found = readings(raw)
    assert next(found.alternatives()) == next(found.spellings()) == found.best
    assert all(len(set(said)) > 1 for _, said in found.ambiguous)


@pytest.mark.parametrize("unit", ["1", "1,", "1-", "3번 ", "1개", "1만", "$", "1여", "1에에에에"])
def test_long_runs_neither_raise_nor_blow_up(unit):
    assert text.normalize_korean(unit * 2000) is not None


@pytest.mark.parametrize(
    "form", ["{}", "{}만 원", "${}", "${}.50", "{}~{}개", "{}-{}", "{}/{}", "{}:{}"]
)
@pytest.mark.parametrize("digits", ["9" * 16, "9" * 17, "9" * 6000])
def test_numbers_without_a_name_are_read_by_their_digits(form, digits):
    best = readings(form.replace("{}", digits)).best
    assert not re.search("[0-9]", best)
    assert best.count("구") >= len(digits)


@pytest.mark.parametrize(
    ("raw", "several"),
    [("3번", [True]), ("3개", [False]), ("30분", [False]), ("3개 3번", [False, True])],
)
def test_a_choice_says_whether_it_is_one(raw, several):
    choices = [part for part in readings(raw).parts if isinstance(part, Choice)]
    assert [choice.is_ambiguous for choice in choices] == several


def test_spaces_of_taste_are_there_for_all_numbers_or_for_none():
    spellings = list(readings("30분 20층").spellings())
    assert spellings == ["삼십분 이십층", "삼십 분 이십 층"]
