"""Seconds of training an utterance takes: the trial's setting against the plain one.

    python benchmarks/whisper_step.py [BATCHES]

Plain: all of whisper-base trained in fp32 on 30 s of context, clips in random order, as stock
examples do. The trial's: LoRA on NF4, clips of similar length together, the encoder as long as
they are and padding subsampled. Once more with checkpointing, which the preset has for GPUs and
the sample profile does without.

Each runs on the sample's clips in a process of its own, one after the other, timed from the
beginning of the first step, on batches of the profile's size. The trial's takes three times as
many, about as many steps as notebook 04, because how much padding stays is drawn for each.
Writes results/benchmarks/whisper_step.json.
"""

import json
import platform
import subprocess
import sys
import tempfile
import time
from functools import partial

import pandas as pd
import psutil
import torch
from transformers import Trainer, TrainerCallback, WhisperProcessor

from speakor_common import paths
from speakor_common.batching.collate import Seq2SeqCollator
from speakor_common.corpus import prepare
from speakor_common.models import checkpoints, precision
from speakor_common.models.short_context import FULL_POSITIONS, frames_for, with_padding
from speakor_common.storage import write_json
from speakor_common.training import memory_probe
from speakor_common.training.experiments import resolve_experiment
from speakor_common.training.trainers import ShortContextTrainer, training_arguments
from speakor_common.training.whisper_memory import FULL, LORA, Setting

BATCHES = 8

PLAIN = "plain: full, fp32, 30 s"
SHORT = "as trained: LoRA, NF4, as long as the clips, padding subsampled"
CHECKPOINTED = f"{SHORT}, checkpointing"
SETTINGS = {
    PLAIN: Setting(FULL, "fp32", False, FULL_POSITIONS),
    SHORT: Setting(LORA, "nf4", False, 0),
    CHECKPOINTED: Setting(LORA, "nf4", True, 0),
}


class StepTimes(TrainerCallback):
    """When the first optimiser step began, and when each ended."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_step_begin(self, *_, **__) -> None:
        self.ends = self.ends or [time.perf_counter()]

    def on_step_end(self, *_, **__) -> None:
        self.ends.append(time.perf_counter())


def full_length(collator: Seq2SeqCollator, rows: list[dict]) -> dict[str, torch.Tensor]:
    """A batch with features of 30 s."""
    batch = collator(rows)
    features = with_padding(batch["input_features"], frames_for(FULL_POSITIONS))
    return batch | {"input_features": features}


def measure(name: str, batches: int) -> dict:
    """Seconds an utterance and peak memory of one setting, in this process."""
    one_pass = {"gradient_accumulation": 1, "epochs": 1}
    experiment = resolve_experiment("whisper", "sample", **one_pass)[0]
    size = experiment.training.batch_size
    before = psutil.Process().memory_info().rss
    times = StepTimes()

    # Clips.
    count = size * (batches if name == PLAIN else 3 * batches)
    data = prepare.load_prepared(paths.prepared("sample"))["train"]
    data = data.shuffle(seed=1).select(range(count)).flatten_indices()

    # Model and batches.
    base = checkpoints.find_checkpoint(experiment.base)
    processor = WhisperProcessor.from_pretrained(base, language="ko", task="transcribe")
    model = memory_probe.build_setting(base, SETTINGS[name], experiment.training)
    collator = Seq2SeqCollator(processor, model.config.decoder_start_token_id)

    with (
        tempfile.TemporaryDirectory() as work,
        memory_probe.peak_memory(torch.device("cpu")) as peak,
    ):
        arguments = training_arguments(
            experiment.training,
            work,
            1,
            save_strategy="no",
            train_sampling_strategy="random" if name == PLAIN else "group_by_length",
            length_column_name="length",
        )
        arguments.eval_strategy = "no"
        arguments.report_to = []
        common = {"model": model, "args": arguments, "train_dataset": data, "callbacks": [times]}
        if name == PLAIN:
            trainer = Trainer(**common, data_collator=partial(full_length, collator))
        else:
            trainer = ShortContextTrainer(**common, data_collator=collator)
        trainer.train()

    seconds = times.ends[-1] - times.ends[0]
    return {
        "way": name,
        "batch": size,
        "seconds an utterance": seconds / (len(times.ends) - 1) / size,
        "peak MiB": round((peak[0] - before) / 2**20),
    }


def main(batches: int) -> None:
    # Each setting in a process of its own.
    rows = []
    for name in SETTINGS:
        command = [sys.executable, __file__, name, str(batches)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        print(rows[-1], flush=True)

    plain = rows[0]["seconds an utterance"]
    for row in rows:
        row["times faster"] = round(plain / row["seconds an utterance"], 1)
        row["seconds an utterance"] = round(row["seconds an utterance"], 3)
    print(pd.DataFrame(rows).to_string(index=False))

    processor = platform.processor() or platform.machine()
    machine = {"processor": processor, "computes in": precision.name()}
    content = {"machine": machine, "rows": rows}
    print(paths.relative(write_json(paths.benchmarks() / "whisper_step.json", content)))


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in SETTINGS:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else BATCHES)
