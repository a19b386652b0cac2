"""Fine-tuning Whisper with adapters on short context, on a random two-layer model."""

import os
import signal

import pandas as pd
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import TrainerCallback, WhisperForConditionalGeneration

from speakor_common.errors import CheckpointError, TrainingInterrupted
from speakor_common.models import checkpoints, precision
from speakor_common.models.whisper import merge_adapter
from speakor_common.recognition.transcriber import transcribe_audio
from speakor_common.storage import read_json
from speakor_common.training.finetune_whisper import train_whisper
from tests.builders import prepared, tone
from tests.training.small import run_log, whisper_experiment


def train(base, output, *callbacks, **changes):
    used = whisper_experiment(base, **changes)
    data = prepared({"train": 4, "valid": 2})
    return train_whisper(used, data, output, run_log(used), 1, callbacks)


def stock_with_adapter(base, adapter):
    stock = WhisperForConditionalGeneration.from_pretrained(base)
    return PeftModel.from_pretrained(stock, adapter).eval()


@pytest.mark.parametrize("quantize", [False, True])
def test_a_trained_adapter_works_on_the_stock_model_and_merged(
    whisper_base, tmp_path, monkeypatch, quantize
):
    monkeypatch.setattr(precision, "name", lambda: "fp32")  # so that outputs compare closely
    adapter = tmp_path / "whisper"
    facts = train(whisper_base, adapter, quantize=quantize)
    assert facts["steps"] == 6 and facts["encoder_positions"] == 100
    assert facts["quantized"] is quantize and facts["processes"] == 1
    assert facts["epochs_trained"] == 3 and facts["best_epoch"] in (1, 2, 3)
    assert not (tmp_path / "whisper.work").exists() and not list(adapter.glob("*.bin"))

    # Logged every five steps, and validated every epoch.
    log = pd.read_csv(adapter / "training_log.csv")
    assert log["step"].is_monotonic_increasing and log["step"].is_unique
    assert log["train_loss"].notna().all() and 5 in log["step"].tolist()
    assert log[log["validation_loss"].notna()]["step"].tolist() == [2, 4, 6]

    # The adapter changes what the stock model says, with all of its context again.
    tuned = stock_with_adapter(whisper_base, adapter)
    stock = WhisperForConditionalGeneration.from_pretrained(whisper_base).eval()
    assert tuned.config.max_source_positions == 1500
    inputs = {
        "input_features": torch.randn(1, 80, 3000),
        "decoder_input_ids": torch.tensor([[257, 5]]),
    }
    changed = tuned(**inputs).logits
    assert (stock(**inputs).logits - changed).abs().max() > 0.1

    # Merged into the base it says the same.
    merged = merge_adapter(adapter)
    again = WhisperForConditionalGeneration.from_pretrained(merged).eval()(**inputs).logits
    assert torch.allclose(again, changed, atol=1e-4)
    clip = (tone(1.0), 16_000)
    assert len({transcribe_audio(clip, model=model) for model in (adapter, merged)}) == 1
    with pytest.raises(CheckpointError, match="adapter_config"):
        merge_adapter(merged)


def test_training_stops_when_validation_does_not_improve_and_keeps_the_best(whisper_base, tmp_path):
    """At so high a learning rate every epoch after the first ones is worse."""
    adapter = tmp_path / "whisper"
    facts = train(whisper_base, adapter, epochs=8, patience=1, learning_rate=3.0)
    losses = pd.read_csv(adapter / "training_log.csv")["validation_loss"].dropna().tolist()
    assert len(losses) == facts["epochs_trained"] < 8 and losses[-1] >= losses[-2]
    assert facts["best_validation_loss"] == pytest.approx(min(losses))
    assert losses[int(facts["best_epoch"]) - 1] == pytest.approx(min(losses))


def test_an_adapter_calls_its_base_by_the_name_that_others_find(
    whisper_base, tmp_path, monkeypatch
):
    monkeypatch.setitem(checkpoints.HUB_IDS, str(whisper_base), "somebody/whisper")
    train(whisper_base, tmp_path / "whisper", epochs=1)
    config = read_json(tmp_path / "whisper" / "adapter_config.json")
    assert config["base_model_name_or_path"] == "somebody/whisper"


class Stop(TrainerCallback):
    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture(scope="module")
def undisturbed(whisper_base, tmp_path_factory):
    directory = tmp_path_factory.mktemp("undisturbed") / "whisper"
    train(whisper_base, directory)
    return load_file(directory / "adapter_model.safetensors")


@pytest.mark.parametrize("step", [3, 4])  # in the middle of the second epoch, and at its end
def test_an_interrupted_run_continues_to_the_same_adapter(
    whisper_base, tmp_path, undisturbed, step
):
    with pytest.raises(TrainingInterrupted, match=f"SIGTERM at step {step}"):
        train(whisper_base, tmp_path / "parts", Stop(step))
    assert train(whisper_base, tmp_path / "parts")["steps"] == 6
    parts = load_file(tmp_path / "parts" / "adapter_model.safetensors")
    assert undisturbed.keys() == parts.keys()
    assert all(torch.allclose(undisturbed[key], parts[key], atol=1e-6) for key in parts)
