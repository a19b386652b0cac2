"""Audio a second of CTC training: this project's batches and precision against the stock speech example's.

    python benchmarks/train_step.py

Both train the shipped base on the sample's training clips with the same optimiser, clips a step and number of steps. The stock
way is that of transformers' speech recognition example: float lists, random order, fp32. Ours reads encoded audio, puts clips
of similar length together and computes in bf16 where the CPU multiplies it. Rounds alternate; the fastest of each counts.
Prints a table and writes results/benchmarks/train_step.json.
"""

import time

import numpy as np
import torch
from transformers import set_seed

from speakor_common import checkpoints, paths, precision
from speakor_common.audio import RATE
from speakor_common.batching.collate import CTCCollator, load_audio, pad_labels, to_label_form
from speakor_common.corpus import prepare
from speakor_common.storage import write_json
from speakor_common.training import ctc

CLIPS, BATCH, ROUNDS, RATE_OF_LEARNING = 256, 8, 3, 1e-4


def main() -> None:
    data = prepare.load(paths.prepared("sample"))["train"].select(range(CLIPS))
    rows = list(data)
    lists = [load_audio(row).tolist() for row in rows]  # what a map over the dataset leaves behind
    best: dict[str, tuple[float, float, float]] = {}
    for _ in range(ROUNDS):
        for way in ("stock", "ours"):
            found = train(way, rows, lists)
            best[way] = min(best.get(way, (np.inf, 0.0, 0.0)), found)
    seconds = sum(row["length"] for row in rows) / RATE
    table = [
        {"way": way, "clips": CLIPS, "steps": CLIPS // BATCH, "precision": "fp32" if way == "stock" else precision.name(),
         "audio_s_per_s": round(seconds / took, 1), "mean_loss": round(loss, 4), "padding": round(padding, 3)}
        for way, (took, loss, padding) in best.items()
    ]  # fmt: skip
    for row in table:
        print(row)
    ratio = best["stock"][0] / best["ours"][0]
    print(f"ours against stock: {ratio:.2f} times")
    print(paths.relative(write_json(paths.benchmarks() / "train_step.json", {"rows": table, "ratio": round(ratio, 2)})))


def train(way: str, rows: list[dict], lists: list[list[float]]) -> tuple[float, float, float]:
    """Seconds, mean loss and padding share of one pass."""
    set_seed(1)
    model, processor = ctc.load(checkpoints.resolve("base-tiny"), dropout=0.0)
    model.config.ctc_loss_reduction, model.config.apply_spec_augment = "mean", False
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), RATE_OF_LEARNING)
    order = np.random.default_rng(1).permutation(len(rows))
    if way == "ours":
        order = np.asarray(sorted(order, key=lambda i: rows[i]["length"]))
    batches = np.random.default_rng(2).permutation(order.reshape(-1, BATCH))
    collate = CTCCollator(processor)
    vocabulary = processor.tokenizer.get_vocab()
    half = way == "ours" and precision.name() == "bf16"
    losses, padded, total, started = [], 0, 0, time.perf_counter()
    for batch in batches:
        if way == "ours":
            inputs = collate([rows[i] for i in batch])
        else:
            inputs = dict(processor([np.asarray(lists[i]) for i in batch], sampling_rate=RATE, padding=True, return_tensors="pt"))
            inputs["labels"] = pad_labels([processor.tokenizer(to_label_form(rows[i]["text"], vocabulary)).input_ids for i in batch])
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = model(**inputs).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
        total += inputs["input_values"].numel()
        padded += inputs["input_values"].numel() - sum(rows[i]["length"] for i in batch)
    return time.perf_counter() - started, float(np.mean(losses)), padded / total


if __name__ == "__main__":
    main()
