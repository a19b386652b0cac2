"""Symbol n-gram and beam search: probabilities are probabilities, and syllables become legal."""

import importlib.util
import math
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import psutil
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.decoding import language_model, rescoring
from speakor_common.decoding.beam import BeamSearch, BeamSettings, labels
from speakor_common.decoding.ctc_lattice import forward_scores
from speakor_common.decoding.korean import log_probability
from speakor_common.decoding.language_model import LanguageModel
from speakor_common.decoding.morphemes import analyse
from speakor_common.decoding.ngram import END, START, UNKNOWN, NGram
from speakor_common.decoding.rescoring import Rescorer, Weights
from speakor_common.decoding.words import read_path
from speakor_common.errors import CheckpointError, SpeakorError
from speakor_common.recognition import decoder_tuning, minimum_risk
from speakor_common.recognition.minimum_risk import Judged
from speakor_common.text import to_jamo

SYMBOLS = ["", *sorted(set(to_jamo("밥을 먹어요 밥을 먹었어요").replace(" ", "|")))]
SENTENCES = [list(to_jamo(text).replace(" ", "|")) for text in ("밥을 먹어요", "밥을 먹었어요")]


@given(
    st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=6), min_size=1, max_size=5),
    st.integers(2, 4),
)
def test_probabilities_sum_to_one_in_every_context(sequences, order):
    model = NGram(sequences, order, "abcd")
    for history in [(), (START,), ("a",), ("b", "d"), tuple(sequences[0][:3])]:
        assert math.fsum(
            model.probability(symbol, history) for symbol in model.vocabulary
        ) == pytest.approx(1.0)
        assert all(model.probability(symbol, history) > 0 for symbol in model.vocabulary)


def test_what_was_seen_is_likelier_and_longer_contexts_decide():
    model = NGram([list("abab"), list("abac")], 3, "abcd")
    assert (
        model.probability("b", ("a",))
        > model.probability("c", ("a",))
        > model.probability("d", ("a",))
    )
    assert model.probability("a", (START,)) > 0.6 and model.probability(
        END, ("a", "c")
    ) > model.probability(END, ("a",))
    with pytest.raises(ValueError, match="order 1"):
        NGram([list("ab")], 1, "ab")
    with pytest.raises(ValueError, match="no sentences"):
        NGram([], 3, "ab")


def read_arpa(path):
    """Probabilities and back-off weights by n-gram."""
    rows = [
        line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if "\t" in line
    ]
    return {
        tuple(row[1].split()): (float(row[0]), float(row[2]) if len(row) > 2 else 0.0)
        for row in rows
    }


def arpa_log10(table, symbol, history):
    """The back-off rule every ARPA reader applies."""
    if (*history, symbol) in table:
        return table[*history, symbol][0]
    return table.get(history, (0, 0.0))[1] + arpa_log10(table, symbol, history[1:])


def test_the_arpa_file_says_what_the_model_says(tmp_path):
    model = NGram(SENTENCES, 4, SYMBOLS[1:])
    table = read_arpa(model.write_arpa(tmp_path / "lm.arpa"))
    for history in [
        (START,),
        tuple(SENTENCES[0][:3]),
        ("ᆨ", "ᄋ"),
        ("|",),
        tuple(SENTENCES[1][3:6]),
    ]:
        for symbol in model.vocabulary:
            assert arpa_log10(table, symbol, history) == pytest.approx(
                math.log10(model.probability(symbol, history)), abs=1e-4
            )


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


needs_flashlight = pytest.mark.skipif(
    importlib.util.find_spec("flashlight") is None,
    reason="flashlight-text has no wheel for this Python",
)


@pytest.fixture
def search(tmp_path):
    NGram(SENTENCES, 4, SYMBOLS[1:]).write_arpa(tmp_path / "lm.arpa")
    return BeamSearch(
        tmp_path / "lm.arpa", SYMBOLS, 0, "|", BeamSettings(lm_weight=1.0, blank_penalty=0.0)
    )


def text(path, logs):
    return read_path(path, logs, SYMBOLS, 0, "|", 0.02, 9.0).text


