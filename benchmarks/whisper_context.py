"""Whether Whisper hears the same with its encoder as long as the clips as with all of its 30 s, and how much sooner.

    python benchmarks/whisper_context.py

On the sample's learner validation split, whisper-base as it comes and, where notebook 04 has trained it, the tuned one, in three
contexts: all 30 s; as long as each clip, the silence after it thinned, as everything in this project reads Whisper; and as long as
each clip without any silence. Differences to the 30 s are paired, with intervals over speakers. Writes
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

STOCK, THINNED, BARE = "30 s", "as the clip, padding subsampled", "as the clip"
PADDING_POSITIONS = {STOCK: 0, THINNED: short_context.PADDING_POSITIONS, BARE: 0}


def main() -> None:
    data, tuned = (
        prepare.load_prepared(paths.prepared("sample"))["valid"],
        paths.model("whisper", "sample"),
    )
    models = {
        "whisper-base": checkpoints.find_checkpoint(get_profile("sample").base[LoraTraining])
    } | ({"tuned": tuned} if finished_run(tuned) else {})
    rows = [row for name, directory in models.items() for row in measure(name, directory, data)]
    print(pd.DataFrame(rows).to_string(index=False))
    print(paths.relative(write_json(paths.benchmarks() / "whisper_context.json", rows)))


def measure(name: str, directory: Path, data: Dataset) -> list[dict]:
    """One model in all contexts."""
    recogniser, rows, tables = WhisperRecogniser(directory, "cpu"), [], []
    for context, silence in PADDING_POSITIONS.items():
        recogniser.full_context, short_context.PADDING_POSITIONS = context == STOCK, silence
        started = time.perf_counter()
        tables.append(predict.predict_split(recogniser, data, context))
        seconds, rates = (
            round(time.perf_counter() - started, 1),
            summarise_rates(with_counts(tables[-1])),
        )
        rows.append(
            {
                "model": name,
                "context": context,
                "n": rates["n"],
                "wer": rates["wer"],
                "seconds": seconds,
            }
        )
    heard = pd.concat(tables, ignore_index=True)
    for row in rows[1:]:
        apart = compare_experiments(heard, row["context"], STOCK).difference
        row |= {
            "minus 30 s": apart.value,
            "low": apart.low,
            "high": apart.high,
            "times faster": round(rows[0]["seconds"] / row["seconds"], 1),
        }
    return rows


if __name__ == "__main__":
    main()
