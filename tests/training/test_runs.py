"""Runs: nothing is made twice, weights are shared by what they are, memory is made to suffice."""

import importlib.util
from dataclasses import replace

import pytest
import torch
from datasets import DatasetDict

from speakor_common.corpus.splits import SplitPolicy
from speakor_common.errors import SpeakorError, TrainingError, TrainingInterrupted
from speakor_common.recognition.ctc_recogniser import CTCRecogniser
from speakor_common.storage import only_writer, read_json, write_json
from speakor_common.training import decoded_weights, runs
from speakor_common.training.experiments import EXPERIMENTS
from speakor_common.training.fingerprints import RUN_FILE
from speakor_common.training.preset import CTCTraining, LanguageModels, LoraTraining, Training
from speakor_common.training.profiles import PROFILES, Profile
from speakor_common.training.runlog import LOG_FILE, RunLog
from speakor_common.training.trainers import CTCTrainer
from tests.builders import prepared, tone
from tests.training.small import ctc_experiment, run_log, whisper_experiment

needs_language_models = pytest.mark.skipif(
    importlib.util.find_spec("flashlight") is None,
    reason="flashlight-text has no wheel for this Python",
)


def trained(experiment, output, data=None, seed=1):
    return runs.train_model(experiment, data or prepared(), output, run_log(experiment), seed)


@pytest.fixture
def counted(monkeypatch):
    """Trainings instead of which a model of one file is written; the calls are kept."""
    calls = []

    def train(experiment, data, output, log, seed, callbacks):
        calls.append((experiment.name, output.name, seed))
        output.mkdir(parents=True, exist_ok=True)
        (output / "model.safetensors").write_bytes(f"weights {len(calls)}".encode())
        (output / LOG_FILE).write_text("epoch,train_loss\n1,0.5\n")
        return log.write(output, steps=1, best_validation_wer=0.5)

    monkeypatch.setattr(runs.pkgutil, "resolve_name", lambda name: train)
    return calls


def test_every_kind_of_training_has_a_function_that_does_it():
    for named in (runs.TRAINERS, decoded_weights.DECODERS):
        assert set(named) == set(Training.__subclasses__())
        assert all(callable(runs.pkgutil.resolve_name(name)) for name in named.values())


def test_a_finished_run_is_not_repeated(ctc_base, tmp_path, counted):
    used = ctc_experiment(ctc_base)
    facts = trained(used, tmp_path / "exp05")
    assert trained(used, tmp_path / "exp05") == facts == read_json(tmp_path / "exp05" / RUN_FILE)
    assert counted == [("exp05", "exp05", 1)] and "trained_as" not in facts


@pytest.mark.parametrize(
    ("changes", "seed", "times"),
    [({}, 1, 1), ({"learning_rate": 1e-5}, 1, 2), ({}, 2, 2)],
)
def test_other_settings_or_seeds_are_other_runs(ctc_base, tmp_path, counted, changes, seed, times):
    trained(ctc_experiment(ctc_base), tmp_path / "exp05")
    trained(ctc_experiment(ctc_base, **changes), tmp_path / "exp05", seed=seed)
    assert len(counted) == times


