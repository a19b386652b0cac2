"""What a Whisper training step really takes: peak memory and seconds, each way of training in a process of its own.

On a GPU the peak is what PyTorch allocated; on a CPU it is the growth of the process's resident memory since before the
model was loaded, sampled while the steps run, so that the file being read does not count.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
from transformers import WhisperForConditionalGeneration

from speakor_common import parallel
from speakor_common.models.short_context import shortened_context
from speakor_common.models.whisper import build_adapted
from speakor_common.training.preset import Experiment
from speakor_common.training.whisper_memory import FULL, Setting

_SAMPLE_S = 0.002


@dataclass(frozen=True)
class Probe:
    """Peak bytes and seconds of the last step."""

    peak: int
    seconds: float


def measure(
    base: Path,
    setting: Setting,
    experiment: Experiment,
    batch: int,
    label_tokens: int,
    steps: int = 2,
) -> Probe:
    """Run optimiser steps on random input in a new process; the second step is the first with all of AdamW's state.

    Args:
        base: Whisper directory. batch: utterances. label_tokens: their length.
    """
    with parallel.executor(1, __name__) as pool:
        return pool.submit(run, base, setting, experiment, batch, label_tokens, steps).result()


def run(
    base: Path, setting: Setting, experiment: Experiment, batch: int, label_tokens: int, steps: int
) -> Probe:
    """:func:`measure` in this process."""
    before = psutil.Process().memory_info().rss
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = build(base, setting, experiment).to(device).train()
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-6)
    config, dtype = model.config, next(model.parameters()).dtype
    labels = torch.randint(100, (batch, label_tokens), device=device)
    with shortened_context(model, setting.positions) as frames, peak_memory(device) as peak:
        features = torch.randn(batch, config.num_mel_bins, frames, device=device, dtype=dtype)
        for _ in range(steps):
            started = time.perf_counter()
            model(input_features=features, labels=labels).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            seconds = time.perf_counter() - started
    return Probe(peak[0] - (before if device.type == "cpu" else 0), seconds)


def build(base: Path, setting: Setting, experiment: Experiment) -> torch.nn.Module:
    """The model of a setting, ready to train."""
    if setting.method != FULL:
        return build_adapted(
            base,
            rank=experiment.lora_rank,
            alpha=experiment.lora_alpha,
            dropout=experiment.lora_dropout,
            quantize=setting.weights == "nf4",
            gradient_checkpointing=setting.checkpointing,
        )[0]
    dtype = torch.float32 if setting.weights == "fp32" else torch.bfloat16
    model = WhisperForConditionalGeneration.from_pretrained(base, dtype=dtype)
    model.model.encoder.embed_positions.requires_grad_(
        False
    )  # sinusoids; from_pretrained forgets that they are fixed
    model.config.use_cache = False
    if setting.checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    return model


@contextmanager
def peak_memory(device: torch.device) -> Iterator[list[int]]:
    """Highest memory in bytes while the block runs, in the yielded list's only element afterwards."""
    found = [0]
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        yield found
        found[0] = torch.cuda.max_memory_allocated()
        return
    done, process = threading.Event(), psutil.Process()

    def watch() -> None:
        while not done.wait(_SAMPLE_S):
            found[0] = max(found[0], process.memory_info().rss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()
