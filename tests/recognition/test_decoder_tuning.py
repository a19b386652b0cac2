"""Language models for a trained model: counted on training transcripts, weighted on validation."""

from dataclasses import asdict

import numpy as np
import pytest
from datasets import Dataset, DatasetDict
from scipy.optimize import approx_fprime

from speakor_common.decoding.ngram import arpa_units
from speakor_common.decoding.text_features import FeatureWeights
from speakor_common.recognition import decoder_tuning
from speakor_common.recognition.decoder_tuning import (
    ScoredNBest,
    count_language_models,
    cross_validated_error_rate,
    fit_decoder,
    fit_weights,
    nbest_error_rate,
    training_transcripts,
    weighing_clips,
)
from speakor_common.storage import read_json
from tests.builders import prepared, tiny_ctc
from tests.decoding.small import needs_lm


def nbest(seed, speaker, clips=20, preferred=-2.0):
    """Lists where the second feature knows the errors and the first prefers wrong texts.

    The third feature says nothing.
    """
    random = np.random.default_rng(seed)
    lists = []
    for _ in range(clips):
        errors = random.permutation(4)
        features = [errors + random.normal(0, 0.3, 4), preferred * errors, np.ones(4)]
        lists.append(ScoredNBest(np.column_stack(features), errors, 5, speaker))
    return lists


def test_weights_follow_the_feature_that_is_right():
    lists = nbest(0, "a")
    weights = fit_weights(lists)
    assert nbest_error_rate(lists, weights) == 0
    assert nbest_error_rate(lists, np.array([1.0, 0, 0])) > 0
    assert weights[1] > abs(weights[2])
    assert np.array_equal(weights, fit_weights(lists))


def test_weights_are_where_no_small_step_lowers_the_expected_errors():
    random = np.random.default_rng(3)
    lists = []
    for count in (1, 4, 9, 6, 30):  # lists of different lengths
        errors = random.integers(0, 4, count)
        features = np.column_stack(
            [random.normal(-50, 3, count), random.normal(errors, 2), -errors]
        )
        lists.append(ScoredNBest(features, errors, 4, "a"))
    first = np.concatenate([each.features - each.features[0] for each in lists])
    longest = max(len(each.errors) for each in lists)
    padding = np.zeros((len(lists) * longest - len(first), 3))
    spread = np.concatenate([first, padding]).std(axis=0, ddof=1)

    def risk(weights):
        expected = 0.0
        for each in lists:
            logits = each.features @ (weights / spread)
            shares = np.exp(logits - logits.max())
            expected += shares @ each.errors / shares.sum()
        return expected / 20 + decoder_tuning._RIDGE * weights @ weights

    found = fit_weights(lists) * spread
    scale = min((s for s in np.geomspace(0.01, 1000, 4000)), key=lambda s: risk(s * found))
    gradient = approx_fprime(scale * found, risk, 1e-6)
    assert np.abs(gradient).max() < 1e-4


def test_a_single_text_decides_nothing():
    lists = [ScoredNBest(np.ones((1, 3)), np.array([2]), 4, "a")] * 3
    assert np.isfinite(fit_weights(lists)).all()
    assert nbest_error_rate(lists, fit_weights(lists)) == 0.5


def test_cross_validation_keeps_speakers_apart():
    good = nbest(1, "a")
    opposite = nbest(2, "b", preferred=2.0)
    assert cross_validated_error_rate(good) == 0
    assert cross_validated_error_rate([*good, *nbest(3, "c")]) == 0
    # Each speaker is decoded with what suits the other.
    assert cross_validated_error_rate(good + opposite) > 0.3


def splits(**texts):
    return DatasetDict({name: Dataset.from_dict({"text": each}) for name, each in texts.items()})


def test_only_training_transcripts_are_counted(monkeypatch):
    data = splits(train=["가", "나"], native_train=["다"], valid=["라"], test=["마"])
    assert training_transcripts(data, seed=1) == ["가", "나", "다"]
    assert training_transcripts(splits(train=["가"], valid=["라"]), seed=1) == ["가"]
    repeated = splits(train=["가", "나 라"], valid=["나라"], held_out=["다"], native_train=["다"])
    assert training_transcripts(repeated, seed=1) == ["가"]
    monkeypatch.setattr(decoder_tuning, "MAX_TRANSCRIPTS", 2)
    assert len(training_transcripts(data, seed=1)) == 2
    assert training_transcripts(data, seed=1) == training_transcripts(data, seed=1)


def test_weights_are_found_on_a_draw_of_every_kind_of_clip(monkeypatch):
    monkeypatch.setattr(decoder_tuning, "MAX_CLIPS", 8)
    kinds = [(l1, task) for l1 in ("CN", "VN") for task in ("read", "answer") for _ in range(10)]
    rows = {"l1": [k[0] for k in kinds], "task": [k[1] for k in kinds], "level": ["중"] * 40}
    valid = Dataset.from_dict(rows | {"utterance_id": [f"{i:02d}" for i in range(40)]})
    drawn = weighing_clips(valid)
    found = list(zip(drawn["l1"], drawn["task"], strict=True))
    assert {kind: found.count(kind) for kind in set(kinds)} == dict.fromkeys(set(kinds), 2)
    assert drawn["utterance_id"][:] == weighing_clips(valid)["utterance_id"][:]


def test_three_models_are_counted(tmp_path):
    symbols = ["", "|", "ᄀ", "ᅡ", "ᄂ", "ᄆ", "ᆯ", "ᄅ", "ᅳ"]
    count_language_models(tmp_path, ["나 가"], symbols, "|", 3)
    assert set(symbols[1:]) == set(arpa_units(tmp_path / "lm.arpa"))
    morphemes = arpa_units(tmp_path / "morphemes.arpa")
    tags = arpa_units(tmp_path / "tags.arpa")
    assert {morpheme.split("/")[1] for morpheme in morphemes} == set(tags)


@needs_lm
def test_a_model_directory_gets_its_decoder(tmp_path):
    directory = tiny_ctc(tmp_path / "model")
    content, wer = fit_decoder(directory, prepared({"train": 6, "valid": 3}), order=3, seed=1)
    assert content == read_json(directory / "decoder.json")
    assert set(content["weights"]) == set(asdict(FeatureWeights()))
    assert wer == pytest.approx(wer) and wer >= 0
    assert {path.name for path in directory.glob("*.arpa")} == {
        "lm.arpa",
        "morphemes.arpa",
        "tags.arpa",
    }
