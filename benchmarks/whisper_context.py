"""Whisper on a short encoder context against all of its 30 s: error rate and speed.

    python benchmarks/whisper_context.py

On the sample's learner validation split, whisper-base as it comes and, where notebook 04 has
trained it, the tuned one, in three contexts: all 30 s; as long as each clip with subsampled
padding after it, as this project recognises; and as long as each clip without any padding.
Differences to the 30 s are paired, with intervals over speakers. Writes
results/benchmarks/whisper_context.json.
"""

import time
from pathlib import Path

import pandas as pd
from datasets import Dataset

from speakor_common import paths
from speakor_common.corpus import prepare
from speakor_common.evaluation.summary import compare_experiments, summarise_rates, with_counts
from speakor_common.models import checkpoints, short_context
from speakor_common.recognition import predict
from speakor_common.recognition.whisper_recogniser import WhisperRecogniser
from speakor_common.storage import write_json
from speakor_common.training.fingerprints import finished_run
from speakor_common.training.preset import LoraTraining
from speakor_common.training.profiles import get_profile

# Contexts, and how many positions of the padding stay in each.
FULL = "30 s"
SUBSAMPLED = "as the clip, padding subsampled"
BARE = "as the clip"
PADDING_POSITIONS = {FULL: 0, SUBSAMPLED: short_context.PADDING_POSITIONS, BARE: 0}


def main() -> None:
    data = prepare.load_prepared(paths.prepared("sample"))["valid"]
    base = get_profile("sample").base[LoraTraining]
    models = {"whisper-base": checkpoints.find_checkpoint(base)}
    tuned = paths.model("whisper", "sample")
    if finished_run(tuned):
        models["tuned"] = tuned

    rows = []
    for name, directory in models.items():
        rows += measure(name, directory, data)
    print(pd.DataFrame(rows).to_string(index=False))
    print(paths.relative(write_json(paths.benchmarks() / "whisper_context.json", rows)))


def measure(name: str, directory: Path, data: Dataset) -> list[dict]:
    """One model in all contexts."""
    recogniser = WhisperRecogniser(directory, "cpu")
    rows = []
    tables = []
    for context, padding in PADDING_POSITIONS.items():
        recogniser.full_context = context == FULL
        short_context.PADDING_POSITIONS = padding

        started = time.perf_counter()
        predictions = predict.predict_split(recogniser, data, context)
        seconds = round(time.perf_counter() - started, 1)

        rates = summarise_rates(with_counts(predictions))
        measured = {"n": rates["n"], "wer": rates["wer"], "seconds": seconds}
        rows.append({"model": name, "context": context} | measured)
        tables.append(predictions)

    # The short contexts against the full one, clip by clip.
    predictions = pd.concat(tables, ignore_index=True)
    for row in rows[1:]:
        difference = compare_experiments(predictions, row["context"], FULL).difference
        row["minus 30 s"] = difference.value
        row["low"] = difference.low
        row["high"] = difference.high
        row["times faster"] = round(rows[0]["seconds"] / row["seconds"], 1)
    return rows


if __name__ == "__main__":
    main()
