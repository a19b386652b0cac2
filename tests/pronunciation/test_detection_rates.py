"""Rates by system, group of deviations and first language, from counts by speaker."""

import math

import pandas as pd
import pytest

from speakor_common.pronunciation.confusions import Confusions
from speakor_common.pronunciation.detection_rates import (
    GROUPS,
    decision_counts,
    detection_table,
    groups,
)
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.pronunciation.feedback import Record
from speakor_common.pronunciation.truth import Truth

SEEN = Deviation(0, "vowel", "substitution", "ㅓ", "ㅗ")
UNSEEN = Deviation(1, "onset", "substitution", "ㄱ", "ㅋ")
KNOWN = Confusions({"vowel": {"ㅓ": {"ㅓ": 3, "ㅗ": 1}}, "onset": {"ㄱ": {"ㄱ": 9}}})


def record(identifier, l1, *deviations):
    return Record(
        utterance_id=identifier,
        status="ok",
        l1=l1,
        level="하",
        intended="먹어요",
        pronunciation="머거요",
        heard="",
        unsure_words=[],
        deviations=list(deviations),
    )


@pytest.fixture
def counts():
    """Three speakers who say both deviations; the first is always found, the second once."""
    records = [
        record("u0", "JP", SEEN),
        record("u1", "JP", SEEN, UNSEEN),
        record("u2", "VN", SEEN, Deviation(2, "vowel", "substitution", "ㅛ", "ㅗ")),
    ]
    truths = {item.utterance_id: Truth("머거요", (SEEN, UNSEEN)) for item in records}
    speakers = {"u0": "a", "u1": "b", "u2": "c"}
    return decision_counts("listener", records, truths, speakers, KNOWN)


def test_seen_kinds_are_told_from_unseen_ones(counts):
    table = detection_table(counts).set_index(["group", "l1"])
    seen = table.loc[("seen", "all")]
    assert (seen["planted"], seen["recall"], seen["precision"]) == (3, 1, 1)

    # The false alarm is of a kind that was never counted.
    unseen = table.loc[("unseen", "all")]
    assert (unseen["planted"], unseen["recall"], unseen["precision"]) == (3, 1 / 3, 1 / 2)
    both = table.loc[("all", "all")]
    assert (both["planted"], both["reported"], both["speakers"]) == (6, 5, 3)
    assert both["f1"] == pytest.approx(2 * 4 / (6 + 5))


def test_every_rate_of_several_speakers_has_an_interval_around_it(counts):
    many = [counts.assign(speaker_id=counts["speaker_id"] + str(n)) for n in range(3)]
    for row in detection_table(pd.concat(many)).itertuples():
        if row.l1 == row.group == "all":
            assert row.f1_low <= row.f1 <= row.f1_high
            assert not math.isnan(row.recall_low)


def test_the_table_has_groups_and_first_languages(counts):
    table = detection_table(counts)
    assert set(table["group"]) == set(GROUPS)
    of_all = table[table["group"] == "all"]
    assert of_all["l1"].tolist() == ["JP", "VN", "all"]
    assert of_all["n"].tolist() == [2, 1, 3]


@pytest.mark.parametrize(
    ("deviation", "is_seen"),
    [
        (Deviation(0, "coda", "insertion", "", "ㅜ"), True),
        (Deviation(1, "coda", "insertion", "", "ㅜ"), False),
        (Deviation(0, "coda", "omission", "ㅂ", ""), True),
        (Deviation(2, "onset", "insertion", "", "ㄱ"), True),
        (Deviation(0, "onset", "omission", "ㅂ", ""), True),
        (Deviation(0, "vowel", "substitution", "ㅏ", "ㅓ"), False),
    ],
)
def test_a_kind_was_seen_where_it_was_counted(deviation, is_seen):
    counts = {
        "added": {"ㅂ": {"ㅜ": 1, "": 4}, "ㄱ": {"": 3}},
        "coda": {"ㅂ": {"": 2}},
        "onset": {"ㅇ": {"ㄱ": 1}, "ㅂ": {"ㅇ": 1}},
        "vowel": {"ㅏ": {"ㅏ": 2}},
    }
    in_group = groups(Confusions(counts))
    assert in_group["seen"](deviation, "밥 각 아") == is_seen
    assert in_group["unseen"](deviation, "밥 각 아") != is_seen
