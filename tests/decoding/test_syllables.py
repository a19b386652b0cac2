"""Legal-syllable search: the same best path as trying them all, and never a broken syllable."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speakor_common.decoding.syllables import LegalSyllables, path_finder
from speakor_common.decoding.words import read_path
from speakor_common.text import CODAS, ONSETS, VOWELS, to_jamo

SYMBOLS = ["", "", "|", "ᄀ", "ᅡ", "ᆫ"]  # blank, unknown, delimiter, and one jamo of each kind
BLANK = 0


def posteriors(rows):
    logits = np.array(rows, np.float32)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def text(path, logs, symbols=SYMBOLS):
    return read_path(np.asarray(path), logs, symbols, BLANK, "|", 0.02, len(logs) * 0.02).text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.floats(-4, 4), min_size=6, max_size=6), min_size=1, max_size=5))
def test_the_search_finds_what_trying_every_path_finds(rows):
    logs = posteriors(rows)
    search = LegalSyllables(SYMBOLS, BLANK)
    allowed = [
        path
        for path in product([0, 2, 3, 4, 5], repeat=len(logs))
        if search.is_legal(np.array(path))
    ]
    total = {path: sum(float(logs[t, s]) for t, s in enumerate(path)) for path in allowed}
    (found,) = search.paths([logs])
    assert search.is_legal(found)
    assert sum(float(logs[t, s]) for t, s in enumerate(found)) == pytest.approx(
        max(total.values()), abs=1e-4
    )


@pytest.mark.parametrize(
    ("symbols", "legal"),
    [("가", True), ("간|가", True), ("|가|", True), ("", True), ("가가", True),
     ("ᅡ", False), ("ᄀ", False), ("간ᆫ", False), ("ᄀ가", False), ("가ᅡ", False), ("가|ᆫ", False), ("ᄀ|ᅡ", False)],
)  # fmt: skip
def test_what_is_a_syllable(symbols, legal):
    path = [index for symbol in to_jamo(symbols) for index in (SYMBOLS.index(symbol), BLANK)]
    assert LegalSyllables(SYMBOLS, BLANK).is_legal(np.array(path, np.int64)) is legal


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 80))
def test_no_output_ever_holds_a_broken_syllable(seed, frames):
    symbols = ["", "", "|", *ONSETS, *VOWELS, *CODAS]
    logs = posteriors(np.random.default_rng(seed).normal(0, 3, (frames, len(symbols))))
    heard = text(path_finder(symbols, BLANK)([logs])[0], logs, symbols)
    assert all("가" <= character <= "힣" for character in heard.replace(" ", ""))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 60), min_size=1, max_size=7))
def test_clips_searched_together_are_read_as_alone(seed, lengths):
    symbols, random = ["", "", "|", *ONSETS, *VOWELS, *CODAS], np.random.default_rng(seed)
    clips = [posteriors(random.normal(0, 3, (frames, len(symbols)))) for frames in lengths]
    find = path_finder(symbols, BLANK)
    assert all(
        (together == find([clip])[0]).all()
        for together, clip in zip(find(clips), clips, strict=True)
    )


def test_a_missed_silent_onset_is_filled_in_and_a_legal_path_is_left_alone():
    symbols = ["", "", "|", *sorted(set(to_jamo("기자입니다")))]
    jamo = to_jamo("기자입니다")
    logits = np.full((3 * len(jamo), len(symbols)), -6.0)
    for position, symbol in enumerate(jamo):
        logits[3 * position : 3 * position + 2, symbols.index(symbol)] = 4.0
        logits[3 * position + 2, BLANK] = 4.0
    whole = posteriors(logits)
    silent = 3 * jamo.index("ᄋ")
    logits[silent : silent + 2, BLANK] = 5.0  # as heard: nothing is there
    missed = posteriors(logits)

    def find(logs):
        return path_finder(symbols, BLANK)([logs])[0]

    assert text(missed.argmax(axis=1), missed, symbols) == "기자ㅣㅂ니다"
    assert text(find(missed), missed, symbols) == text(find(whole), whole, symbols) == "기자입니다"
    assert (find(whole) == whole.argmax(axis=1)).all()


def test_other_vocabularies_keep_the_strongest_symbol():
    logs = posteriors(np.random.default_rng(1).normal(0, 1, (9, 4)))
    assert (path_finder(["", "|", "가", "나"], BLANK)([logs])[0] == logs.argmax(axis=1)).all()
