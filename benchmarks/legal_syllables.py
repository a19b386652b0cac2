"""What reading a jamo model by legal syllables gains over the strongest jamo of each frame, and what it costs.

    python benchmarks/legal_syllables.py [MODEL]

Compared on the validation splits of the prepared sample (speakor prepare), so the test split stays unread. Times are one
process's, posteriors already computed. Prints a table and writes results/benchmarks/legal_syllables.json.
"""

import sys
import time

import pandas as pd

from speakor_common import paths
from speakor_common.audio import RATE
from speakor_common.batching.collate import load_audio
from speakor_common.checkpoints import resolve
from speakor_common.corpus import prepare
from speakor_common.evaluation.metrics import score
from speakor_common.evaluation.recognisers import CTCRecogniser
from speakor_common.evaluation.syllables import path_finder
from speakor_common.storage import write_json


def main(model: str = "base-tiny") -> None:
    recogniser = CTCRecogniser(resolve(model), "cpu")
    finders = {"strongest jamo": lambda logs: logs.argmax(axis=1), "legal syllables": path_finder(recogniser.symbols, recogniser.blank)}
    data = prepare.load(paths.prepared("sample"))
    rows = []
    for split in ("native_valid", "valid"):
        waves = [load_audio(row) for row in data[split]]
        logs = recogniser.log_probabilities(waves)
        for name, find in finders.items():
            started = time.perf_counter()
            texts = [recogniser.read(find(scores), scores, len(wave) / RATE).text for scores, wave in zip(logs, waves, strict=True)]
            milliseconds = 1000 * (time.perf_counter() - started) / len(waves)
            rates = score(list(data[split]["text"]), texts)
            rows.append({"model": model, "split": split, "n": len(waves), "read by": name, "wer": round(rates.wer, 4),
                         "cer": round(rates.cer, 4), "ms a clip": round(milliseconds, 2)})  # fmt: skip
    print(pd.DataFrame(rows).to_string(index=False))
    print(paths.relative(write_json(paths.benchmarks() / "legal_syllables.json", rows)))


if __name__ == "__main__":
    main(*sys.argv[1:])
