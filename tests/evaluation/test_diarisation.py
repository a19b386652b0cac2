"""Diarisation errors: cases counted by hand."""

import pytest

from speakor_common.evaluation.diarisation import (
    COLLAR_S,
    DiarisationErrors,
    diarisation_errors,
)
from speakor_common.recognition.speakers import Turn


def seconds(errors):
    found = (errors.speech_s, errors.missed_s, errors.false_alarm_s, errors.confused_s)
    return pytest.approx(found)


TWO = [Turn(1, 0.0, 4.0), Turn(2, 5.0, 9.0)]


@pytest.mark.parametrize(
    ("hypothesis", "expected"),
    [
        (TWO, (8, 0, 0, 0)),
        # Names mean nothing.
        ([Turn(7, 0.0, 4.0), Turn(3, 5.0, 9.0)], (8, 0, 0, 0)),
        # A second late and a second too long, each.
        ([Turn(1, 1.0, 5.0), Turn(2, 6.0, 10.0)], (8, 2, 2, 0)),
        # One voice for both: the other speaker's four seconds are confused.
        ([Turn(1, 0.0, 4.0), Turn(1, 5.0, 9.0)], (8, 0, 0, 4)),
        # A third voice for one second of the first.
        ([Turn(1, 0.0, 3.0), Turn(3, 3.0, 4.0), Turn(2, 5.0, 9.0)], (8, 0, 0, 1)),
        # The pause between belongs to nobody.
        ([Turn(1, 0.0, 5.0), Turn(2, 5.0, 9.0)], (8, 0, 1, 0)),
        ([], (8, 8, 0, 0)),
    ],
)
def test_seconds_of_each_kind(hypothesis, expected):
    assert seconds(diarisation_errors(TWO, hypothesis)) == expected


def test_the_mapping_is_the_best_of_all_and_not_the_first_that_fits():
    # Voice 1 shares 3 s with A and 2 s with B, voice 2 shares 2.5 s with A: taking the largest
    # first would leave B without a voice and 4.5 s confused; the best has 4.5 s right.
    reference = [Turn(1, 0.0, 5.5), Turn(2, 6.0, 8.0)]
    hypothesis = [Turn(1, 0.0, 3.0), Turn(2, 3.0, 5.5), Turn(1, 6.0, 8.0)]
    assert seconds(diarisation_errors(reference, hypothesis)) == (7.5, 0, 0, 3)


def test_speech_of_two_at_once_counts_twice_and_one_found_there_is_one_missed():
    reference = [Turn(1, 0.0, 4.0), Turn(2, 3.0, 6.0)]
    hypothesis = [Turn(1, 0.0, 3.5), Turn(2, 3.5, 6.0)]
    assert seconds(diarisation_errors(reference, hypothesis)) == (7, 1, 0, 0)
    assert seconds(diarisation_errors(hypothesis, reference)) == (6, 0, 1, 0)


def test_a_collar_leaves_out_both_sides_of_every_true_boundary():
    # Each turn is late by 0.2 s: nothing is wrong outside the collar, 1 s of 8 is not scored.
    hypothesis = [Turn(1, 0.2, 4.2), Turn(2, 5.2, 9.2)]
    assert seconds(diarisation_errors(TWO, hypothesis)) == (8, 0.4, 0.4, 0)
    assert seconds(diarisation_errors(TWO, hypothesis, COLLAR_S)) == (7, 0, 0, 0)
    # By 0.45 s: 0.2 s of each edge are beyond it.
    later = [Turn(1, 0.45, 4.45), Turn(2, 5.45, 9.45)]
    assert seconds(diarisation_errors(TWO, later, COLLAR_S)) == (7, 0.4, 0.4, 0)


def test_rates_add_up_over_recordings_by_their_seconds():
    total = DiarisationErrors(8, 1, 1, 0) + DiarisationErrors(2, 0, 0, 1)
    assert total == DiarisationErrors(10, 1, 1, 1) and total.rate == pytest.approx(0.3)


def test_nothing_said():
    assert diarisation_errors([], []).rate == 0
    found = diarisation_errors([], [Turn(1, 0.0, 1.0)])
    assert found.false_alarm_s == pytest.approx(1) and found.rate == float("inf")
