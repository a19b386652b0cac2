"""What a training step really takes, measured in a process of its own."""

import pytest
import torch

from speakor_common.training import memory_probe
from speakor_common.training.whisper_memory import FULL, LORA, Setting
from tests.training.small import whisper_experiment


def test_a_step_is_measured_in_its_own_process(whisper_base):
    setting = Setting(LORA, "nf4", True, 50)
    training = whisper_experiment(whisper_base).training
    probe = memory_probe.measure_step(whisper_base, setting, training, batch=1, label_tokens=12)
    assert probe.peak > 0 and probe.seconds > 0


@pytest.mark.parametrize(
    ("method", "weights", "checkpointing", "dtype"),
    [
        (FULL, "fp32", False, torch.float32),
        (FULL, "bf16", True, torch.bfloat16),
        (LORA, "nf4", True, torch.float32),
    ],
)
def test_a_setting_is_built_as_it_says(whisper_base, method, weights, checkpointing, dtype):
    setting = Setting(method, weights, checkpointing, 50)
    model = memory_probe.build_setting(
        whisper_base, setting, whisper_experiment(whisper_base).training
    )
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    assert {p.dtype for p in trained.values()} == {dtype}  # adapters are always fp32
    assert all(("lora" in name) is (method == LORA) for name in trained)
    assert not any("encoder.embed_positions" in name for name in trained)
    assert model.is_gradient_checkpointing is checkpointing


def test_the_peak_is_that_of_the_block():
    with memory_probe.peak_memory(torch.device("cpu")) as peak:
        assert peak == [0]
        block = torch.ones(8 * 2**20)  # 32 MiB
    assert peak[0] > block.numel() * block.element_size()
