"""Whisper with adapters: every projection gets one, and 4-bit weights are used where they work."""

import builtins

import pytest
import torch

from speakor_common.errors import TrainingError
from speakor_common.models import whisper
from speakor_common.models.cpu_dropout import PackedDropout
from speakor_common.models.short_context import shortened_context
from speakor_common.models.whisper import build_adapted
from tests.builders import tiny_whisper

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


def forward(model, frames):
    torch.manual_seed(1)
    return model(
        input_features=torch.randn(2, 80, frames).to(model.dtype),
        labels=torch.tensor([[5, 6, 7], [8, 9, -100]]),
    ).loss


@pytest.mark.parametrize("quantize", [False, True])
def test_every_projection_gets_an_adapter_and_gradients(base, quantize):
    model, quantized = build_adapted(base, **SETTINGS | {"quantize": quantize})
    assert quantized is quantize
    with shortened_context(model, 300) as frames:
        forward(model, frames).backward()
    adapters = {name: p for name, p in model.named_parameters() if "lora_B" in name}
    # 2 encoder layers x 6 modules, 2 decoder layers x 10.
    assert len(adapters) == 32 and all(
        p.grad is not None and p.grad.abs().sum() > 0 for p in adapters.values()
    )
    assert all("lora" in name for name, p in model.named_parameters() if p.requires_grad)


def test_adapters_drop_with_a_mask_drawn_cheaply(base):
    model, _ = build_adapted(base, **SETTINGS | {"dropout": 0.1})
    kinds = {
        name: type(module)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Dropout)
    }
    assert len(kinds) == 32 and set(kinds.values()) == {PackedDropout}
    model.eval()
    assert torch.equal(forward(model, 3000), forward(model, 3000))


def test_a_module_that_does_not_exist_is_an_error(base, monkeypatch):
    monkeypatch.setattr(whisper, "ADAPTED", ("q_proj", "proj_out"))
    monkeypatch.setattr("peft.get_peft_model", lambda model, config: model)
    with pytest.raises(TrainingError, match="0 LoRA adapters"):
        build_adapted(base, **SETTINGS)


def test_quantisation_that_is_not_there_is_said_once_and_avoided(monkeypatch, caplog):
    real = builtins.__import__

    def without_bitsandbytes(name, *args, **kwargs):
        if name == "bitsandbytes":
            raise ImportError("no bitsandbytes")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_bitsandbytes)
    assert whisper.nf4_config() is None
    assert "4-bit quantisation is not available here" in caplog.text
