"""From delivered corpus to batches: this project's way against the seed project's.

    python benchmarks/data_path.py [CLIPS ...]        (default 2000 20000)

On a generated corpus in the delivered layout. The seed's way looks for each label's recording by
walking the tree, decodes it with librosa and lets ``datasets.map`` store float lists; its batches
are drawn at random. Ours reads the tree once, stores encoded audio or, as in the AI Hub profile,
references to it, and groups clips of similar length.

Measured are set-up time and memory, disk beside the corpus, clips a second over an epoch of
batches, and padding. At the largest size the seed's way is measured on the first 500 clips and
its times and sizes are scaled up (column ``measured``): walking alone would take hours. Every way
runs in a process of its own. Prints a table and writes results/benchmarks/data_path.json.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from datasets import Dataset

from speakor_common import paths
from speakor_common.audio import RATE
from speakor_common.models import checkpoints
from speakor_common.storage import write_json
from speakor_common.training.runlog import peak_memory_mib

SIZES = (2_000, 20_000)  # clips of the corpus
SPEAKERS = 40
SHORTEST_S = 1.0
LONGEST_S = 6.0  # about as long as the sample's

SEED_CLIPS = 500  # the seed's way is measured on, at the largest size
BATCH = 8
EPOCH_CLIPS = 2_000  # batches are drawn for

SEED = "seed"
OURS = "ours"
REFERENCES = "ours, references"
WAYS = (SEED, OURS, REFERENCES)


def generate(root: Path, count: int) -> None:
    """Write labels and recordings in the delivered layout."""
    sys.path.insert(0, str(paths.root()))
    from tests.builders import as_json, encoded, label, stem, write

    rng = np.random.default_rng(1)
    noise = (0.1 * rng.standard_normal(int(LONGEST_S * RATE))).astype(np.float32)
    for number in range(count):
        item = number // SPEAKERS
        name = stem(speaker=number % SPEAKERS, item=item % 1000, date=f"2022{item // 1000:04d}")
        folder = root / "1.Training" / f"{number // 1000}"
        content = as_json(label(name, "저는 한국어를 배우고 있어요"))
        write(folder / "labels" / f"{name}.json", content)

        size = int(rng.uniform(SHORTEST_S, LONGEST_S) * RATE)
        samples = np.roll(noise, number)[:size] * rng.uniform(0.5, 1.0)
        write(folder / "audio" / f"{name}.wav", encoded(samples))


def measure_ours(root: Path, target: Path, count: int, embed: bool) -> dict:
    """This project's way, with audio embedded or referred to."""
    from transformers import Wav2Vec2Processor

    from speakor_common.batching.collate import CTCCollator
    from speakor_common.corpus import prepare
    from speakor_common.corpus.splits import SplitPolicy

    # Set up.
    started = time.perf_counter()
    policy = SplitPolicy(valid_speakers=0.05, test_speakers=0.05)
    prepare.prepare(root, target, policy, embed_audio=embed, workers=1, progress=False)
    setup = {
        "setup_s": time.perf_counter() - started,
        "measured": count,
        "peak_mib": peak_memory_mib(),
    }

    # Batches of similar length.
    data = prepare.load_prepared(target)["train"]
    base = checkpoints.find_checkpoint("base-tiny")
    collate = CTCCollator(Wav2Vec2Processor.from_pretrained(base))
    lengths = np.asarray(data["length"])
    order = np.argsort(lengths, kind="stable")
    batches = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    return setup | measure_epoch(data, batches, collate, lengths)


def measure_seed(root: Path, target: Path, count: int) -> dict:
    """The seed's way."""
    from transformers import Wav2Vec2Processor

    processor = Wav2Vec2Processor.from_pretrained(checkpoints.find_checkpoint("base-tiny"))
    labels = sorted(root.rglob("*.json"))
    if count >= SIZES[-1]:
        labels = labels[:SEED_CLIPS]

    # Set up.
    started = time.perf_counter()
    data = store_float_lists(root, labels, target, processor)
    setup = {
        "setup_s": (time.perf_counter() - started) * count / len(labels),
        "measured": len(labels),
        "peak_mib": peak_memory_mib(),
    }

    # Batches at random.
    def collate(rows: list[dict]) -> dict:
        values = [{"input_values": row["input_values"]} for row in rows]
        ids = [{"input_ids": row["labels"]} for row in rows]
        batch = processor.feature_extractor.pad(values, padding=True, return_tensors="pt")
        padded = processor.tokenizer.pad(ids, padding=True, return_tensors="pt")
        return dict(batch) | {"labels": padded.input_ids}

    lengths = np.array([len(values) for values in data["input_values"]])
    order = np.random.default_rng(1).permutation(len(data))
    batches = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    return setup | measure_epoch(data, batches, collate, lengths)


def store_float_lists(root: Path, labels: list[Path], target: Path, processor) -> Dataset:
    """A dataset of float lists, as the seed made it."""
    import librosa

    # The tree is walked for every label.
    rows = []
    for file in labels:
        record = json.loads(file.read_text(encoding="utf-8"))
        text = record["transcription"]["ReadingLabelText"]
        for folder, _, names in os.walk(root):
            if record["fileName"] in names:
                rows.append({"path": f"{folder}/{record['fileName']}", "text": text})
                break

    def as_lists(row: dict) -> dict:
        samples, _ = librosa.load(row["path"], sr=RATE)
        samples = samples / np.abs(samples).max()
        return {
            "input_values": processor(samples, sampling_rate=RATE).input_values[0],
            "labels": processor.tokenizer(row["text"]).input_ids,
        }

    data = Dataset.from_list(rows).map(as_lists, remove_columns=["path", "text"])
    data.save_to_disk(str(target))
    return Dataset.load_from_disk(str(target))


def measure_epoch(
    data: Dataset, batches: list[np.ndarray], collate: Callable, lengths: np.ndarray
) -> dict:
    """Clips a second through ``collate``, and the share of padding in the batches."""
    drawn = np.random.default_rng(2).permutation(len(batches))[: EPOCH_CLIPS // BATCH]
    clips = 0
    started = time.perf_counter()
    for position in drawn:
        rows = data.__getitems__(batches[position].tolist())  # as a DataLoader asks for them
        collate(rows)
        clips += len(rows)
    seconds = time.perf_counter() - started

    size = sum(len(batch) * lengths[batch].max() for batch in batches)
    return {"clips_per_s": clips / seconds, "padding": 1 - lengths.sum() / size}


def measure_way(way: str, folder: Path, count: int) -> dict:
    """All that is measured of one way, in this process."""
    target = folder / way
    inside = folder / "in"
    if way == SEED:
        measured = measure_seed(inside, target, count)
    else:
        measured = measure_ours(inside, target, count, embed=way == OURS)

    written = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    disk_mib = written * count / measured["measured"] / 2**20
    rounded = {name: round(float(value), 3) for name, value in measured.items()}
    return rounded | {"disk_mib": round(disk_mib)}


def main(sizes: list[int]) -> None:
    rows = []
    quiet = os.environ | {"HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    for count in sizes:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder) / "in", count)
            for way in WAYS:
                command = [sys.executable, __file__, way, folder, str(count)]
                done = subprocess.run(
                    command, check=True, stdout=subprocess.PIPE, text=True, env=quiet
                )
                rows.append({"way": way, "clips": count} | json.loads(done.stdout.splitlines()[-1]))
                print(rows[-1], flush=True)
    print(paths.relative(write_json(paths.benchmarks() / "data_path.json", rows)))


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in WAYS:
        print(json.dumps(measure_way(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        main([int(size) for size in sys.argv[1:]] or list(SIZES))
