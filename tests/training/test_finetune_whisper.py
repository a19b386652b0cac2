"""Training Whisper with adapters on short context, on a random two-layer model."""

import os
import signal

import pandas as pd
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import (
    TrainerCallback,
    TrainerState,
    TrainingArguments,
    WhisperForConditionalGeneration,
)

from speakor_common.errors import CheckpointError, TrainingError, TrainingInterrupted
from speakor_common.models import precision, short_context
from speakor_common.models.short_context import (
    frames_for,
    shortened_context,
)
from speakor_common.models.whisper import build_adapted, merge_adapter
from speakor_common.recognition.transcriber import transcribe_audio
from speakor_common.training import finetune_whisper
from speakor_common.training.callbacks import EveryAdapterLearns
from speakor_common.training.experiments import resolve
from speakor_common.training.runlog import RunLog
from tests.builders import FakeWhisperProcessor, prepared, tiny_whisper, tone

SETTINGS = {
    "rank": 8,
    "alpha": 16,
    "dropout": 0.0,
    "quantize": False,
    "gradient_checkpointing": False,
}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_whisper(tmp_path_factory.mktemp("whisper"))


def experiment(**changes):
    return resolve("whisper", "smoke", **({"quantize": False, "lora_dropout": 0.0} | changes))[0]


def forward(model, frames):
    torch.manual_seed(1)
    return model(
        input_features=torch.randn(2, 80, frames).to(model.dtype),
        labels=torch.tensor([[5, 6, 7], [8, 9, -100]]),
    ).loss


def test_an_adapter_without_gradient_stops_the_run(base):
    model, _ = build_adapted(base, **SETTINGS)
    forward(model, 3000).backward()
    guard, first = EveryAdapterLearns(), TrainerState()
    guard.on_pre_optimizer_step(None, first, None, model=model)
    next(p for name, p in model.named_parameters() if "lora_A" in name).grad = None
    with pytest.raises(TrainingError, match=r"1 trainable parameters get no gradient, .*lora_A"):
        guard.on_pre_optimizer_step(None, first, None, model=model)


def train(base, output, **changes):
    used = experiment(
        base=str(base),
        epochs=3,
        batch_size=2,
        gradient_accumulation=1,
        learning_rate=1e-2,
        **changes,
    )
    data = prepared({"train": 4, "valid": 2})
    return finetune_whisper.train(used, data, output, RunLog(used, "smoke", {}, 1), seed=1)


def stock_with_adapter(base, adapter):
    return PeftModel.from_pretrained(
        WhisperForConditionalGeneration.from_pretrained(base), adapter
    ).eval()


@pytest.mark.parametrize("quantize", [False, True])
def test_a_trained_adapter_works_on_the_stock_model_and_merged(
    base, tmp_path, monkeypatch, quantize
):
    monkeypatch.setattr(
        precision, "name", lambda: "fp32"
    )  # so that outputs can be compared closely
    facts = train(base, tmp_path / "whisper", quantize=quantize)
    assert (
        facts["steps"] == 6 and facts["encoder_positions"] == 100 and facts["quantized"] is quantize
    )
    assert not (tmp_path / "whisper.work").exists() and not list(
        (tmp_path / "whisper").glob("*.bin")
    )
    log = pd.read_csv(tmp_path / "whisper" / "training_log.csv")
    assert (
        log["step"].is_monotonic_increasing
        and log["step"].is_unique
        and log["train_loss"].notna().all()
    )
    assert (
        log[log["validation_loss"].notna()]["step"].tolist() == [2, 4, 6]
        and 5 in log["step"].tolist()
    )  # logged every five
    tuned, stock = (
        stock_with_adapter(base, tmp_path / "whisper"),
        WhisperForConditionalGeneration.from_pretrained(base).eval(),
    )
    assert tuned.config.max_source_positions == 1500  # the context is whole again
    features = torch.randn(1, 80, 3000)
    tokens = torch.tensor([[257, 5]])
    outputs = [
        model(input_features=features, decoder_input_ids=tokens).logits for model in (stock, tuned)
    ]
    assert (outputs[0] - outputs[1]).abs().max() > 0.1
    merged = merge_adapter(tmp_path / "whisper")
    again = (
        WhisperForConditionalGeneration.from_pretrained(merged)
        .eval()(input_features=features, decoder_input_ids=tokens)
        .logits
    )
    assert torch.allclose(again, outputs[1], atol=1e-4)
    texts = {
        transcribe_audio((tone(1.0), 16_000), model=directory)
        for directory in (tmp_path / "whisper", merged)
    }
    assert len(texts) == 1
    with pytest.raises(CheckpointError, match="adapter_config"):
        merge_adapter(merged)


