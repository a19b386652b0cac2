"""Reported against known deviations: decisions, rates, the table."""

import json

import pytest

from speakor_common.pronunciation.detection import (
    Detection,
    count_decisions,
    detection_table,
    read_planted,
)
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.pronunciation.feedback import Record
from speakor_common.text.g2p import standard_pronunciation


def record(intended, *deviations, identifier="u000"):
    """A record with substitutions ``(syllable, part, intended, heard)``."""
    return Record(
        utterance_id=identifier,
        l1="JP",
        level="하",
        intended=intended,
        pronunciation=standard_pronunciation(intended),
        heard="",
        deviations=[Deviation(s, part, "substitution", a, b) for s, part, a, b in deviations],
    )


KNOWN = [
    Deviation(0, "vowel", "substitution", "ㅓ", "ㅗ"),
    Deviation(1, "onset", "substitution", "ㄱ", "ㅋ"),
]


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        (record("먹어요"), Detection(true_accepted=7, false_accepted=2)),
        (
            record("먹어요", (0, "vowel", "ㅓ", "ㅗ"), (1, "onset", "ㄱ", "ㄲ")),
            Detection(7, correct_diagnosis=1, wrong_diagnosis=1),
        ),
        (
            record("먹어요", (2, "vowel", "ㅛ", "ㅗ")),
            Detection(6, false_rejected=1, false_accepted=2),
        ),
        # A syllable too many before: positions are aligned again, and what is reported on it is a
        # false rejection.
        (
            record("안 먹어요", (1, "vowel", "ㅓ", "ㅗ"), (0, "vowel", "ㅏ", "ㅓ")),
            Detection(7, 1, 1, 1),
        ),
    ],
)
def test_decisions_are_counted_as_defined(reported, expected):
    assert count_decisions("먹어요", reported, KNOWN) == expected


def test_rates_of_decisions():
    rates = Detection(
        true_accepted=90,
        false_rejected=10,
        false_accepted=5,
        correct_diagnosis=12,
        wrong_diagnosis=3,
    ).rates()
    assert rates == pytest.approx(
        {
            "precision": 15 / 25,
            "recall": 15 / 20,
            "f1": 2 / 3,
            "frr": 10 / 100,
            "far": 5 / 20,
            "der": 3 / 15,
        }
    )
    assert set(Detection().rates().values()) == {0.0}


def test_the_table_has_languages_kinds_and_all():
    records = [record("먹어요", (0, "vowel", "ㅓ", "ㅗ")), record("먹어요", identifier="u001")]
    omitted = Deviation(2, "coda", "omission", "", "")
    references = {"u000": "먹어요", "u001": "먹어요"}
    table = detection_table(records, references, {"u000": KNOWN, "u001": [omitted]})
    assert list(table.index) == ["JP", "all", "substitution", "omission", "insertion"]
    assert table.loc["all", "planted"] == 3
    assert table.loc["all", "precision"] == 1.0
    assert table.loc["substitution", "recall"] == 0.5
    assert table.loc["omission", "recall"] == 0.0


def test_planted_deviations_are_read_from_labels():
    label = json.dumps([KNOWN[0].to_label()])
    assert read_planted(["u0", "u1"], [label, "[]"]) == {"u0": KNOWN[:1], "u1": []}
    assert read_planted(["u0"], [""]) == {}
