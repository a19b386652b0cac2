"""What was said in the sample, in the terms of the allowed pronunciations."""

import json

import pytest

from speakor_common.pronunciation.deviations import Deviation
from speakor_common.pronunciation.truth import read_planted, read_truths, truth_of
from speakor_common.text import to_jamo

VOWEL = Deviation(0, "vowel", "substitution", "ㅓ", "ㅗ")


def test_planted_deviations_are_read_from_labels():
    label = json.dumps([VOWEL.to_label()])
    assert read_planted(["u0", "u1"], [label, "[]"]) == {"u0": [VOWEL], "u1": []}
    assert read_planted(["u0"], [""]) == {}
    assert read_truths(["u0"], ["먹어요"], [to_jamo("머거요")], [""]) == {}
    assert read_truths(["u0"], ["먹어요"], [to_jamo("머거요")], [label])["u0"].deviations == (
        VOWEL,
    )


@pytest.mark.parametrize(
    ("text", "made_from", "planted", "form", "left"),
    [
        ("먹어요", "머거요", [VOWEL], "머거요", [VOWEL]),
        ("밥", "밥", [Deviation(0, "coda", "insertion", "", "ㅜ")], "밥", None),
        ("밥", "밥", [Deviation(0, "coda", "omission", "ㅂ", "")], "밥", None),
        # What the standard allows was not said wrong.
        ("주의", "주의", [Deviation(1, "vowel", "substitution", "ㅢ", "ㅣ")], "주이", []),
        ("의사", "의사", [Deviation(0, "vowel", "substitution", "ㅢ", "ㅣ")], "의사", None),
    ],
)
def test_planted_deviations_are_kept_unless_they_are_allowed(text, made_from, planted, form, left):
    truth = truth_of(text, made_from, planted)
    assert truth.pronunciation == form
    assert list(truth.deviations) == (planted if left is None else left)
    assert truth.unknown == frozenset()


def test_where_the_sample_was_made_from_a_wrong_sound_nothing_is_known():
    """Made from [여권]; allowed is [여꿘]."""
    truth = truth_of("여권", "여권", [Deviation(1, "onset", "substitution", "ㄱ", "ㅋ")])
    assert truth.pronunciation == "여꿘"
    assert truth.unknown == {(1, "onset")}
    assert truth.deviations == ()

    vowel = Deviation(0, "vowel", "substitution", "ㅕ", "ㅛ")
    assert truth_of("여권", "여권", [vowel]).deviations == (vowel,)


def test_annotated_speech_may_say_nothing_of_what_it_was_made_from():
    label = json.dumps([VOWEL.to_label()])
    truth = read_truths(["u0"], ["먹어요"], [""], [label])["u0"]
    assert truth.pronunciation == "머거요"
    assert truth.deviations == (VOWEL,)
