"""Language models for Whisper: its texts with their features, and what is chosen by them."""

import numpy as np
import pytest
from datasets import DatasetDict

from speakor_common.decoding.text_features import FeatureWeights, TextRescorer
from speakor_common.models import precision
from speakor_common.recognition import whisper_tuning
from speakor_common.recognition.decoder_tuning import count_language_models
from speakor_common.recognition.whisper_recogniser import BEAMS, WhisperRecogniser
from speakor_common.storage import read_json
from speakor_common.text import CODAS, ONSETS, VOWELS
from tests.builders import prepared, tiny_whisper, tone
from tests.decoding.small import needs_lm


@pytest.fixture
def directory(tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "name", lambda: "fp32")
    return tiny_whisper(tmp_path / "whisper")


def test_a_beam_search_gives_texts_with_their_log_probability_best_first(directory):
    waves = [tone(0.4), tone(1.5), tone(0.5)]
    found = WhisperRecogniser(directory, "cpu").nbest_texts(waves)
    assert [len(scored) for scored in found] == [BEAMS] * 3
    for scored in found:
        scores = [score for _, score in scored]
        assert scores == sorted(scores, reverse=True) and scores[0] < 0


@needs_lm
def test_a_fitted_decoder_is_used_and_chooses_among_the_texts(directory):
    data = prepared({"train": 8, "valid": 4})
    fitted = whisper_tuning.fit_decoder(directory, DatasetDict(data), 3, seed=1)
    assert read_json(directory / "decoder.json") == fitted.settings
    assert set(fitted.settings["weights"]) == set(vars(FeatureWeights()))
    assert fitted.clips == 4 and fitted.wer >= 0 and fitted.wer_without >= 0
    recogniser = WhisperRecogniser(directory, "cpu")
    (hypothesis,) = recogniser.recognise_segments([tone(1.0)])
    assert hypothesis.raw in [text for text, _ in recogniser.nbest_texts([tone(1.0)])[0]]


@needs_lm
def test_language_models_decide_between_texts_of_nearly_the_same_score(tmp_path):
    letters = ["|", *ONSETS, *VOWELS, *CODAS]
    count_language_models(tmp_path, ["앉는 의자", "긴 의자", "아픈 의사"], letters, "|", 3)
    texts = ["아픈 의자", "아픈 의사"]
    scores = [-3.0, -3.1]
    plain = FeatureWeights(acoustic=1.0, jamo=0.0)
    rescorer = TextRescorer(tmp_path, plain)
    assert rescorer.best(texts, scores) == 0
    assert TextRescorer(tmp_path, FeatureWeights(jamo=0.0, morphemes=1.0)).best(texts, scores) == 1
    features = rescorer.features(texts, scores)
    assert features.shape == (2, len(plain.vector())) and np.array_equal(features[:, 0], scores)
