"""Symbol n-gram and beam search: probabilities are probabilities, and syllables become legal."""

import importlib.util
import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.errors import CheckpointError, SpeakorError
from speakor_common.evaluation import language_model, rescoring
from speakor_common.evaluation.beam import BeamSearch, BeamSettings, labels
from speakor_common.evaluation.ctc_decode import read_path
from speakor_common.evaluation.language_model import LanguageModel
from speakor_common.evaluation.ngram import END, START, UNKNOWN, NGram
from speakor_common.evaluation.rescoring import Rescorer, Weights, forward_scores
from speakor_common.text import to_jamo
from speakor_common.training import decoding

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
    return BeamSearch(tmp_path / "lm.arpa", SYMBOLS, 0, "|", BeamSettings(lm_weight=1.0, blank_penalty=0.0))


def text(path, logs):
    return read_path(path, logs, SYMBOLS, 0, "|", 0.02, 9.0).text


@needs_flashlight
def test_beam_search_writes_what_is_clear_and_mends_what_is_no_syllable(search):
    clear = posteriors(SENTENCES[0])
    assert text(search.candidates(clear)[0], clear) == text(clear.argmax(axis=1), clear) == "밥을 먹어요"
    doubtful = posteriors(SENTENCES[0], doubt=(1, "ᆸ"))  # ᄇᆸᆸ... for 밥
    assert text(doubtful.argmax(axis=1), doubtful) != "밥을 먹어요"
    assert text(search.candidates(doubtful)[0], doubtful) == "밥을 먹어요"


@needs_flashlight
def test_without_language_model_weight_beam_search_takes_the_strongest_symbols(tmp_path, search):
    plain = BeamSearch(tmp_path / "lm.arpa", SYMBOLS, 0, "|", BeamSettings(lm_weight=0.0, blank_penalty=0.0))
    doubtful = posteriors(SENTENCES[0], doubt=(1, "ᆸ"))
    assert text(plain.candidates(doubtful)[0], doubtful) == text(doubtful.argmax(axis=1), doubtful)


@needs_flashlight
def test_candidates_are_different_texts_of_as_many_frames(search):
    logs = posteriors(SENTENCES[0], doubt=(1, "ᆸ"))
    found = search.candidates(logs, 8)
    assert len(found) == 8 == len({tuple(labels(path, 0)) for path in found})
    assert all(path.shape == (len(logs),) for path in found)


@needs_flashlight
def test_a_language_model_scores_as_it_was_counted(tmp_path):
    counted = NGram([["저는", "학생"], ["저는", "기자", "예요"]], 2, ())
    read = LanguageModel(counted.write_arpa(tmp_path / "words.arpa"), language_model.listed(tmp_path / "words.arpa"))
    for words in (["저는", "학생"], ["기자", "저는"], ["의사"], []):
        history, total = (START,), 0.0
        for word in [*(word if (word,) in counted.counts[0] else UNKNOWN for word in words), END]:
            total += math.log(counted.probability(word, history))
            history = (*history, word)
        assert read.score(words) == pytest.approx(total, abs=1e-4)


@given(st.lists(st.integers(1, 3), max_size=3), st.integers(0, 99))
def test_the_forward_score_is_the_sum_over_alignments(label, seed):
    logs = np.log(np.random.default_rng(seed).dirichlet(np.ones(4), 4)).astype(np.float32)
    alignments = (path for path in product(range(4), repeat=4) if labels(np.array(path), 0) == label)
    total = sum(np.exp(sum(logs[frame, symbol] for frame, symbol in enumerate(path))) for path in alignments)
    assert np.exp(forward_scores(logs, [label, [1]], 0)[0]) == pytest.approx(total, rel=1e-4)


@needs_flashlight
def test_words_decide_between_candidates_that_sound_alike(tmp_path):
    """의자 and 의사 are as likely to the jamo model; only the word before tells them apart."""
    sentences = ["앉는 의자", "아픈 의사", "긴 의자", "흰 의사"] * 3
    symbols = ["", "|", *sorted(set(to_jamo("".join(sentences).replace(" ", ""))))]
    decoding.count(tmp_path, sentences, symbols, "|", 3)
    spelled = list(to_jamo("아픈 의자").replace(" ", "|"))
    logs = np.full((2 * len(spelled), len(symbols)), -9.0, np.float32)
    logs[1::2, 0] = 0.0
    for position, symbol in enumerate(spelled):
        logs[2 * position, symbols.index(symbol)] = 0.0
        if symbol == "ᄌ":
            logs[2 * position, symbols.index("ᄉ")] = -0.1  # almost as likely
    texts = []
    for weights in (Weights(jamo=0.0), Weights(jamo=0.0, words=1.0)):
        rescorer = Rescorer(tmp_path, symbols, 0, "|", BeamSettings(0.1), weights)
        texts.append(read_path(rescorer.path(logs), logs, symbols, 0, "|", 0.02, 9.0).text)
    assert texts == ["아픈 의자", "아픈 의사"]


@needs_flashlight
def test_a_model_directory_says_how_it_is_decoded(tmp_path):
    assert rescoring.load(tmp_path, SYMBOLS, 0, "|") is None
    rescoring.save_settings(tmp_path, BeamSettings(2.0), Weights(0.5, 0.2))
    with pytest.raises(CheckpointError, match=r"no lm\.arpa"):
        rescoring.load(tmp_path, SYMBOLS, 0, "|")
    decoding.count(tmp_path, ["밥을 먹어요"], SYMBOLS, "|", 3)
    assert isinstance(rescoring.load(tmp_path, SYMBOLS, 0, "|"), Rescorer)
    for content in ('{"beam": {}, "weights": {"volume": 11}}', "{}"):
        (tmp_path / "decoder.json").write_text(content)
        with pytest.raises(CheckpointError, match=r"volume|beam"):
            rescoring.load(tmp_path, SYMBOLS, 0, "|")


def test_a_missing_decoder_is_said_before_training(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SpeakorError, match="flashlight-text"):
        language_model.require()
