"""Symbols of frames become text, words and times."""

import numpy as np
import pytest

from speakor_common.decoding.words import Hypothesis, Word, to_hypothesis

SYMBOLS = ["", "|", "ᄀ", "ᅡ", ""]  # blank, delimiter, two jamo, unknown


def decoded(frame_symbols, duration_s=9.0):
    logs = np.log(np.full((len(frame_symbols), len(SYMBOLS)), 0.01, np.float32))
    logs[np.arange(len(frame_symbols)), frame_symbols] = np.log(0.97)
    return to_hypothesis(logs.argmax(axis=1), logs, SYMBOLS, 0, "|", 0.02, duration_s)


@pytest.mark.parametrize(
    ("frame_symbols", "text"),
    [
        ([0, 0], ""),
        ([1, 1, 0, 1], ""),
        ([2, 2, 3, 3], "가"),
        ([2, 3, 1, 2, 3], "가 가"),
        ([0, 2, 2, 3, 0, 1, 2, 0, 2, 3], "가 ㄱ가"),
        ([1, 2, 3, 1], "가"),
        ([2, 4, 3], "가"),  # an unknown token is no text
    ],
)
def test_repeats_are_merged_blanks_dropped_and_words_split(frame_symbols, text):
    hypothesis = decoded(frame_symbols)
    assert hypothesis.text == text
    assert [word.text for word in hypothesis.words] == text.split()


def test_words_begin_with_their_first_symbol_and_end_where_the_next_begins():
    first, second = decoded([0, 2, 2, 3, 0, 1, 2, 0, 2, 3], duration_s=0.19).words
    assert (first.start_s, first.end_s) == (0.02, 0.1)
    assert (second.start_s, second.end_s) == (0.12, 0.19)
    assert 0.5 < first.confidence < 1


def test_no_word_ends_after_its_clip():
    assert decoded([2, 3, 0, 1], duration_s=0.05).words[0].end_s == 0.05


def test_what_follows_is_shifted():
    first = Hypothesis("가", (Word("가", 0.0, 0.5, 0.9),))
    later = Hypothesis("나", (Word("나", 0.1, 0.4, 0.8),))
    joined = first.followed_by(later, 2.0)
    assert joined == Hypothesis("가 나", (first.words[0], Word("나", 2.1, 2.4, 0.8)))
    assert Hypothesis("").followed_by(first, 0.0) == first


def test_raw_texts_are_joined_where_there_are_any():
    joined = Hypothesis("세 개", raw="3개").followed_by(Hypothesis("네"), 2.0)
    assert (joined.text, joined.raw) == ("세 개 네", "3개 네")
    assert Hypothesis("").followed_by(Hypothesis("세 개", raw="3개"), 0.0).raw == "3개"
