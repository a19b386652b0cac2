"""Language models for a trained model: counted on training transcripts, weighted on validation."""

from dataclasses import asdict

import pytest
from datasets import Dataset, DatasetDict

from speakor_common.batching.collate import load_audio
from speakor_common.decoding.ngram import arpa_units
from speakor_common.decoding.text_features import FeatureWeights
from speakor_common.evaluation.metrics import score
from speakor_common.recognition import decoder_tuning
from speakor_common.recognition.ctc_recogniser import CTCRecogniser
from speakor_common.recognition.decoder_tuning import (
    count_language_models,
    fit_decoder,
    training_transcripts,
    weighing_clips,
)
from speakor_common.storage import read_json
from tests.builders import prepared, tiny_ctc
from tests.decoding.small import needs_lm


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
    data = prepared({"train": 6, "valid": 3})
    waves = [load_audio(row) for row in data["valid"]]
    plain = CTCRecogniser(directory, "cpu").recognise_segments(waves)
    fitted = fit_decoder(directory, data, order=3, seed=1)
    assert fitted.settings == read_json(directory / "decoder.json")
    assert set(fitted.settings["weights"]) == set(asdict(FeatureWeights()))
    assert fitted.clips == 3 and fitted.wer >= 0

    # What language models are worth is seen on the same clips without them.
    texts = [hypothesis.text for hypothesis in plain]
    assert fitted.wer_without == pytest.approx(score(data["valid"]["text"][:], texts).wer)
    assert {path.name for path in directory.glob("*.arpa")} == {
        "lm.arpa",
        "morphemes.arpa",
        "tags.arpa",
    }
