"""From delivered corpus to batches: this project's way against the seed project's.

    python benchmarks/data_path.py [CLIPS ...]        (default 2000 20000)

On a generated corpus in the delivered layout. The seed's way looks for each label's recording by walking the tree, decodes
it with librosa and lets ``datasets.map`` store float lists; its batches are drawn at random. Ours reads the tree once,
stores encoded audio, or, as in the AI Hub profile, references to it, and groups clips of similar length. Set-up time and memory,
disk beside the corpus, clips a second over an epoch of batches, and padding. At the largest size the seed's way is
measured on the first 500 clips and its times and sizes are scaled up (column ``measured``): walking alone would take hours.
Every way runs in a process of its own. Prints a table and writes results/benchmarks/data_path.json.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from speakor_common import paths
from speakor_common.models import checkpoints
from speakor_common.storage import write_json
from speakor_common.training.runlog import peak_memory_mib

SIZES, SPEAKERS, PART, BATCH, EPOCH_CLIPS = (2_000, 20_000), 40, 500, 8, 2_000
WAYS = ("seed", "ours", "ours, references")


def generate(root: Path, count: int) -> None:
    """Labels and recordings of 1 to 6 s, about as long as the sample's."""
    sys.path.insert(0, str(paths.root()))
    from tests.builders import as_json, encoded, label, stem, write

    rng = np.random.default_rng(1)
    noise = (0.1 * rng.standard_normal(6 * 16_000)).astype(np.float32)
    for number in range(count):
        name = stem(
            speaker=number % SPEAKERS,
            item=number // SPEAKERS % 1000,
            date=f"2022{number // SPEAKERS // 1000:04d}",
        )
        folder = root / "1.Training" / f"{number // 1000}"
        write(
            folder / "labels" / f"{name}.json", as_json(label(name, "저는 한국어를 배우고 있어요"))
        )
        size = int(rng.uniform(1.0, 6.0) * 16_000)
        write(
            folder / "audio" / f"{name}.wav",
            encoded(np.roll(noise, number)[:size] * rng.uniform(0.5, 1.0)),
        )


def ours(root: Path, target: Path, count: int, embed: bool) -> dict:
    from transformers import Wav2Vec2Processor

    from speakor_common.batching.collate import CTCCollator
    from speakor_common.corpus import prepare
    from speakor_common.corpus.splits import SplitPolicy

    started = time.perf_counter()
    prepare.prepare(
        root,
        target,
        SplitPolicy(valid_speakers=0.05, test_speakers=0.05),
        embed_audio=embed,
        workers=1,
        progress=False,
    )
    took, memory = time.perf_counter() - started, peak_memory_mib()
    data = prepare.load_prepared(target)["train"]
    lengths, collate = (
        np.asarray(data["length"]),
        CTCCollator(Wav2Vec2Processor.from_pretrained(checkpoints.find_checkpoint("base-tiny"))),
    )
    order = np.argsort(lengths, kind="stable")
    return epoch(
        data, [order[i : i + BATCH] for i in range(0, len(order), BATCH)], collate, lengths
    ) | {
        "setup_s": took,
        "measured": count,
        "peak_mib": memory,
    }


def seed(root: Path, target: Path, count: int) -> dict:
    import librosa
    from datasets import Dataset
    from transformers import Wav2Vec2Processor

    processor = Wav2Vec2Processor.from_pretrained(checkpoints.find_checkpoint("base-tiny"))
    labels = sorted(root.rglob("*.json"))
    part = labels if count < SIZES[-1] else labels[:PART]
    started, rows = time.perf_counter(), []
    for path in part:
        record = json.loads(path.read_text(encoding="utf-8"))
        for folder, _, files in os.walk(root):
            if record["fileName"] in files:
                rows.append(
                    {
                        "path": f"{folder}/{record['fileName']}",
                        "text": record["transcription"]["ReadingLabelText"],
                    }
                )
                break

    def as_lists(row: dict) -> dict:
        samples, _ = librosa.load(row["path"], sr=16_000)
        samples = samples / np.abs(samples).max()
        return {
            "input_values": processor(samples, sampling_rate=16_000).input_values[0],
            "labels": processor.tokenizer(row["text"]).input_ids,
        }

    Dataset.from_list(rows).map(as_lists, remove_columns=["path", "text"]).save_to_disk(str(target))
    took, memory = (time.perf_counter() - started) * count / len(part), peak_memory_mib()
    data = Dataset.load_from_disk(str(target))
    lengths = np.array([len(values) for values in data["input_values"]])

    def collate(rows: list[dict]) -> dict:
        batch = processor.feature_extractor.pad(
            [{"input_values": row["input_values"]} for row in rows],
            padding=True,
            return_tensors="pt",
        )
        batch["labels"] = processor.tokenizer.pad(
            [{"input_ids": row["labels"]} for row in rows], padding=True, return_tensors="pt"
        ).input_ids
        return dict(batch)

    order = np.random.default_rng(1).permutation(len(data))
    return epoch(
        data, [order[i : i + BATCH] for i in range(0, len(order), BATCH)], collate, lengths
    ) | {
        "setup_s": took,
        "measured": len(part),
        "peak_mib": memory,
    }


def epoch(data, batches: list[np.ndarray], collate, lengths: np.ndarray) -> dict:
    """Clips a second through ``collate``, and the share of padding in the batches."""
    chosen = [
        batches[i]
        for i in np.random.default_rng(2).permutation(len(batches))[: EPOCH_CLIPS // BATCH]
    ]
    started = time.perf_counter()
    for batch in chosen:
        collate(data.__getitems__(batch.tolist()))  # as a DataLoader asks for them
    took = time.perf_counter() - started
    size = sum(len(batch) * lengths[batch].max() for batch in batches)
    return {"clips_per_s": sum(map(len, chosen)) / took, "padding": 1 - lengths.sum() / size}


def main(sizes: list[int]) -> None:
    rows, quiet = [], os.environ | {"HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
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


def one(way: str, folder: Path, count: int) -> None:
    target = folder / way
    inside = folder / "in"
    found = (
        seed(inside, target, count)
        if way == "seed"
        else ours(inside, target, count, embed=way == "ours")
    )
    size = (
        sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
        * count
        / found["measured"]
    )
    print(
        json.dumps(
            {name: round(float(value), 3) for name, value in found.items()}
            | {"disk_mib": round(size / 2**20)}
        )
    )


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in WAYS:
        one(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main([int(size) for size in sys.argv[1:]] or list(SIZES))
