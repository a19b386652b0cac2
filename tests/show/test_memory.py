"""The memory study of notebook 04: computed and measured side by side, and batches by GPU."""

from dataclasses import replace

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from transformers import WhisperConfig

from speakor_common.models import precision
from speakor_common.show import memory
from speakor_common.training.experiments import resolve_experiment
from tests.builders import tiny_whisper

EXPERIMENT = resolve_experiment("whisper", "smoke", lora_dropout=0.0)[0]
KINDS = ["weights", "gradients", "optimizer", "activations"]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_whisper(tmp_path_factory.mktemp("whisper"))


@pytest.fixture(scope="module")
def computed(base):
    return memory.computed_memory(WhisperConfig.from_pretrained(base), 200, EXPERIMENT)


def test_the_study_joins_what_is_computed_and_what_is_measured(base, tmp_path, monkeypatch):
    # Then bf16 would be emulated, and is not measured.
    monkeypatch.setattr(precision, "name", lambda: "fp32")
    used = replace(EXPERIMENT, base=str(base))
    table = memory.memory_study(used, 50, tmp_path / "study.csv", quick=True)
    assert len(table) == 16 == len(pd.read_csv(tmp_path / "study.csv"))
    measured = table.dropna(subset=["measured"])
    assert measured["weights as"].tolist() == ["nf4", "nf4"]
    assert (measured["seconds a step"] > 0).all()
    assert "(2 settings;" in memory.finding_memory(table)


def test_kinds_add_up_to_the_total(computed):
    assert len(computed) == 16
    assert (abs(computed["total"] - computed[KINDS].sum(axis=1)) <= 2).all()  # each is rounded


def test_bars_show_every_setting_and_the_measured_peaks(computed):
    axes = memory.memory_bars(computed.assign(measured=computed["total"] + 10), "tiny")
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert axes.get_xlabel() == "MiB" and len(axes.get_yticklabels()) == 16
    assert sorted(names) == sorted([*KINDS, "measured peak"])
    plt.close(axes.figure)


def test_a_larger_gpu_takes_no_fewer_clips():
    batches = memory.largest_batches(200, EXPERIMENT)
    assert (batches["8 GB"] <= batches["16 GB"]).all()
    assert (batches["16 GB"] <= batches["24 GB"]).all()
    assert "- 8 GB: " in memory.finding_batches(batches)
