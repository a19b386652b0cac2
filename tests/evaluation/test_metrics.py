"""Counts and rates: odd cases, agreement with jiwer, and a metric that is one entry."""

import copy
import pickle
import unicodedata

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.evaluation import hf_metrics, summary
from speakor_common.evaluation.levels import LEVELS, Level
from speakor_common.evaluation.metrics import score, utterance_counts
from speakor_common.show import report
from speakor_common.text import to_jamo
from tests.builders import predictions

korean = st.text(st.sampled_from("가나다라마각낙닥 "), min_size=1, max_size=14).map(
    lambda text: " ".join(text.split())
)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "wer", "cer"),
    [
        ("저는 학생", "저는 학생", 0.0, 0.0),
        ("저는 학생", "", 1.0, 1.0),
        ("저는 학생", "저는학생", 1.0, 0.2),
        ("저는", "저는 학생", 1.0, 1.5),
        ("", "", 0.0, 0.0),
        ("", "저는 학생", 2.0, 5.0),
    ],
)
def test_rates_of_odd_cases(reference, hypothesis, wer, cer):
    result = score([reference], [hypothesis])
    assert (result.wer, result.cer) == (wer, cer)


def test_rates_are_ratios_of_sums_and_agree_with_jiwer():
    references = ["저는 학생 입니다", "네", "오늘 날씨가 좋아요"]
    hypotheses = ["저는 학생 입니다", "아니요", "오늘 날씨 좋아요 정말"]
    result = score(references, hypotheses)
    assert result.wer == jiwer.wer(references, hypotheses) == 3 / 7
    assert result.cer == jiwer.cer(references, hypotheses)
    assert (result.hits, result.substitutions, result.deletions, result.insertions) == (5, 2, 0, 1)
    assert result.words.reference_length == 7


@given(st.lists(st.tuples(korean, korean), min_size=1, max_size=6))
def test_counts_add_up_whatever_the_text(pairs):
    references = [reference for reference, _ in pairs]
    hypotheses = [hypothesis for _, hypothesis in pairs]
    table = utterance_counts(references, hypotheses)
    result = score(references, hypotheses)
    assert result.words.reference_length == sum(len(text.split()) for text in references)
    letters = [to_jamo(text.replace(" ", "")) for text in references]
    assert result.jamo.reference_length == sum(map(len, letters))
    assert table["words_hits"].sum() == result.words.hits
    assert score(references, references).wer == 0
    assert score(references, [unicodedata.normalize("NFD", text) for text in hypotheses]) == result


def test_spacing_is_no_error_for_swer():
    assert score(["할 수 있어요"], ["할수있어요"]).swer == 0.0


def test_wrong_lengths_and_nothing_to_score():
    with pytest.raises(ValueError, match="2 references but 1 hypotheses"):
        score(["a", "b"], ["a"])
    with pytest.raises(ValueError, match="nothing to score"):
        score([], [])


def test_a_score_has_every_level_and_rate_and_says_what_it_has():
    result = score(["저는 학생"], ["저는 학교"])
    assert result.rates == {level.rate: getattr(result, level.rate) for level in LEVELS.values()}
    assert result.to_dict()["counts"].keys() == LEVELS.keys()
    assert pickle.loads(pickle.dumps(result)) == copy.deepcopy(result) == result
    with pytest.raises(AttributeError, match=r"no 'per'; it has words, .*, wer, "):
        _ = result.per


def test_a_further_metric_is_one_entry(monkeypatch):
    """Onsets only, made up here: it reaches counts, scores, metrics.json, report and evaluate."""

    def onsets(reference, hypothesis):
        letters = [to_jamo(text) for text in (reference, hypothesis)]
        first, second = ("".join(c for c in text if c < "ᅠ") for text in letters)
        return first, second

    level = Level("oer", "onsets", jiwer.process_characters, onsets, in_breakdowns=True)
    monkeypatch.setitem(LEVELS, "onsets", level)

    assert score(["가나다"], ["가다다"]).oer == 1 / 3
    assert "onsets_hits" in utterance_counts(["가"], ["나"])
    assert hf_metrics.oer().compute(references=["가나"], predictions=["가다"]) == {"oer": 0.5}

    metrics = summary.summarise_predictions(predictions(["가나"] * 4, ["가다"] * 4))
    entry = metrics["exp05"]["clean"]
    assert entry["oer"] == 0.5
    assert entry["oer_95"] is None and entry["no_interval"] == "4 speakers < 5"
    assert entry["breakdowns"]["l1"][0]["oer"] == 0.5
    assert report.comparison_table(metrics).loc[0, "oer"] == 0.5
