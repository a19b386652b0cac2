"""Hypotheses with digits: which reading is scored, and how many had several."""

import pytest

from speakor_common.evaluation.metrics import score
from speakor_common.evaluation.number_readings import (
    closest_reading,
    with_closest_readings,
    with_closest_references,
)
from speakor_common.evaluation.summary import summarise_predictions, with_counts
from tests import builders


@pytest.mark.parametrize(
    ("reference", "raw", "scored"),
    [
        ("삼 번 출구", "3번 출구", "삼 번 출구"),
        ("세 번 봤어요", "3번 봤어요.", "세 번 봤어요"),
        ("제 번호는 삼 번이에요", "제 번호는 3번이에요", "제 번호는 삼 번이에요"),
        ("삼십 분", "30분", "삼십 분"),
        ("삼십분", "30분", "삼십분"),
        ("두 시 반", "2:30", "두 시 반"),
        ("오 프로", "5%", "오 프로"),
        ("유월 육일", "6월 6일", "유월 육일"),
        ("네 번", "3번", "세 번"),  # wrong in every reading: the likeliest
        ("커피 세 잔", "coffee 3잔", "coffee 세 잔"),
        ("", "3번", "삼번"),  # the fewest insertions
        ("네", "", ""),
    ],
)
def test_the_closest_reading_is_scored(reference, raw, scored):
    assert closest_reading(reference, raw) == scored


def test_a_number_heard_right_is_no_error_and_its_ambiguity_is_counted():
    table = builders.predictions(
        ["삼 번이", "이십 대 남자", "네 번", "안녕"],
        ["세 번이", "이십 대 남자", "세 번", "안녕"],
    )
    table["raw_hypothesis"] = ["3번이", "20대 남자", "3번", ""]
    counted = with_counts(table)
    assert counted["hypothesis"].tolist() == ["삼 번이", "이십 대 남자", "세 번", "안녕"]
    assert counted["words_errors"].tolist() == [0, 0, 1, 0]
    assert counted["ambiguous_numbers"].tolist() == [True, False, True, False]
    entry = summarise_predictions(table)["exp05"]["clean"]
    assert entry["ambiguous_numbers"] == 2
    assert entry["flags"]["not_korean"] == 0


def test_hypotheses_without_raw_text_stay_as_they_are():
    table = builders.predictions(["삼 번", "네"], ["세 번", "음 3 coffee"])
    read = with_closest_readings(table)
    assert read["hypothesis"].tolist() == ["세 번", "음 3 coffee"]
    assert not read["ambiguous_numbers"].any()
    assert "ambiguous_numbers" not in table
    assert summarise_predictions(table)["exp05"]["clean"]["flags"]["not_korean"] == 1


def test_latin_words_are_wrong_words():
    assert score(["커피 주세요"], ["coffee 주세요"]).words.substitutions == 1


@pytest.mark.parametrize(
    ("raw_reference", "hypothesis", "raw_hypothesis", "errors"),
    [
        ("3번이", "세 번이", "", 0),
        ("3번이", "삼 번이", "", 0),
        ("3번이", "세 번이", "3번이", 0),
        ("3번이", "네 번이", "", 1),
        ("세 번이", "삼 번이", "", 1),
    ],
)
def test_either_reading_of_a_transcript_is_right(raw_reference, hypothesis, raw_hypothesis, errors):
    table = builders.predictions(["세 번이"], [hypothesis])
    table["raw_hypothesis"] = raw_hypothesis
    read = with_closest_references(table, {"u000": raw_reference})
    assert with_counts(read)["words_errors"].tolist() == [errors]
    assert table["reference"].tolist() == ["세 번이"]