@needs_flashlight
def test_beam_search_writes_what_is_clear_and_mends_what_is_no_syllable(search):
    clear = posteriors(SENTENCES[0])
    assert (
        text(search.candidates(clear)[0], clear)
        == text(clear.argmax(axis=1), clear)
        == "밥을 먹어요"
    )
    doubtful = posteriors(SENTENCES[0], doubt=(1, "ᆸ"))  # ᄇᆸᆸ... for 밥
    assert text(doubtful.argmax(axis=1), doubtful) != "밥을 먹어요"
    assert text(search.candidates(doubtful)[0], doubtful) == "밥을 먹어요"


@needs_flashlight
def test_without_language_model_weight_beam_search_takes_the_strongest_symbols(tmp_path, search):
    plain = BeamSearch(
        tmp_path / "lm.arpa", SYMBOLS, 0, "|", BeamSettings(lm_weight=0.0, blank_penalty=0.0)
    )
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
    read = LanguageModel(
        counted.write_arpa(tmp_path / "words.arpa"), language_model.listed(tmp_path / "words.arpa")
    )
    for words in (["저는", "학생"], ["기자", "저는"], ["의사"], []):
        history, total = (START,), 0.0
        for word in [*(word if (word,) in counted.counts[0] else UNKNOWN for word in words), END]:
            total += math.log(counted.probability(word, history))
            history = (*history, word)
        assert read.score(words) == pytest.approx(total, abs=1e-4)


@given(
    st.lists(st.lists(st.integers(1, 3), max_size=60), min_size=1, max_size=9),
    st.integers(0, 99),
    st.integers(1, 300),
)
def test_forward_scores_of_many_sequences_and_spans_are_those_of_the_loss(sequences, seed, frames):
    random = np.random.default_rng(seed)
    logs = np.log(random.dirichlet(np.full(4, 0.1), frames) + 1e-13).astype(
        np.float32
    )  # as sharp as a trained network's
    spans = np.sort(random.integers(0, frames, (len(sequences), 2)), axis=1) + np.array([0, 1])

    def loss(first: int, end: int, sequence: list[int]) -> float:
        sizes = torch.tensor([end - first]), torch.tensor([len(sequence)])
        scores = torch.from_numpy(logs[first:end]).double()[:, None]
        return -torch.nn.functional.ctc_loss(
            scores, torch.tensor(sequence, dtype=torch.long), *sizes, reduction="none"
        ).item()

    whole = [loss(0, frames, sequence) for sequence in sequences]
    assert forward_scores(logs, sequences, 0) == pytest.approx(whole)
    parts = [
        loss(first, end, sequence) for (first, end), sequence in zip(spans, sequences, strict=True)
    ]
    assert forward_scores(logs, sequences, 0, spans) == pytest.approx(parts)


@given(st.lists(st.integers(1, 3), max_size=3), st.integers(0, 99))
def test_the_forward_score_is_the_sum_over_alignments(label, seed):
    logs = np.log(np.random.default_rng(seed).dirichlet(np.ones(4), 4)).astype(np.float32)
    alignments = (
        path for path in product(range(4), repeat=4) if labels(np.array(path), 0) == label
    )
    total = sum(
        np.exp(sum(logs[frame, symbol] for frame, symbol in enumerate(path))) for path in alignments
    )
    assert np.exp(forward_scores(logs, [label, [1]], 0)[0]) == pytest.approx(total, rel=1e-4)


@needs_flashlight
def test_morphemes_decide_between_candidates_that_sound_alike(tmp_path):
    """의자 and 의사 are as likely to the jamo model; only the word before tells them apart."""
    sentences = ["앉는 의자", "아픈 의사", "긴 의자", "흰 의사"] * 3
    symbols = ["", "|", *sorted(set(to_jamo("".join(sentences).replace(" ", ""))))]
    decoder_tuning.count(tmp_path, sentences, symbols, "|", 3)
    spelled = list(to_jamo("아픈 의자").replace(" ", "|"))
    logs = np.full((2 * len(spelled), len(symbols)), -9.0, np.float32)
    logs[1::2, 0] = 0.0
    for position, symbol in enumerate(spelled):
        logs[2 * position, symbols.index(symbol)] = 0.0
        if symbol == "ᄌ":
            logs[2 * position, symbols.index("ᄉ")] = -0.1  # almost as likely
    texts = []
    for weights in (Weights(jamo=0.0), Weights(jamo=0.0, morphemes=1.0)):
        rescorer = Rescorer(tmp_path, symbols, 0, "|", BeamSettings(0.1), weights)
        texts.append(read_path(rescorer.path([logs]), logs, symbols, 0, "|", 0.02, 9.0).text)
    assert texts == ["아픈 의자", "아픈 의사"]


