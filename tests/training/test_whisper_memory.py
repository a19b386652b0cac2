"""Memory of a Whisper training step, computed from shapes."""

import pytest
import torch
from transformers import WhisperForConditionalGeneration

from speakor_common.models import precision
from speakor_common.models.short_context import shortened_context
from speakor_common.training import memory_probe
from speakor_common.training.whisper_memory import (
    FULL,
    LORA,
    Setting,
    compared_settings,
    step_memory,
)
from tests.training.small import whisper_experiment

BATCH = 2
TOKENS = 12
POSITIONS = 200


def kept_for_backward(model, positions):
    """Bytes autograd keeps during a real forward pass."""
    parameters = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept = {}

    def count(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in parameters:
            kept[storage.data_ptr()] = storage
        return tensor

    mask = torch.zeros(BATCH, 1, TOKENS, TOKENS, dtype=model.dtype)
    labels = torch.randint(3, 99, (BATCH, TOKENS))
    with (
        shortened_context(model, positions) as frames,
        torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor),
    ):
        features = torch.randn(BATCH, 80, frames, dtype=model.dtype)
        model(input_features=features, labels=labels, decoder_attention_mask=mask)
    return sum(storage.nbytes() for storage in kept.values())


@pytest.mark.parametrize(("method", "weights"), [(FULL, "fp32"), (FULL, "bf16"), (LORA, "bf16")])
def test_what_is_computed_is_what_autograd_keeps(whisper_base, method, weights, monkeypatch):
    monkeypatch.setattr(precision, "name", lambda: "bf16")
    training = whisper_experiment(whisper_base).training
    setting = Setting(method, weights, checkpointing=False, positions=POSITIONS)
    model = memory_probe.build_setting(whisper_base, setting, training).train()
    memory = step_memory(model.config, setting, training, BATCH, TOKENS)

    assert memory.activations == pytest.approx(kept_for_backward(model, POSITIONS), rel=0.05)
    trained = [p for p in model.parameters() if p.requires_grad]
    of_trained = sum(p.numel() * p.element_size() for p in trained)
    assert memory.trainable == sum(p.numel() for p in trained)
    assert memory.gradients == memory.optimizer // 2 == of_trained
    assert memory.weights == sum(p.numel() * p.element_size() for p in model.parameters())
    kinds = memory.weights + memory.gradients + memory.optimizer + memory.activations
    assert memory.total == kinds


def test_every_measure_against_memory_takes_less(whisper_base):
    config = WhisperForConditionalGeneration.from_pretrained(whisper_base).config
    training = whisper_experiment(whisper_base).training

    def bytes_of(*setting):
        return step_memory(config, Setting(*setting), training, BATCH, TOKENS)

    plain = bytes_of(FULL, "fp32", False, 1500)
    assert bytes_of(FULL, "bf16", False, 1500).total < 0.6 * plain.total
    assert bytes_of(FULL, "fp32", False, 200).activations < 0.3 * plain.activations
    assert bytes_of(FULL, "fp32", True, 1500).activations < plain.activations
    assert bytes_of(LORA, "nf4", False, 200).weights < bytes_of(LORA, "bf16", False, 200).weights


def test_each_setting_is_compared_once():
    settings = compared_settings(200)
    assert len(settings) == len(set(settings)) == 4 * 2 * 2
    assert settings[0] == Setting(FULL, "fp32", False, 1500)
    assert settings[-1] == Setting(LORA, "nf4", True, 200)
