"""Reported against known deviations: decisions, rates, the table."""

import pytest

from speakor_common.pronunciation.detection import Detection, count_decisions
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.pronunciation.feedback import Record
from speakor_common.pronunciation.truth import Truth
from speakor_common.text.pronunciation import pronunciations


def record(intended, *deviations, identifier="u000", status="ok"):
    """A record with substitutions ``(syllable, part, intended, heard)``."""
    return Record(
        utterance_id=identifier,
        status=status,
        problem="",
        l1="JP",
        level="하",
        intended=intended,
        pronunciation=pronunciations(intended).best if status == "ok" else "",
        heard="",
        unsure_words=[],
        deviations=[Deviation(s, part, "substitution", a, b) for s, part, a, b in deviations],
    )


KNOWN = (
    Deviation(0, "vowel", "substitution", "ㅓ", "ㅗ"),
    Deviation(1, "onset", "substitution", "ㄱ", "ㅋ"),
)
TRUTH = Truth("머거요", KNOWN)


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        (record("먹어요"), Detection(true_accepted=3, false_accepted=2)),
        (
            record("먹어요", (0, "vowel", "ㅓ", "ㅗ"), (1, "onset", "ㄱ", "ㄲ")),
            Detection(3, correct_diagnosis=1, wrong_diagnosis=1),
        ),
        (
            record("먹어요", (2, "vowel", "ㅛ", "ㅗ")),
            Detection(2, false_rejected=1, false_accepted=2),
        ),
        # A silent onset and a missing coda are no sounds to accept.
        (
            record("먹어요", (2, "onset", "", "ㄱ"), (2, "coda", "", "ㄴ")),
            Detection(3, false_rejected=2, false_accepted=2, false_added=2),
        ),
        # A syllable too many before: positions are aligned again, and what is reported on it is a
        # false rejection.
        (
            record("안 먹어요", (1, "vowel", "ㅓ", "ㅗ"), (0, "vowel", "ㅏ", "ㅓ")),
            Detection(3, 1, 1, 1, false_added=1),
        ),
        (record("먹어요", status="not_spoken"), Detection(true_accepted=3, false_accepted=2)),
    ],
)
def test_decisions_are_counted_as_defined(reported, expected):
    counted = count_decisions(reported, TRUTH)
    assert counted == expected + Detection(syllables=3)


def test_places_of_which_nothing_is_known_are_left_out():
    truth = Truth("머거요", KNOWN[:1], frozenset({(1, "onset")}))
    reported = record("먹어요", (0, "vowel", "ㅓ", "ㅗ"), (1, "onset", "ㄱ", "ㄲ"))
    assert count_decisions(reported, truth) == Detection(3, correct_diagnosis=1, syllables=3)


def test_a_group_counts_what_was_said_in_it_and_what_was_reported_in_it():
    reported = record("먹어요", (1, "onset", "ㄱ", "ㄲ"), (2, "vowel", "ㅛ", "ㅗ"))
    of_onsets = count_decisions(reported, TRUTH, lambda item, form: item.part == "onset")
    assert of_onsets == Detection(3, wrong_diagnosis=1, syllables=3)
    of_vowels = count_decisions(reported, TRUTH, lambda item, form: item.part == "vowel")
    assert of_vowels == Detection(2, false_rejected=1, false_accepted=1, syllables=3)


def test_rates_of_decisions():
    rates = Detection(
        true_accepted=90,
        false_rejected=10,
        false_accepted=5,
        correct_diagnosis=12,
        wrong_diagnosis=3,
        syllables=400,
        false_added=4,
    ).rates()
    assert rates == pytest.approx(
        {
            "precision": 15 / 25,
            "recall": 15 / 20,
            "f1": 2 / 3,
            "frr": 6 / 96,
            "far": 5 / 20,
            "der": 3 / 15,
            "false_per_1000": 25,
        }
    )
    assert set(Detection().rates().values()) == {0.0}
