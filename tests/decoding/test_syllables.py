"""Legal syllables: the best text of all that are legal, and never a broken syllable."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speakor_common.decoding.syllables import LegalSyllables, viterbi_decoder
from speakor_common.text import is_syllable, to_jamo
from tests.decoding.small import ALL_JAMO, BLANK, log_softmax, text_of

SYMBOLS = ["", "", "|", "ᄀ", "ᅡ", "ᆫ"]  # blank, unknown, delimiter, and one jamo of each kind


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.floats(-4, 4), min_size=6, max_size=6), min_size=1, max_size=5))
def test_the_search_finds_what_trying_everything_finds(rows):
    logs = log_softmax(rows)
    syllables = LegalSyllables(SYMBOLS, BLANK)

    def total(frame_symbols):
        return sum(float(logs[frame, symbol]) for frame, symbol in enumerate(frame_symbols))

    everything = product([0, 2, 3, 4, 5], repeat=len(logs))
    best = max(total(each) for each in everything if syllables.is_legal(np.array(each)))
    decoded = syllables.decode(logs)
    assert syllables.is_legal(decoded)
    assert total(decoded) == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize(
    ("spelling", "legal"),
    [
        ("가", True),
        ("간|가", True),
        ("|가|", True),
        ("||", True),
        ("", True),
        ("가가", True),
        ("ᅡ", False),
        ("ᄀ", False),
        ("간ᆫ", False),
        ("ᄀ가", False),
        ("가ᅡ", False),
        ("가|ᆫ", False),
        ("ᄀ|ᅡ", False),
        ("|ᆫ", False),
    ],
)
def test_what_is_a_syllable(spelling, legal):
    indices = [SYMBOLS.index(symbol) for symbol in to_jamo(spelling)]
    frame_symbols = [index for symbol in indices for index in (symbol, BLANK)]
    assert LegalSyllables(SYMBOLS, BLANK).is_legal(np.array(frame_symbols, np.int64)) is legal


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 80))
def test_no_output_ever_holds_a_broken_syllable(seed, frames):
    logs = log_softmax(np.random.default_rng(seed).normal(0, 3, (frames, len(ALL_JAMO))))
    text = text_of(viterbi_decoder(ALL_JAMO, BLANK)(logs), logs, ALL_JAMO)
    assert all(is_syllable(character) for character in text.replace(" ", ""))


def test_a_missed_silent_onset_is_filled_in_and_a_legal_text_is_left_alone():
    jamo = to_jamo("기자입니다")
    symbols = ["", "", "|", *sorted(set(jamo))]
    decode = viterbi_decoder(symbols, BLANK)
    logits = np.full((3 * len(jamo), len(symbols)), -6.0)
    for position, symbol in enumerate(jamo):
        logits[3 * position : 3 * position + 2, symbols.index(symbol)] = 4.0
        logits[3 * position + 2, BLANK] = 4.0
    whole = log_softmax(logits)
    silent = 3 * jamo.index("ᄋ")
    logits[silent : silent + 2, BLANK] = 5.0  # as spoken: nothing is there
    missed = log_softmax(logits)

    assert text_of(missed.argmax(axis=1), missed, symbols) == "기자ㅣㅂ니다"
    assert text_of(decode(missed), missed, symbols) == "기자입니다"
    assert (decode(whole) == whole.argmax(axis=1)).all()


def test_other_vocabularies_keep_the_strongest_symbol():
    logs = log_softmax(np.random.default_rng(1).normal(0, 1, (9, 4)))
    decode = viterbi_decoder(["", "|", "가", "나"], BLANK)
    assert (decode(logs) == logs.argmax(axis=1)).all()
