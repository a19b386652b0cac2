"""Rates by system, group of deviations and first language, from counts by speaker."""

import math

import pandas as pd
import pytest

from speakor_common.evaluation.planted_sounds import PlantedSound, PlantedUtterance
from speakor_common.pronunciation.confusions import Confusions
from speakor_common.pronunciation.detection_rates import (
    GROUPS,
    contradictions,
    decision_counts,
    detection_table,
    groups,
)
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.pronunciation.feedback import Record
from speakor_common.pronunciation.truth import Truth, Truths

SEEN = Deviation(0, "vowel", "substitution", "ㅓ", "ㅗ")
UNSEEN = Deviation(1, "onset", "substitution", "ㄱ", "ㅋ")
KNOWN = Confusions({"vowel": {"ㅓ": {"ㅓ": 3, "ㅗ": 1}}, "onset": {"ㄱ": {"ㄱ": 9}}})

SPEAKERS = {"u0": "a", "u1": "b", "u2": "c"}
KNOWN_TO_BE_SAID = dict.fromkeys(SPEAKERS, Truth("머거요", (SEEN, UNSEEN)))


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
    return decision_counts("listener", records, Truths(KNOWN_TO_BE_SAID), SPEAKERS, KNOWN)


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
        (Deviation(2, "coda", "insertion", "", "ㄴ"), True),
        (Deviation(0, "coda", "omission", "ㅂ", ""), True),
        (Deviation(2, "onset", "insertion", "", "ㄱ"), True),
        (Deviation(0, "onset", "omission", "ㅂ", ""), True),
        (Deviation(0, "vowel", "substitution", "ㅏ", "ㅓ"), False),
    ],
)
def test_a_kind_was_seen_where_it_was_counted(deviation, is_seen):
    counts = {
        "added": {"ㅂ": {"ㅜ": 1, "": 4}, "ㄱ": {"": 3}},
        "coda": {"ㅂ": {"": 2}, "": {"ㄴ": 1}},
        "onset": {"ㅇ": {"ㄱ": 1}, "ㅂ": {"ㅇ": 1}},
        "vowel": {"ㅏ": {"ㅏ": 2}},
    }
    in_group = groups(Confusions(counts))
    assert in_group["seen"](deviation, "밥 각 아") == is_seen
    assert in_group["unseen"](deviation, "밥 각 아") != is_seen


def test_of_what_nobody_annotated_nothing_is_decided():
    records = [record(name, "JP", SEEN) for name in SPEAKERS]
    truths = Truths({"u0": Truth("머거요", ())}, ["u1"], {"u2": "no such syllable"})
    table = detection_table(decision_counts("listener", records, truths, SPEAKERS, KNOWN))
    row = table.set_index(["group", "l1"]).loc[("all", "all")]
    assert row[["n", "not_annotated", "unusable", "speakers"]].tolist() == [1, 1, 1, 1]
    assert (row["syllables"], row["reported"], row["planted"]) == (3, 1, 0)

    nothing = Truths({}, list(SPEAKERS))
    table = detection_table(decision_counts("listener", records, nothing, SPEAKERS, KNOWN))
    assert table["n"].sum() == table["reported"].sum() == 0 and set(table["not_annotated"]) == {3}


def test_decisions_are_about_what_was_said(counts):
    sounds = (
        PlantedSound(0, "vowel", "substitution", "ㅓ", "ㅗ", True),
        PlantedSound(1, "onset", "substitution", "ㄱ", "ㅋ", False),
    )
    planted = dict.fromkeys(SPEAKERS, PlantedUtterance("머거요", sounds))
    assert contradictions(counts, planted, SPEAKERS) == []

    # A deviation fewer, an utterance more, a group or a speaker that is missing.
    fewer = planted | {"u0": PlantedUtterance("머거요", sounds[:1])}
    assert contradictions(counts, fewer, SPEAKERS) == [
        "listener, all, a: 2 deviations, known are 1",
        "listener, substitution, a: 2 deviations, known are 1",
        "listener, unseen, a: 1 deviations, known are 0",
    ]
    more = planted | {"u3": PlantedUtterance("가", ())}
    lines = contradictions(counts, more, SPEAKERS | {"u3": "a"})
    assert "listener, all, a: 3 syllables, known are 4" in lines
    assert "listener, all, a: 1 utterances, known are 2" in lines
    assert len(lines) == 2 * len(GROUPS)
    without = contradictions(counts[counts["group"] != "seen"], planted, SPEAKERS)
    assert "listener, seen, c: 0 utterances, known are 1" in without
    assert contradictions(counts, {}, SPEAKERS)
