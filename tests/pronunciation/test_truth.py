"""What was said in the sample, in the terms of the allowed pronunciations."""

import json

import pytest

from speakor_common.pronunciation.deviations import Deviation
from speakor_common.pronunciation.truth import Truth, read_truths, truth_of
from speakor_common.text import to_jamo

VOWEL = Deviation(0, "vowel", "substitution", "ㅓ", "ㅗ")


LABEL = json.dumps([VOWEL.to_label()])
MEANT = to_jamo("머거요")


def read(noted, text="먹어요", meant=MEANT):
    """Truths of one utterance ``u0``."""
    return read_truths(["u0"], [text], [meant], [noted])


def test_not_annotated_is_another_thing_than_nothing_deviates():
    truths = read_truths(["u0", "u1", "u2"], ["먹어요"] * 3, [MEANT] * 3, [LABEL, "[]", ""])
    assert truths.known["u0"].deviations == (VOWEL,)
    assert truths.known["u1"] == Truth("머거요", ())
    assert (truths.not_annotated, truths.unusable) == (["u2"], {})
    assert truths.left_out == "1 utterances are not annotated"
    assert read("[]").left_out == ""


def labels(**changed):
    return json.dumps([VOWEL.to_label() | changed])


@pytest.mark.parametrize(
    ("truths", "problem"),
    [
        (read("no"), "expected a list of deviations as labels hold them, found 'no'"),
        (read("null"), "found 'null'"),
        (read('["ㅓ"]'), "expected a list of deviations"),
        (read('[{"syllable": 0}]'), "validation error"),
        (read(LABEL, meant=to_jamo("머거")), "'머거' is no pronunciation of a text of 3 syllables"),
        (read(LABEL, meant="abc"), "'abc' is no pronunciation"),
        (read(LABEL, text="3번"), "3"),
        (read(labels(syllable=3)), "no such syllable, of 3"),
        (read(labels(intended="ㅏ")), "not from what was meant, 'ㅓ'"),
        (read(labels(kind="omission")), "not from what was meant"),
        (read(labels(spoken="ㄱ")), "'ㄱ' is no vowel"),
        (read(json.dumps([VOWEL.to_label()] * 2)), "a second deviation at one place"),
        (
            read(labels(part="coda", kind="insertion", intended="", spoken="ㅜ")),
            "not from what was meant, ''",
        ),
    ],
)
def test_an_annotation_that_contradicts_its_text_is_left_out_with_a_reason(truths, problem):
    assert truths.known == {} and truths.not_annotated == []
    assert problem in truths.unusable["u0"]
    assert "1 annotations cannot be used, such as that of u0: " in truths.left_out


@pytest.mark.parametrize(
    ("text", "made_from", "planted", "form", "left"),
    [
        ("먹어요", "머거요", [VOWEL], "머거요", [VOWEL]),
        ("밥", "밥", [Deviation(0, "coda", "insertion", "", "ㅜ")], "밥", None),
        ("밥", "밥", [Deviation(0, "coda", "omission", "ㅂ", "")], "밥", None),
        # What the standard allows was not said wrong.
        ("주의", "주의", [Deviation(1, "vowel", "substitution", "ㅢ", "ㅣ")], "주이", []),
        # A consonant where none is: nothing but a vowel is added after a coda.
        ("가요", "가요", [Deviation(0, "coda", "insertion", "", "ㄴ")], "가요", None),
        ("아이", "아이", [Deviation(1, "onset", "insertion", "", "ㄱ")], "아이", None),
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
    truth = read(LABEL, meant="").known["u0"]
    assert truth.pronunciation == "머거요"
    assert truth.deviations == (VOWEL,)
