"""Which models are evaluated in which conditions, and which one is chosen without test data."""

import shutil

import pytest
from datasets import DatasetDict

from speakor_common import paths
from speakor_common.batching.conditions import CLEAN, CONDITIONS, REAL
from speakor_common.corpus import prepare
from speakor_common.corpus.splits import SplitPolicy
from speakor_common.decoding.words import Hypothesis
from speakor_common.errors import ResultsError
from speakor_common.pipeline import evaluate
from speakor_common.recognition import predict
from speakor_common.storage import write_json
from speakor_common.training.preset import CTCTraining, LoraTraining
from speakor_common.training.profiles import PROFILES, Profile
from tests.builders import prepared, tiny_ctc, tiny_whisper

NAME = "tiny"


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    return tiny_ctc(folder / "ctc"), tiny_whisper(folder / "whisper")


@pytest.fixture
def splits(monkeypatch):
    """A prepared corpus of four test clips, two of them native."""
    data = prepared({"train": 2, "valid": 2, "test": 4})
    data = DatasetDict({**data, "native_test": data["test"].select([0, 1])})
    monkeypatch.setattr(prepare, "load_prepared", lambda target: data)
    return data


@pytest.fixture
def home(tmp_path, monkeypatch, networks, splits):
    """A home whose profile has tiny bases and no trained model yet."""
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    ctc, whisper = map(str, networks)
    base = {CTCTraining: ctc, LoraTraining: whisper}
    profile = Profile(name=NAME, base=base, listener=ctc, split=SplitPolicy())
    monkeypatch.setitem(PROFILES, NAME, profile)
    return tmp_path


def train(name, network, wer, **facts):
    """A finished run of a network that learned nothing."""
    directory = paths.model(name, NAME)
    shutil.copytree(network, directory)
    write_json(directory / "run.json", {"best_validation_wer": wer, "fingerprint": name} | facts)


def measured(predictions):
    """Conditions by experiment, in the order of the table."""
    groups = predictions.groupby("experiment", sort=False)["condition"]
    return {name: tuple(dict.fromkeys(conditions)) for name, conditions in groups}


def test_without_a_trained_model_there_is_nothing_to_evaluate(home):
    with pytest.raises(ResultsError, match=r"profile tiny has no trained model; .* speakor train"):
        evaluate.predict_all(NAME)
    with pytest.raises(ResultsError, match="no trained CTC model"):
        evaluate.choose_experiment(NAME)


def test_the_reported_experiment_is_chosen_by_validation(home, networks):
    train("exp01", networks[0], wer=0.4)
    train("exp05", networks[0], wer=0.3)
    train("exp02", networks[0], wer=0.2, data_sha256={"valid": "other clips"})
    train("whisper", networks[1], wer=0.1)  # no CTC model
    assert evaluate.choose_experiment(NAME) == "exp05"


def test_bases_are_evaluated_beside_what_was_trained_from_them(home, networks):
    profile = PROFILES[NAME]
    train("exp01", networks[0], wer=0.4)
    assert list(evaluate.available_models(profile)) == ["base", "exp01"]
    train("whisper", networks[1], wer=0.5)
    models = evaluate.available_models(profile)
    assert list(models) == ["base", "exp01", "whisper", "whisper zero-shot"]
    assert models["whisper zero-shot"] == networks[1]


def test_conditions_are_measured_with_the_same_weights_decoded_plainly(home, networks):
    train("exp05", networks[0], wer=0.4, fingerprint="a")
    train("exp06", networks[0], wer=0.3, fingerprint="a", decoding={})
    train("exp06-one-cycle", networks[0], wer=0.5, fingerprint="b", decoding={})
    for name, plain in (
        ("exp06", "exp05"),
        ("exp05", "exp05"),
        ("exp01", "exp01"),
        ("exp06-one-cycle", "exp06-one-cycle"),
    ):
        assert evaluate.plain_experiment(name, NAME) == plain


def test_all_conditions_are_measured_once(home, networks, made):
    train("exp01", networks[0], wer=0.5)
    train("exp05", networks[0], wer=0.4, fingerprint="a")
    worth = {"clips": 4, "wer": 0.3, "wer_without": 0.4}
    decoder = {"decoding": {}, "decoder_validation": worth, "greedy_validation_wer": 0.4}
    train("exp06", networks[0], wer=0.3, fingerprint="a", **decoder)
    predictions = evaluate.predict_all(NAME)
    assert measured(predictions) == {
        "base plain": (CLEAN,),
        "base": (CLEAN,),
        "exp01 plain": (CLEAN,),
        "exp01": (CLEAN,),
        "exp05 plain": (CLEAN, *CONDITIONS),
        "exp05": (CLEAN, *CONDITIONS),
        "exp06": (CLEAN, REAL),
    }
    assert len(predictions) == 4 * (2 + 2 + 2 * (1 + len(CONDITIONS)) + 2)
    assert evaluate.lead_system(NAME) == "exp05 plain"


def test_without_the_lead_experiment_the_chosen_one_leads(home, networks):
    train("exp01", networks[0], wer=0.5)
    train("exp02", networks[0], wer=0.4)
    assert evaluate.lead_system(NAME) == "exp02 plain"


def test_models_that_are_gone_are_no_longer_results(home, networks, made):
    train("exp01", networks[0], wer=0.5)
    train("exp05", networks[0], wer=0.6)
    evaluate.predict_all(NAME)
    shutil.rmtree(paths.model("exp05", NAME))
    assert set(measured(evaluate.predict_all(NAME))) == {
        "base",
        "base plain",
        "exp01",
        "exp01 plain",
    }
    folder = paths.results(NAME) / "predictions"
    written = sorted(path.stem for path in folder.glob("*.csv"))
    assert written == ["base", "base-plain", "exp01", "exp01-plain"]


def test_native_speech_is_kept_where_there_is_any(home, splits):
    predictions = evaluate.predict_native(NAME)
    path = paths.results(NAME) / "native.csv"
    assert set(predictions["condition"]) == {"native"} and len(predictions) == 4
    assert set(predictions["experiment"]) == {"base", "base plain"}
    assert predict.read_predictions(path)["hypothesis"].tolist() == list(predictions["hypothesis"])

    del splits["native_test"]  # another corpus, which has none
    assert evaluate.predict_native(NAME) is None
    assert not path.exists()


def test_a_context_is_measured_beside_the_full_one(home, monkeypatch):
    class Recogniser:
        """Right with its full context, and only then."""

        def __init__(self, directory, device, full_context):
            assert directory == paths.model("whisper", NAME)
            self.text = "저는 친구" if full_context else "네"

        def recognise(self, waves):
            return [Hypothesis(self.text) for _ in waves]

    monkeypatch.setattr(evaluate, "WhisperRecogniser", Recogniser)
    rates, short_minus_full = evaluate.context_rates("whisper", NAME)
    assert rates["context"].tolist() == ["short", "full"] and set(rates["n"]) == {2}
    assert rates["wer"][0] == 1 > rates["wer"][1]
    assert short_minus_full.difference.n == 2 and short_minus_full.difference.value > 0


def test_test_data_is_found_by_its_ids(home, splits):
    clips = evaluate.audio_by_id(NAME)
    assert list(clips) == ["test000", "test001", "test002", "test003"]
    assert clips["test001"] == splits["test"][1]["audio"]
    words = {word for text in splits["train"]["text"] for word in text.split()}
    assert evaluate.training_words(NAME) == words
