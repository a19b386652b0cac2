"""Symbol n-gram and beam search: probabilities are probabilities, and syllables become legal."""

import importlib.util
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.errors import CheckpointError, SpeakorError
from speakor_common.evaluation import beam
from speakor_common.evaluation.beam import BeamSearch, BeamSettings
from speakor_common.evaluation.ctc_decode import greedy, read_path
from speakor_common.evaluation.ngram import END, START, NGram
from speakor_common.text import to_jamo

SYMBOLS = ["", *sorted(set(to_jamo("밥을 먹어요 밥을 먹었어요").replace(" ", "|")))]
SENTENCES = [list(to_jamo(text).replace(" ", "|")) for text in ("밥을 먹어요", "밥을 먹었어요")]


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=6), min_size=1, max_size=5), st.integers(2, 4))
def test_probabilities_sum_to_one_in_every_context(sequences, order):
    model = NGram(sequences, order, "abcd")
    for history in [(), (START,), ("a",), ("b", "d"), tuple(sequences[0][:3])]:
        assert math.fsum(model.probability(symbol, history) for symbol in model.vocabulary) == pytest.approx(1.0)
        assert all(model.probability(symbol, history) > 0 for symbol in model.vocabulary)


def test_what_was_seen_is_likelier_and_longer_contexts_decide():
    model = NGram([list("abab"), list("abac")], 3, "abcd")
    assert model.probability("b", ("a",)) > model.probability("c", ("a",)) > model.probability("d", ("a",))
    assert model.probability("a", (START,)) > 0.6 and model.probability(END, ("a", "c")) > model.probability(END, ("a",))
    with pytest.raises(ValueError, match="order 1"):
        NGram([list("ab")], 1, "ab")
    with pytest.raises(ValueError, match="no sentences"):
        NGram([], 3, "ab")


def read_arpa(path):
    """Probabilities and back-off weights by n-gram."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if "\t" in line]
    return {tuple(row[1].split()): (float(row[0]), float(row[2]) if len(row) > 2 else 0.0) for row in rows}


def arpa_log10(table, symbol, history):
    """The back-off rule every ARPA reader applies."""
    if (*history, symbol) in table:
        return table[*history, symbol][0]
    return table.get(history, (0, 0.0))[1] + arpa_log10(table, symbol, history[1:])


def test_the_arpa_file_says_what_the_model_says(tmp_path):
    model = NGram(SENTENCES, 4, SYMBOLS[1:])
    table = read_arpa(model.write_arpa(tmp_path / "lm.arpa"))
    for history in [(START,), tuple(SENTENCES[0][:3]), ("ᆨ", "ᄋ"), ("|",), tuple(SENTENCES[1][3:6])]:
        for symbol in model.vocabulary:
            assert arpa_log10(table, symbol, history) == pytest.approx(math.log10(model.probability(symbol, history)), abs=1e-4)


def posteriors(symbols, *, doubt=None):
    """Two frames a symbol and a blank between; ``doubt`` = (position, wrong symbol) makes one symbol a near miss."""
    rows = []
    for position, symbol in enumerate(symbols):
        row = np.full(len(SYMBOLS), 1e-3)
        row[SYMBOLS.index(symbol)] = 1.0
        if doubt and position == doubt[0]:
            row[SYMBOLS.index(doubt[1])] = 1.2
        blank = np.full(len(SYMBOLS), 1e-3)
        blank[0] = 1.0
        rows += [row, row, blank]
    return np.log(np.array(rows) / np.sum(rows, axis=1, keepdims=True)).astype(np.float32)


needs_flashlight = pytest.mark.skipif(importlib.util.find_spec("flashlight") is None, reason="flashlight-text has no wheel for this Python")


@pytest.fixture
def search(tmp_path):
    NGram(SENTENCES, 4, SYMBOLS[1:]).write_arpa(tmp_path / "lm.arpa")
    return BeamSearch(tmp_path / "lm.arpa", SYMBOLS, 0, "|", BeamSettings(lm_weight=1.0))


@needs_flashlight
def test_beam_search_writes_what_is_clear_and_mends_what_is_no_syllable(search):
    clear = posteriors(SENTENCES[0])
    assert read_path(search.path(clear), clear, SYMBOLS, 0, "|", 0.02, 9.0) == greedy(clear, SYMBOLS, 0, "|", 0.02, 9.0)
    doubtful = posteriors(SENTENCES[0], doubt=(1, "ᆸ"))  # ᄇᆸᆸ... for 밥
    assert greedy(doubtful, SYMBOLS, 0, "|", 0.02, 9.0).text != "밥을 먹어요"
    assert read_path(search.path(doubtful), doubtful, SYMBOLS, 0, "|", 0.02, 9.0).text == "밥을 먹어요"


@needs_flashlight
def test_without_language_model_weight_beam_search_is_greedy(tmp_path, search):
    plain = BeamSearch(tmp_path / "lm.arpa", SYMBOLS, 0, "|", BeamSettings(lm_weight=0.0))
    doubtful = posteriors(SENTENCES[0], doubt=(1, "ᆸ"))
    assert read_path(plain.path(doubtful), doubtful, SYMBOLS, 0, "|", 0.02, 9.0).text == greedy(doubtful, SYMBOLS, 0, "|", 0.02, 9.0).text


@needs_flashlight
def test_a_model_directory_says_how_it_is_decoded(tmp_path):
    assert beam.load(tmp_path, SYMBOLS, 0, "|") is None
    beam.save_settings(tmp_path, BeamSettings())
    with pytest.raises(CheckpointError, match=r"no lm\.arpa"):
        beam.load(tmp_path, SYMBOLS, 0, "|")
    NGram(SENTENCES, 3, SYMBOLS[1:]).write_arpa(tmp_path / "lm.arpa")
    assert isinstance(beam.load(tmp_path, SYMBOLS, 0, "|"), BeamSearch)
    (tmp_path / "decoder.json").write_text('{"volume": 11}')
    with pytest.raises(CheckpointError, match="volume"):
        beam.load(tmp_path, SYMBOLS, 0, "|")


def test_a_missing_decoder_is_said_before_training(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SpeakorError, match="flashlight-text"):
        beam.require()