@needs_flashlight
def test_sources_are_in_the_order_of_their_weights_and_a_view_too_short_for_a_text_is_left_out(
    tmp_path,
):
    decoder_tuning.count(tmp_path, ["밥을 먹어요"], SYMBOLS, "|", 3)
    rescorer = Rescorer(tmp_path, SYMBOLS, 0, "|", BeamSettings(), Weights())
    logs = posteriors(SENTENCES[0], doubt=(1, "ᆸ"))
    paths, scores = rescorer.candidates([logs])
    assert scores.shape == (len(paths), len(Weights().vector())) and np.isfinite(scores).all()
    spelled = labels(paths[0], 0)
    found = analyse(text(paths[0], logs))
    assert scores[0, 0] == pytest.approx(forward_scores(logs, [spelled], 0)[0])
    assert scores[0, 4:].tolist() == [
        log_probability(text(paths[0], logs)),
        len(spelled),
        len(found.tags),
    ]
    sequences = [labels(path, 0) for path in paths]
    for views in ([logs], [logs, logs], [logs, logs[:3]]):
        assert rescorer._acoustic(views, sequences) == pytest.approx(scores[:, 0])


def test_reading_much_with_the_dictionary_takes_no_more_memory():
    texts = ["칼국수를 먹어요", "박물관까지 걸어가요"] * 20
    expected, before = [analyse(text) for text in texts], psutil.Process().memory_info().rss
    for _ in range(100):  # threads that come and go
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(analyse, texts)) == expected
    assert psutil.Process().memory_info().rss - before < 20 * 2**20


def test_a_general_language_model_and_a_dictionary_know_what_no_transcript_held():
    assert log_probability("저는 칼국수를 좋아해요") > log_probability("저는 칼국수룰 조아해요") + 5
    assert log_probability("") == log_probability(" ") == 0.0 and np.isfinite(
        log_probability("ㅋ 漢 😀")
    )
    assert analyse("칼국수를").morphemes == ("칼국수/NNG", "를/JKO") and analyse("").tags == ()


def judged(seed, group, clips=20):
    """Clips where the second source is right and the first prefers wrong candidates; the third says nothing."""
    rng = np.random.default_rng(seed)
    for _ in range(clips):
        errors = rng.permutation(4)
        yield Judged(
            np.column_stack([errors + rng.normal(0, 0.3, 4), -2.0 * errors, np.ones(4)]),
            errors,
            5,
            group,
        )


def test_weights_follow_the_source_that_is_right():
    clips = list(judged(0, "a"))
    weights = minimum_risk.fit(clips)
    assert (
        minimum_risk.error_rate(clips, weights)
        == 0
        < minimum_risk.error_rate(clips, np.array([1.0, 0, 0]))
    )
    assert weights[1] > abs(weights[2]) and np.array_equal(weights, minimum_risk.fit(clips))


def test_cross_validation_keeps_speakers_apart():
    good, bad = (
        list(judged(1, "a")),
        [Judged(c.scores * [1, -1, 1], c.errors, c.words, "b") for c in judged(2, "b")],
    )
    assert minimum_risk.cross_validated(good) == 0
    assert (
        minimum_risk.cross_validated(good + bad) > 0.3
    )  # each speaker is judged by what suits the other


@needs_flashlight
def test_a_model_directory_says_how_it_is_decoded(tmp_path):
    assert rescoring.load(tmp_path, SYMBOLS, 0, "|") is None
    rescoring.save_settings(tmp_path, BeamSettings(2.0), Weights(1.0, 0.2))
    with pytest.raises(CheckpointError, match=r"no lm\.arpa"):
        rescoring.load(tmp_path, SYMBOLS, 0, "|")
    decoder_tuning.count(tmp_path, ["밥을 먹어요"], SYMBOLS, "|", 3)
    assert isinstance(rescoring.load(tmp_path, SYMBOLS, 0, "|"), Rescorer)
    for content in ('{"beam": {}, "weights": {"volume": 11}}', "{}"):
        (tmp_path / "decoder.json").write_text(content)
        with pytest.raises(CheckpointError, match=r"volume|beam"):
            rescoring.load(tmp_path, SYMBOLS, 0, "|")


def test_a_missing_decoder_is_said_before_training(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SpeakorError, match="flashlight-text"):
        language_model.require()
