"""What a Whisper training step really takes: peak memory and seconds, in a process of its own.

On a GPU the peak is what PyTorch allocated; on a CPU it is the growth of the process's resident
memory since before the model was loaded, sampled while the steps run, so that the file being read
does not count. What it should take by its shapes is left to
:mod:`speakor_common.training.whisper_memory`.
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
from speakor_common.training.preset import LoraTraining
from speakor_common.training.whisper_memory import FULL, Setting

_SAMPLE_S = 0.002  # between two looks at the resident memory


@dataclass(frozen=True)
class Probe:
    """What was measured."""

    peak: int  # bytes
    seconds: float  # of the last step


def measure_step(
    base: Path,
    setting: Setting,
    training: LoraTraining,
    batch: int,
    label_tokens: int,
    steps: int = 2,
) -> Probe:
    """Run optimiser steps on random input in a new process.

    The second step is the first with all of AdamW's state.

    Args:
        base: Whisper directory.
        training: gives the adapters' rank and dropout.
        batch: utterances.
        label_tokens: length of their labels.
    """
    # One process more, whatever the machine has: this one's memory must not count.
    with parallel.executor(1, __name__) as pool:
        job = pool.submit(run_steps, base, setting, training, batch, label_tokens, steps)
        return job.result()


def run_steps(
    base: Path,
    setting: Setting,
    training: LoraTraining,
    batch: int,
    label_tokens: int,
    steps: int,
) -> Probe:
    """:func:`measure_step` in this process."""
    before = psutil.Process().memory_info().rss
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = build_setting(base, setting, training).to(device).train()
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-6)

    # The optimiser's steps, on noise of the setting's length.
    mels = model.config.num_mel_bins
    dtype = next(model.parameters()).dtype
    labels = torch.randint(100, (batch, label_tokens), device=device)
    with shortened_context(model, setting.positions) as frames, peak_memory(device) as peak:
        features = torch.randn(batch, mels, frames, device=device, dtype=dtype)
        for _ in range(steps):
            started = time.perf_counter()
            model(input_features=features, labels=labels).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            seconds = time.perf_counter() - started

    growth = peak[0] - before if device.type == "cpu" else peak[0]
    return Probe(growth, seconds)


def build_setting(base: Path, setting: Setting, training: LoraTraining) -> torch.nn.Module:
    """The model of a setting, ready to train."""
    if setting.method != FULL:
        model, _ = build_adapted(
            base,
            rank=training.lora_rank,
            alpha=training.lora_alpha,
            dropout=training.lora_dropout,
            quantize=setting.weights == "nf4",
            gradient_checkpointing=setting.checkpointing,
        )
        return model

    dtype = torch.float32 if setting.weights == "fp32" else torch.bfloat16
    model = WhisperForConditionalGeneration.from_pretrained(base, dtype=dtype)
    # These sinusoids are fixed, which from_pretrained forgets.
    model.model.encoder.embed_positions.requires_grad_(False)
    model.config.use_cache = False
    if setting.checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    return model


@contextmanager
def peak_memory(device: torch.device) -> Iterator[list[int]]:
    """Highest memory in bytes while the block runs: the yielded list's only element, afterwards."""
    peak = [0]
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        yield peak
        peak[0] = torch.cuda.max_memory_allocated()
        return

    done = threading.Event()
    process = psutil.Process()

    def watch() -> None:
        while not done.wait(_SAMPLE_S):
            peak[0] = max(peak[0], process.memory_info().rss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()