@pytest.mark.parametrize("step", [3, 4])  # in the middle of the second epoch, and at its end
def test_an_interrupted_run_continues_to_the_same_adapter(base, tmp_path, step):
    train(base, tmp_path / "whole")

    class Stop(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == step:
                os.kill(os.getpid(), signal.SIGTERM)

    used = experiment(
        base=str(base), epochs=3, batch_size=2, gradient_accumulation=1, learning_rate=1e-2
    )
    with pytest.raises(TrainingInterrupted, match=f"SIGTERM at step {step}"):
        finetune_whisper.train(
            used,
            prepared({"train": 4, "valid": 2}),
            tmp_path / "parts",
            RunLog(used, "smoke", {}, 1),
            1,
            (Stop(),),
        )
    assert train(base, tmp_path / "parts")["steps"] == 6
    whole, parts = (
        load_file(tmp_path / name / "adapter_model.safetensors") for name in ("whole", "parts")
    )
    assert whole.keys() == parts.keys() and all(
        torch.allclose(whole[key], parts[key], atol=1e-6) for key in whole
    )


@pytest.mark.parametrize("checkpointing", [False, True])
def test_a_step_sees_the_clips_and_the_silence_whenever_it_is_computed(
    base, tmp_path, checkpointing
):
    model, _ = build_adapted(base, **SETTINGS | {"gradient_checkpointing": checkpointing})
    arguments = TrainingArguments(str(tmp_path), use_cpu=True, report_to=[])
    trainer = finetune_whisper.ShortContextTrainer(model=model, args=arguments)
    trainer.current_gradient_accumulation_steps = 1  # what train() would have set
    batch = {
        "input_features": torch.randn(2, 80, frames_for(100)).to(model.dtype),
        "labels": torch.tensor([[5, 6, 7], [8, 9, -100]]),
    }
    torch.manual_seed(1)
    trainer.training_step(model.train(), dict(batch))
    learned = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
    assert all(
        gradient is not None and gradient.abs().sum() > 0
        for name, gradient in learned.items()
        if "lora_B" in name
    )
    model.zero_grad()
    torch.manual_seed(1)
    draw = 100_000 * arguments.seed  # of the first step
    with shortened_context(model, 100, draw) as frames:  # whose backward pass is inside as well
        features = short_context.with_silence(batch["input_features"], frames)
        trainer.compute_loss(model, batch | {"input_features": features}).backward()
    assert all(
        torch.allclose(learned[name], p.grad, atol=1e-5)
        for name, p in model.named_parameters()
        if p.requires_grad
    )
    assert model.config.max_source_positions == 1500


def test_clips_whisper_cannot_take_are_counted():
    data = prepared({"train": 4})["train"]
    lengths = [16_000, 31 * 16_000, 100, 16_000]
    data = data.remove_columns("length").add_column("length", lengths)
    texts = [*data["text"][:3], "가" * 500]
    data = data.remove_columns("text").add_column("text", texts)
    kept, left_out = finetune_whisper.usable_clips(data, FakeWhisperProcessor(), experiment())
    assert len(kept) == 1 and left_out == {
        "too long": 1,
        "too short": 1,
        "too many label tokens": 1,
    }