def test_equal_training_shares_weights_whatever_the_name(ctc_base, tmp_path, counted):
    first = ctc_experiment(ctc_base)
    facts = trained(first, tmp_path / "exp05")
    (tmp_path / "exp05" / "README.md").write_text("the card of exp05")
    named = replace(first, name="exp04", title="another")
    log = RunLog(named, "smoke", {"epochs": (12, 3)}, 1)
    other = runs.train_model(named, prepared(), tmp_path / "exp04", log, 1)

    assert len(counted) == 1
    assert other["trained_as"] == "exp05" and other["experiment"]["name"] == "exp04"
    assert other["changed_by_profile"] == {"epochs": {"preset": 12, "used": 3}}
    same = ("fingerprint", "weights_sha256", "best_validation_wer", "steps", "seed")
    assert {key: other[key] for key in same} == {key: facts[key] for key in same}
    folder = {path.name for path in (tmp_path / "exp04").iterdir()}
    assert folder == {"model.safetensors", LOG_FILE, RUN_FILE}
    weights = [tmp_path / name / "model.safetensors" for name in ("exp04", "exp05")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_a_decoder_is_fitted_once_and_taken_off_again(ctc_base, tmp_path, counted, monkeypatch):
    fitted = []

    def fit(experiment, data, folder, plain_wer, seed):
        fitted.append(experiment.decoding.order)
        (folder / "jamo.arpa").write_text("n-grams")
        return {"decoding": {}, "best_validation_wer": 0.4, "greedy_validation_wer": plain_wer}

    monkeypatch.setattr(decoded_weights, "_fit_decoder", fit)
    monkeypatch.setattr(runs, "require_lm_packages", lambda: None)
    plain = ctc_experiment(ctc_base)
    decoded = replace(plain, name="exp06", decoding=LanguageModels(order=3))

    # The experiment that is decoded comes first: it trains, and the other finds its weights.
    facts = trained(decoded, tmp_path / "exp06")
    assert facts["best_validation_wer"] == 0.4 and facts["greedy_validation_wer"] == 0.5
    assert trained(decoded, tmp_path / "exp06") == facts and fitted == [3]
    without = trained(plain, tmp_path / "exp05")
    assert without["best_validation_wer"] == 0.5 and "decoding" not in without
    assert not (tmp_path / "exp05" / "jamo.arpa").exists() and len(counted) == 1

    # Another decoder is fitted to the same weights.
    longer = replace(decoded, decoding=LanguageModels(order=4))
    assert trained(longer, tmp_path / "exp06")["greedy_validation_wer"] == 0.5
    assert fitted == [3, 4] and len(counted) == 1


def test_a_decoder_that_cannot_be_fitted_is_said_before_training(ctc_base, tmp_path, counted):
    def missing():
        raise TrainingError("flashlight-text is not installed")

    decoded = replace(ctc_experiment(ctc_base), decoding=LanguageModels(order=3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "require_lm_packages", missing)
        with pytest.raises(TrainingError, match="flashlight-text"):
            trained(decoded, tmp_path / "exp06")
    assert not counted and not (tmp_path / "exp06").exists()


@needs_language_models
def test_a_whisper_is_read_with_language_models_beside_the_plain_one(whisper_base, tmp_path):
    plain = whisper_experiment(whisper_base, epochs=1)
    data = prepared({"train": 4, "valid": 2})
    trained(plain, tmp_path / "whisper", data)
    decoded = replace(plain, name="whisper-lm", decoding=LanguageModels(order=3))
    facts = trained(decoded, tmp_path / "whisper-lm", data)
    assert facts["trained_as"] == "whisper" and "greedy_validation_wer" not in facts
    assert facts["decoding"] == read_json(tmp_path / "whisper-lm" / "decoder.json")
    assert facts["best_validation_wer"] >= 0 and facts["decoding"]["beam"] == {"beams": 5}


@needs_language_models
def test_exp06_is_exp05_decoded_otherwise_and_made_once(ctc_base, tmp_path, monkeypatch):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    base = {CTCTraining: str(ctc_base), LoraTraining: ""}
    profile = Profile("seconds", base, "", SplitPolicy())
    monkeypatch.setitem(PROFILES, "seconds", profile)
    monkeypatch.setattr(runs, "training_data", lambda profile: prepared())
    for name in ("exp05", "exp06"):
        shorter = replace(EXPERIMENTS[name], in_profile={"seconds": {"epochs": 1}})
        monkeypatch.setitem(EXPERIMENTS, name, shorter)

    plain = runs.train_experiment("exp05", "seconds", 1)
    facts = runs.train_experiment("exp06", "seconds", 1)
    source, target = (tmp_path / "models" / "seconds" / name for name in ("exp05", "exp06"))
    weights = [folder / "model.safetensors" for folder in (source, target)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert facts["decoding"] == read_json(target / "decoder.json")
    assert set(facts["decoding"]) == {"beam", "weights"} and not (source / "decoder.json").exists()
    assert facts["greedy_validation_wer"] == plain["best_validation_wer"]
    worth = facts["decoder_validation"]
    assert worth["clips"] == 4 and worth["wer"] == facts["best_validation_wer"]
    assert worth["wer_without"] >= 0 and facts["trained_as"] == "exp05"
    assert plain["seconds"] == plain["training_seconds"] == facts["training_seconds"]
    assert CTCRecogniser(target, "cpu").recognise([tone(1.0)])

    monkeypatch.setattr(decoded_weights, "_fit_decoder", None)  # nothing is fitted again
    assert runs.train_experiment("exp06", "seconds", 1) == facts


def test_an_interrupted_run_is_continued_as_it_was_or_not_at_all(ctc_base, tmp_path, monkeypatch):
    used = ctc_experiment(ctc_base)
    output = tmp_path / "exp05"
    resolve = runs.pkgutil.resolve_name

    def interrupted(*rest):
        (tmp_path / "exp05.work" / "checkpoint-2").mkdir()
        raise TrainingInterrupted("SIGTERM at step 2 of 6")

    monkeypatch.setattr(runs.pkgutil, "resolve_name", lambda name: interrupted)
    with pytest.raises(TrainingInterrupted):
        trained(used, output)
    monkeypatch.setattr(runs.pkgutil, "resolve_name", resolve)

    # Other settings, seeds or data are another run; of data only that it differs can be said.
    for experiment, data, seed, said in (
        (replace(used, training=replace(used.training, epochs=4)), None, 1, "epochs was 3, is 4"),
        (used, None, 2, "seed was 1, is 2"),
        (used, prepared({"train": 7, "valid": 4}), 1, "train data was .*, is .*; fingerprint was"),
    ):
        with pytest.raises(SpeakorError, match=said):
            trained(experiment, output, data, seed)
    assert not output.exists()


def test_another_writer_is_refused(ctc_base, tmp_path, counted):
    with only_writer(tmp_path / "exp05"), pytest.raises(SpeakorError, match="another run"):
        trained(ctc_experiment(ctc_base), tmp_path / "exp05")
    assert not counted


def test_out_of_memory_halves_the_batch_and_doubles_the_accumulation(
    ctc_base, tmp_path, monkeypatch
):
    used = ctc_experiment(ctc_base, epochs=1, batch_size=8, gradient_accumulation=1)
    step = CTCTrainer.training_step

    def small_device(self, model, inputs, *rest):
        if len(inputs["labels"]) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return step(self, model, inputs, *rest)

    monkeypatch.setattr(CTCTrainer, "training_step", small_device)
    facts = trained(used, tmp_path / "model")
    assert facts["reduced_for_memory"] == {"batch_size": 2, "gradient_accumulation": 4}
    assert facts["steps"] == 1 and facts["experiment"]["training"]["batch_size"] == 8

    single = ctc_experiment(ctc_base, epochs=1, batch_size=3)
    with pytest.raises(TrainingError, match="out of memory with 3 clips"):
        trained(single, tmp_path / "other")


def test_a_drawn_part_is_trained_on_and_written_down(ctc_base, tmp_path, monkeypatch):
    data = DatasetDict({**prepared(), "native_train": prepared()["test"]})
    seen = {}

    def train(experiment, part, output, log, seed, callbacks):
        seen.update({split: part[split]["utterance_id"][:] for split in part})
        output.mkdir(parents=True)
        (output / "model.safetensors").write_bytes(b"weights")
        return log.write(output, steps=1, best_validation_wer=0.5)

    def fit(experiment, part, folder, plain_wer, seed):
        seen["counted"] = len(part["train"])
        return {"decoding": {}, "best_validation_wer": 0.4}

    monkeypatch.setattr(runs.pkgutil, "resolve_name", lambda name: train)
    monkeypatch.setattr(decoded_weights, "_fit_decoder", fit)
    monkeypatch.setattr(runs, "require_lm_packages", lambda: None)
    used = ctc_experiment(ctc_base, train_clips=5, valid_clips=2)
    facts = trained(replace(used, decoding=LanguageModels(order=3)), tmp_path / "part", data)
    assert len(seen["train"]) == 5 and len(seen["valid"]) == 2 and len(seen["test"]) == 4
    assert len(seen["native_train"]) == 4 and seen["counted"] == 8
    assert facts["drawn"] == {"train": {"clips": 5, "of": 8}, "valid": {"clips": 2, "of": 4}}

    # All of it is another training, and nothing is drawn for it.
    whole = runs.drawn_part(ctc_experiment(ctc_base).training, data, 1)
    assert all(whole[split] is data[split] for split in data)


def test_training_data_leaves_the_test_split_out(tmp_path, monkeypatch):
    native = prepared({"train": 3})["train"]
    splits = DatasetDict({**prepared(), "native_train": native, "native_valid": native})
    monkeypatch.setattr(runs.prepare, "load_prepared", lambda path: splits)
    limited = replace(PROFILES["sample"], train_limit=2, eval_limit=1)
    data = runs.training_data(limited)
    assert {split: len(rows) for split, rows in data.items()} == {
        "train": 2,
        "valid": 1,
        "native_train": 2,
        "held_out": len(
            {text for name in ("valid", "test", "native_valid") for text in splits[name]["text"]}
        ),
    }
    assert data["native_train"].column_names == ["utterance_id", "text"]
    assert data["held_out"].column_names == ["text"]  # and nothing else of the test split


def test_a_whisper_run_is_found_again(whisper_base, tmp_path):
    used = whisper_experiment(whisper_base, epochs=1)
    data = prepared({"train": 4, "valid": 2})
    facts = trained(used, tmp_path / "whisper", data)
    assert facts["steps"] == 2 and facts["processes"] == 1
    write_json(tmp_path / "whisper" / RUN_FILE, facts | {"steps": "kept"})
    assert trained(used, tmp_path / "whisper", data)["steps"] == "kept"
