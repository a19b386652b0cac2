"""Counted n-grams: probabilities are probabilities, and an ARPA file says what was counted."""

import importlib.util
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.decoding.ngram import (
    END,
    START,
    UNKNOWN,
    ArpaLanguageModel,
    NGram,
    arpa_units,
    missing_lm_packages,
    require_lm_packages,
)
from speakor_common.errors import SpeakorError
from tests.decoding.small import needs_lm, spelled, symbols_of

SENTENCES = [spelled("밥을 먹어요"), spelled("밥을 먹었어요")]
JAMO = symbols_of("밥을 먹어요", "밥을 먹었어요")[1:]


@given(
    st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=6), min_size=1, max_size=5),
    st.integers(2, 4),
)
def test_probabilities_sum_to_one_in_every_context(sequences, order):
    model = NGram(sequences, order, "abcd")
    for history in [(), (START,), ("a",), ("b", "d"), tuple(sequences[0][:3])]:
        probabilities = [model.probability(unit, history) for unit in model.vocabulary]
        assert math.fsum(probabilities) == pytest.approx(1.0)
        assert min(probabilities) > 0


def test_what_was_seen_is_likelier_and_longer_contexts_decide():
    model = NGram([list("abab"), list("abac")], 3, "abcd")
    after_a = [model.probability(unit, ("a",)) for unit in "bcd"]
    assert after_a == sorted(after_a, reverse=True) and len(set(after_a)) == 3
    assert model.probability("a", (START,)) > 0.6
    assert model.probability(END, ("a", "c")) > model.probability(END, ("a",))


@pytest.mark.parametrize(
    ("sentences", "order", "message"), [([["a"]], 1, "order 1"), ([], 3, "no sentences")]
)
def test_what_cannot_be_counted_is_said(sentences, order, message):
    with pytest.raises(ValueError, match=message):
        NGram(sentences, order, "ab")


def read_arpa(path):
    """Probabilities and back-off weights by n-gram."""
    table = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if "\t" in line:
            log10, gram, *backoff = line.split("\t")
            table[tuple(gram.split())] = (float(log10), float(backoff[0]) if backoff else 0.0)
    return table


def arpa_log10(table, unit, history):
    """The back-off rule every ARPA reader applies."""
    if (*history, unit) in table:
        return table[*history, unit][0]
    return table.get(history, (0, 0.0))[1] + arpa_log10(table, unit, history[1:])


@pytest.mark.parametrize(
    "history",
    [(START,), tuple(SENTENCES[0][:3]), ("ᆨ", "ᄋ"), ("|",), tuple(SENTENCES[1][3:6])],
)
def test_the_arpa_file_says_what_the_model_says(history, tmp_path):
    model = NGram(SENTENCES, 4, JAMO)
    table = read_arpa(model.write_arpa(tmp_path / "lm.arpa"))
    for unit in model.vocabulary:
        expected = math.log10(model.probability(unit, history))
        assert arpa_log10(table, unit, history) == pytest.approx(expected, abs=1e-4)


def test_the_header_counts_what_is_listed(tmp_path):
    content = NGram(SENTENCES, 3, JAMO).write_arpa(tmp_path / "lm.arpa").read_text(encoding="utf-8")
    for n in (1, 2, 3):
        listed = content.split(f"\\{n}-grams:\n")[1].split("\n\n")[0].splitlines()
        assert f"ngram {n}={len(listed)}\n" in content


def test_units_of_a_file_are_those_counted(tmp_path):
    path = NGram([["저는", "학생"], ["의사"]], 2, ()).write_arpa(tmp_path / "words.arpa")
    assert sorted(arpa_units(path)) == ["의사", "저는", "학생"]


@needs_lm
@pytest.mark.parametrize("words", [["저는", "학생"], ["기자", "저는"], ["의사"], []])
def test_a_language_model_scores_as_it_was_counted(words, tmp_path):
    counted = NGram([["저는", "학생"], ["저는", "기자", "예요"]], 2, ())
    path = counted.write_arpa(tmp_path / "words.arpa")

    history, expected = (START,), 0.0
    known = [word if (word,) in counted.counts[0] else UNKNOWN for word in words]
    for word in [*known, END]:
        expected += math.log(counted.probability(word, history))
        history = (*history, word)
    model = ArpaLanguageModel(path, arpa_units(path))
    assert model.score(words) == pytest.approx(expected, abs=1e-4)


def test_a_missing_decoder_is_said_in_a_sentence(monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "flashlight" else find_spec(name)
    )
    assert "flashlight-text" in missing_lm_packages()
    with pytest.raises(
        SpeakorError, match=r"exp06.* needs flashlight-text: .*Python 3\.11 or 3\.12"
    ):
        require_lm_packages()
