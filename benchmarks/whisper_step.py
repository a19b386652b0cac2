"""Seconds of training an utterance takes: the trial's way against the plain way.

    python benchmarks/whisper_step.py [BATCH]

Plain: all of whisper-base trained in fp32 on 30 s of context, as stock examples do. The trial's: LoRA, encoder cut to 6 s (the sample's
longest clip), with checkpointing as the preset has it and without. Each way runs in a process of its own, one after the other, on random
input; the second optimiser step is timed. Writes results/benchmarks/whisper_step.json.
"""

import platform
import sys

import pandas as pd

from speakor_common import checkpoints, paths, precision
from speakor_common.evaluation.whisper_context import STOCK_POSITIONS, positions_for
from speakor_common.storage import write_json
from speakor_common.training import memory_probe
from speakor_common.training.experiments import resolve
from speakor_common.training.memory import FULL, LORA, Setting

LABEL_TOKENS = 32


def main(batch: int = 4) -> None:
    experiment, _, _ = resolve("whisper", "sample")
    base, short = checkpoints.resolve(experiment.base), positions_for(6)
    ways = {
        "plain: full, fp32, 30 s": Setting(FULL, "fp32", False, STOCK_POSITIONS),
        "LoRA, NF4, 6 s, checkpointing": Setting(LORA, "nf4", True, short),
        "LoRA, NF4, 6 s": Setting(LORA, "nf4", False, short),
    }
    if precision.name() == "bf16":
        ways["LoRA, bf16, 6 s"] = Setting(LORA, "bf16", False, short)
    rows = []
    for name, setting in ways.items():
        probe = memory_probe.measure(base, setting, experiment, batch, LABEL_TOKENS)
        rows.append(
            {"way": name, "batch": batch, "seconds an utterance": round(probe.seconds / batch, 3), "peak MiB": round(probe.peak / 2**20)}
        )
    for row in rows:
        row["times faster"] = round(rows[0]["seconds an utterance"] / row["seconds an utterance"], 1)
    print(pd.DataFrame(rows).to_string(index=False))
    machine = {"processor": platform.processor() or platform.machine(), "computes in": precision.name()}
    print(paths.relative(write_json(paths.benchmarks() / "whisper_step.json", {"machine": machine, "rows": rows})))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
