"""Alignment of words and syllables, and pairs of letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.evaluation import alignment

korean = st.text(st.sampled_from("가나다라마각낙닥 "), max_size=14)


def test_words_are_aligned_one_by_one():
    pairs = alignment.align_words("저는 학생 입니다", "저는 학교 다 입니다")
    operations = sorted(pair.operation for pair in pairs)
    assert operations == ["equal", "equal", "insertion", "substitution"]


@given(korean, korean)
def test_alignment_rebuilds_both_sides(a, b):
    pairs = alignment.align_syllables(a, b)
    assert "".join(pair.reference for pair in pairs) == a.replace(" ", "")
    assert "".join(pair.hypothesis for pair in pairs) == b.replace(" ", "")


@pytest.mark.parametrize(
    ("pair", "compared"),
    [
        (("equal", "가", "가"), 3),
        (("substitution", "가", "a"), 0),
        (("substitution", "ㄱ", "가"), 0),
        (("deletion", "가", ""), 0),
        (("insertion", "", "가"), 0),
    ],
)
def test_only_two_syllables_are_compared_by_jamo(pair, compared):
    assert len(list(alignment.jamo_pairs(alignment.Pair(*pair)))) == compared


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("머거요", "모거요", "머모 거거 요요"),
        ("밥 머거요", "바부 머거요", "밥바 _부 머머 거거 요요"),
        ("하나 둘", "둘", "하_ 나_ 둘둘"),
        # By whole syllables all of these differ, and any two of them could be paired.
        ("머거 바다", "고 보도", "머_ 거고 바보 다도"),
        ("가x", "x가", "_x 가가 x_"),
        ("", "가", "_가"),
    ],
)
def test_sounds_are_aligned_by_what_they_share(reference, hypothesis, expected):
    pairs = alignment.align_sounds(reference, hypothesis)
    assert " ".join(f"{p.reference or '_'}{p.hypothesis or '_'}" for p in pairs) == expected


@given(st.text("가나각 x", max_size=6), st.text("가나각 x", max_size=6))
def test_aligned_sounds_hold_both_texts(reference, hypothesis):
    pairs = alignment.align_sounds(reference, hypothesis)
    assert "".join(pair.reference for pair in pairs) == reference.replace(" ", "")
    assert "".join(pair.hypothesis for pair in pairs) == hypothesis.replace(" ", "")
