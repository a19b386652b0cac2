"""What each way of reading a jamo model gains, and what it costs.

    python benchmarks/decoding.py [MODEL]

From the strongest jamo of each frame, over the best path of whole syllables, to the beam search with a jamo model and its second reading
with all models and speeds. Compared on the validation splits of the prepared sample (speakor prepare), so the test split stays unread; the
weights of the second reading are chosen on the learners' (split "valid"), so its rate there flatters it. Times are one process's,
posteriors already computed. Prints a table and writes results/benchmarks/decoding.json.
"""

import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from speakor_common import paths
from speakor_common.audio import RATE
from speakor_common.batching.collate import load_audio
from speakor_common.corpus import prepare
from speakor_common.decoding import rescoring
from speakor_common.decoding.beam import BeamSearch, BeamSettings
from speakor_common.decoding.syllables import path_finder
from speakor_common.evaluation.metrics import score
from speakor_common.models.checkpoints import resolve
from speakor_common.recognition import decoder_tuning
from speakor_common.recognition.recognisers import CTCRecogniser
from speakor_common.storage import write_json
from speakor_common.training import runs
from speakor_common.training.experiments import profile

LM_ORDER = 6


def main(model: str = "base-tiny") -> None:
    data = prepare.load_prepared(paths.prepared("sample"))
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = copy_without_language_model(resolve(model), Path(name) / "model")
        recogniser = CTCRecogniser(folder, "cpu")
        symbols, blank, delimiter = recogniser.symbols, recogniser.blank, recogniser.delimiter
        decoder_tuning.fit(folder, runs.training_data(profile("sample")), LM_ORDER, seed=1)
        search = BeamSearch(
            folder / rescoring.JAMO_MODEL_FILE, symbols, blank, delimiter, BeamSettings()
        )
        syllables, rescorer = (
            path_finder(symbols, blank),
            rescoring.load(folder, symbols, blank, delimiter),
        )
        finders = {
            "strongest jamo": lambda clips: [views[0].argmax(axis=1) for views in clips],
            "legal syllables": lambda clips: syllables([views[0] for views in clips]),
            "beam search, jamo model": lambda clips: [
                search.candidates(views[0])[0] for views in clips
            ],
            "and second reading": lambda clips: [rescorer.path(views) for views in clips],
        }
        for split in ("native_valid", "valid"):
            waves = [load_audio(row) for row in data[split]]
            views = recogniser.views(waves, rescoring.SPEEDS)
            for way, find in finders.items():
                started = time.perf_counter()
                found = find(views)
                texts = [
                    recogniser.read(p, v[0], len(wave) / RATE).text
                    for p, v, wave in zip(found, views, waves, strict=True)
                ]
                milliseconds = 1000 * (time.perf_counter() - started) / len(waves)
                rates = score(list(data[split]["text"]), texts)
                rows.append({"model": model, "split": split, "n": len(waves), "read by": way, "wer": round(rates.wer, 4),
                             "cer": round(rates.cer, 4), "ms a clip": round(milliseconds, 2)})  # fmt: skip
    print(pd.DataFrame(rows).to_string(index=False))
    print(paths.relative(write_json(paths.benchmarks() / "decoding.json", rows)))


def copy_without_language_model(model: Path, folder: Path) -> Path:
    """The files a CTC model is loaded from."""
    folder.mkdir()
    for file in model.iterdir():
        if file.suffix in (".json", ".safetensors") and file.name != rescoring.SETTINGS_FILE:
            (folder / file.name).write_bytes(file.read_bytes())
    return folder


if __name__ == "__main__":
    main(*sys.argv[1:])
