"""One class for planted, annotated and reported deviations."""

import dataclasses

import pytest
from pydantic import ValidationError

from speakor_common.pronunciation.deviations import Deviation, kind_of

LABEL = {"syllable": 2, "part": "coda", "kind": "omission", "intended": "ㅂ", "spoken": ""}


def test_a_label_and_a_deviation_are_each_other():
    deviation = Deviation.from_label(LABEL)
    assert deviation == Deviation(2, "coda", "omission", "ㅂ", "")
    assert deviation.to_label() == LABEL
    assert deviation.place == (2, "coda")
    assert deviation.confidence == 1.0


@pytest.mark.parametrize(
    "change",
    [
        {"part": "tone"},
        {"kind": "error"},
        {"syllable": -1},
        {"intended": "ㅂㅅ"},
        {"spoken": None},
        {"unknown": 1},
    ],
)
def test_what_is_no_deviation_is_refused(change):
    with pytest.raises(ValidationError):
        Deviation.from_label(LABEL | change)


def test_a_confidence_is_a_probability():
    with pytest.raises(ValidationError):
        dataclasses.replace(Deviation.from_label(LABEL), confidence=1.5)


@pytest.mark.parametrize(
    ("intended", "heard", "kind"),
    [("ㄱ", "ㅋ", "substitution"), ("ㄱ", "", "omission"), ("", "ㄱ", "insertion")],
)
def test_kinds(intended, heard, kind):
    assert kind_of(intended, heard) == kind
