"""Memory of a Whisper training step: computed from shapes, and measured."""

import pytest
import torch
from transformers import WhisperForConditionalGeneration

from speakor_common.models import precision
from speakor_common.models.short_context import shortened_context
from speakor_common.training import memory_probe, whisper_memory
from speakor_common.training.experiments import resolve
from speakor_common.training.whisper_memory import FULL, LORA, Setting
from tests.builders import tiny_whisper

EXPERIMENT = resolve("whisper", "smoke", lora_dropout=0.0)[0]
BATCH, TOKENS, POSITIONS = 2, 12, 200


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_whisper(tmp_path_factory.mktemp("whisper"))


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
    with (
        shortened_context(model, positions) as frames,
        torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor),
    ):
        features = torch.randn(BATCH, 80, frames, dtype=model.dtype)
        model(
            input_features=features,
            labels=torch.randint(3, 99, (BATCH, TOKENS)),
            decoder_attention_mask=mask,
        )
    return sum(storage.nbytes() for storage in kept.values())


@pytest.mark.parametrize(("method", "weights"), [(FULL, "fp32"), (FULL, "bf16"), (LORA, "bf16")])
def test_what_is_computed_is_what_autograd_keeps(base, method, weights, monkeypatch):
    monkeypatch.setattr(precision, "name", lambda: "bf16")
    setting = Setting(method, weights, checkpointing=False, positions=POSITIONS)
    model = memory_probe.build(base, setting, EXPERIMENT).train()
    found = whisper_memory.computed(model.config, setting, EXPERIMENT, BATCH, TOKENS)
    assert found.activations == pytest.approx(kept_for_backward(model, POSITIONS), rel=0.05)
    trained = [p for p in model.parameters() if p.requires_grad]
    assert found.trainable == sum(p.numel() for p in trained)
    assert (
        found.gradients
        == found.optimizer // 2
        == sum(p.numel() * p.element_size() for p in trained)
    )
    assert found.weights == sum(p.numel() * p.element_size() for p in model.parameters())
    assert found.total == found.weights + found.gradients + found.optimizer + found.activations


def test_every_measure_against_memory_takes_less(base):
    config = WhisperForConditionalGeneration.from_pretrained(base).config

    def bytes_of(*setting):
        return whisper_memory.computed(config, Setting(*setting), EXPERIMENT, BATCH, TOKENS)

    plain = bytes_of(FULL, "fp32", False, 1500)
    assert bytes_of(FULL, "bf16", False, 1500).total < 0.6 * plain.total
    assert bytes_of(FULL, "fp32", False, 200).activations < 0.3 * plain.activations
    assert bytes_of(FULL, "fp32", True, 1500).activations < plain.activations
    assert bytes_of(LORA, "nf4", False, 200).weights < bytes_of(LORA, "bf16", False, 200).weights
    assert len({*whisper_memory.settings(200)}) == 16


def test_a_step_is_measured_in_its_own_process(base):
    probe = memory_probe.measure(base, Setting(LORA, "nf4", True, 50), EXPERIMENT, 1, TOKENS)
    assert probe.peak > 0 and probe.seconds > 0
