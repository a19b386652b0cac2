"""Reports from counts alone."""

import pandas as pd
import pytest

from speakor_common.pronunciation.confusions import Confusions
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.pronunciation.expected import expected_records, expected_threshold
from speakor_common.pronunciation.truth import Truth

OFTEN = Confusions(
    {
        "vowel": {"ㅓ": {"ㅓ": 20, "ㅗ": 60, "ㅏ": 20}, "ㅏ": {"ㅏ": 90, "ㅓ": 10}},
        "onset": {"ㅇ": {"ㅇ": 50, "ㅎ": 50}},
        "coda": {"ㅂ": {"ㅂ": 80, "": 20}, "": {"": 100}},
        "added": {"ㅂ": {"": 60, "ㅜ": 40}},
    }
)
NEVER = Confusions({"vowel": {"ㅓ": {"ㅓ": 9}}})


def rows(*texts, l1="JP"):
    names = [f"u{number}" for number in range(len(texts))]
    return pd.DataFrame({"utterance_id": names, "text": texts, "l1": l1, "level": "하"})


def test_each_sound_is_reported_as_what_is_most_often_said_for_it():
    (record,) = expected_records(rows("밥 먹어요"), {"JP": OFTEN}, minimum=0.3)
    assert record.status == "ok" and record.pronunciation == "밤 머거요"
    assert [(d.syllable, d.kind, d.intended, d.heard) for d in record.deviations] == [
        (1, "substitution", "ㅓ", "ㅗ"),
        (2, "substitution", "ㅓ", "ㅗ"),
        (3, "insertion", "", "ㅎ"),
    ]


def test_a_coda_is_lost_or_followed_by_a_vowel():
    (record,) = expected_records(rows("밥"), {"JP": OFTEN})
    assert record.deviations[-1].kind == "insertion"
    assert record.deviations[-1].confidence == pytest.approx(0.4, abs=0.01)


def test_only_the_own_language_counts():
    counts = {"JP": OFTEN, "VN": NEVER}
    assert expected_records(rows("먹어", l1="VN"), counts)[0].deviations == []
    assert expected_records(rows("먹어"), counts)[0].deviations != []


@pytest.mark.parametrize("text", ["3번", "", "x"])
def test_what_cannot_be_read_has_no_reports(text):
    (record,) = expected_records(rows(text), {"JP": OFTEN})
    assert record.status == "bad_text" and record.deviations == []


def test_the_threshold_leaves_out_what_is_more_often_right():
    data = rows("가", "머", "머")
    records = expected_records(data, {"JP": OFTEN})
    wrong = Truth("머", (Deviation(0, "vowel", "substitution", "ㅓ", "ㅗ"),))
    truths = {"u0": Truth("가", ()), "u1": wrong, "u2": wrong}
    assert expected_threshold(records, truths) == pytest.approx(0.6, abs=0.01)
    nothing = dict.fromkeys(("u0", "u1", "u2"), Truth("머", ()))
    assert expected_threshold(records, nothing) == 1.0


def test_the_threshold_leaves_out_utterances_that_nobody_annotated():
    records = expected_records(rows("머", "머"), {"JP": OFTEN})
    truths = {"u1": Truth("머", (Deviation(0, "vowel", "substitution", "ㅓ", "ㅗ"),))}
    assert expected_threshold(records, truths) == pytest.approx(0.6, abs=0.01)
    assert expected_threshold(records, {}) == 1.0
