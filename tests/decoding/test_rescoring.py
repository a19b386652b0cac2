"""N-best rescoring: features in their order, and the decoder a model directory asks for."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from speakor_common.decoding.beam import BeamSettings
from speakor_common.decoding.ctc_lattice import collapse, forward_scores
from speakor_common.decoding.korean import korean_log_probability, tag_morphemes
from speakor_common.decoding.rescoring import Rescorer, load_rescorer, write_decoder
from speakor_common.decoding.text_features import DECODER_FILE, FeatureWeights
from speakor_common.errors import CheckpointError
from speakor_common.recognition.decoder_tuning import count_language_models
from tests.decoding.small import BLANK, needs_lm, posteriors, spelled, symbols_of, text_of

SENTENCE = "밥을 먹어요"
SYMBOLS = symbols_of(SENTENCE)


@pytest.fixture
def directory(tmp_path):
    count_language_models(tmp_path, [SENTENCE], SYMBOLS, "|", 3)
    return tmp_path


@needs_lm
def test_morphemes_decide_between_texts_that_sound_alike(tmp_path):
    """의자 and 의사 are as likely to the jamo model; only the word before tells them apart."""
    sentences = ["앉는 의자", "아픈 의사", "긴 의자", "흰 의사"] * 3
    symbols = symbols_of(*sentences)
    count_language_models(tmp_path, sentences, symbols, "|", 3)
    logs = np.full((2 * len(spelled("아픈 의자")), len(symbols)), -9.0, np.float32)
    logs[1::2, BLANK] = 0.0
    for position, jamo in enumerate(spelled("아픈 의자")):
        logs[2 * position, symbols.index(jamo)] = 0.0
        if jamo == "ᄌ":
            logs[2 * position, symbols.index("ᄉ")] = -0.1  # almost as likely

    texts = []
    for weights in (FeatureWeights(jamo=0.0), FeatureWeights(jamo=0.0, morphemes=1.0)):
        rescorer = Rescorer(tmp_path, symbols, BLANK, "|", BeamSettings(0.1), weights)
        texts.append(text_of(rescorer.best_alignment([logs]), logs, symbols))
    assert texts == ["아픈 의자", "아픈 의사"]


@needs_lm
def test_features_are_in_the_order_of_their_weights(directory):
    rescorer = Rescorer(directory, SYMBOLS, BLANK, "|", BeamSettings(), FeatureWeights())
    logs = posteriors(SENTENCE, SYMBOLS, doubt=(1, "ᆸ"))
    alignments, features = rescorer.nbest_features([logs])
    assert features.shape == (len(alignments), len(FeatureWeights().vector()))
    assert np.isfinite(features).all()

    labels = collapse(alignments[0], BLANK)
    text = text_of(alignments[0], logs, SYMBOLS)
    best = dict(zip(asdict(FeatureWeights()), features[0], strict=True))
    assert best["acoustic"] == pytest.approx(forward_scores(logs, [labels], BLANK)[0])
    assert best["korean"] == korean_log_probability(text)
    assert best["jamo_count"] == len(labels)
    assert best["morpheme_count"] == len(tag_morphemes(text).pos_tags)
    assert best["jamo"] < 0 and best["morphemes"] < 0 and best["pos_tags"] < 0


@needs_lm
def test_a_copy_too_short_for_a_text_is_left_out_for_all(directory):
    rescorer = Rescorer(directory, SYMBOLS, BLANK, "|", BeamSettings(), FeatureWeights())
    logs = posteriors(SENTENCE, SYMBOLS, doubt=(1, "ᆸ"))
    other = posteriors(SENTENCE, SYMBOLS)
    alignments, features = rescorer.nbest_features([logs])
    sequences = [collapse(alignment, BLANK) for alignment in alignments]
    alone = features[:, 0]
    same, short, different = (
        rescorer._acoustic_scores([logs, copy], sequences) for copy in (logs, logs[:3], other)
    )
    assert same == pytest.approx(alone) and short == pytest.approx(alone)
    assert different != pytest.approx(alone)


@needs_lm
def test_a_model_directory_says_how_it_is_decoded(directory):
    assert load_rescorer(directory, SYMBOLS, BLANK, "|") is None
    write_decoder(directory, BeamSettings(2.0), FeatureWeights(1.0, 0.2))
    assert isinstance(load_rescorer(directory, SYMBOLS, BLANK, "|"), Rescorer)
    (directory / "tags.arpa").unlink()
    with pytest.raises(CheckpointError, match=r"no tags\.arpa"):
        load_rescorer(directory, SYMBOLS, BLANK, "|")


@needs_lm
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "beam"),
        ([], "beam"),
        ({"beam": {}}, "weights"),
        ({"beam": {}, "weights": {"volume": 11}}, "volume"),
        ({"beam": {"width": 1}, "weights": {}}, "width"),
        ({"beam": {}, "weights": [1.0]}, "weights"),
    ],
)
def test_a_decoder_file_with_other_fields_is_refused(content, message, directory):
    (directory / DECODER_FILE).write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(CheckpointError, match=message):
        load_rescorer(directory, SYMBOLS, BLANK, "|")


@needs_lm
def test_names_of_earlier_files_are_understood(directory):
    logs = posteriors(SENTENCE, SYMBOLS, doubt=(1, "ᆸ"))
    former = {"acoustic": 1.0, "tags": 0.5, "length": -9.0, "pieces": 2.0}
    content = {"beam": asdict(BeamSettings()), "weights": former}
    (directory / DECODER_FILE).write_text(json.dumps(content), encoding="utf-8")

    weights = FeatureWeights(acoustic=1.0, pos_tags=0.5, jamo_count=-9.0, morpheme_count=2.0)
    expected = Rescorer(directory, SYMBOLS, BLANK, "|", BeamSettings(), weights)
    rescorer = load_rescorer(directory, SYMBOLS, BLANK, "|")
    assert (rescorer.best_alignment([logs]) == expected.best_alignment([logs])).all()
    assert len(collapse(rescorer.best_alignment([logs]), BLANK)) < len(spelled(SENTENCE))
