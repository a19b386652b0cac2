"""Audio a second of CTC training: this project's step against the stock speech example's.

    python benchmarks/train_step.py

Both train all of the shipped base on the same training clips of the sample with the Trainer's optimiser, equally many clips a step
and steps. The stock way is that of transformers' speech recognition example: float lists, random order, fp32, convolutions by
PyTorch. Ours reads encoded audio, puts clips of similar length together, has convolutions computed as matrix products on a CPU and
computes in bf16 where there are matrix units for it. Rounds alternate; the fastest of each counts. What was learned is compared by
the loss of the same validation clips afterwards. Prints a table and writes results/benchmarks/train_step.json.
"""

import time

import numpy as np
import torch
from transformers import Wav2Vec2ForCTC, Wav2Vec2Processor, set_seed

from speakor_common import paths
from speakor_common.audio import RATE
from speakor_common.batching.collate import CTCCollator, load_audio, pad_labels, to_label_form
from speakor_common.corpus import prepare
from speakor_common.models import checkpoints, precision
from speakor_common.models.ctc import load_ctc
from speakor_common.storage import write_json

CLIPS, BATCH, ROUNDS, RATE_OF_LEARNING = 256, 8, 3, 1e-4
STOCK, OURS = "stock", "ours"


def main() -> None:
    splits = prepare.load_prepared(paths.prepared("sample"))
    rows, held_out = (
        list(splits["train"].select(range(CLIPS))),
        sorted(splits["valid"], key=lambda row: row["length"]),
    )
    lists = [load_audio(row).tolist() for row in rows]  # what a map over the dataset leaves behind
    best: dict[str, tuple[float, float, float]] = {}
    for _ in range(ROUNDS):
        for way in (STOCK, OURS):
            model, processor = load(way)
            took, padding = train(way, model, processor, rows, lists)
            best[way] = min(
                best.get(way, (np.inf, 0.0, 0.0)), (took, loss(model, processor, held_out), padding)
            )
    seconds = sum(row["length"] for row in rows) / RATE
    table = [
        {"way": way, "clips": CLIPS, "steps": CLIPS // BATCH, "precision": "fp32" if way == STOCK else precision.name(),
         "audio_s_per_s": round(seconds / took, 1), "validation_loss": round(afterwards, 4), "validation_clips": len(held_out),
         "padding": round(padding, 3)}
        for way, (took, afterwards, padding) in best.items()
    ]  # fmt: skip
    for row in table:
        print(row)
    ratio = best[STOCK][0] / best[OURS][0]
    print(f"ours against stock: {ratio:.2f} times")
    print(
        paths.relative(
            write_json(
                paths.benchmarks() / "train_step.json", {"rows": table, "ratio": round(ratio, 2)}
            )
        )
    )


def load(way: str) -> tuple[Wav2Vec2ForCTC, Wav2Vec2Processor]:
    directory = checkpoints.find_checkpoint("base-tiny")
    if way == OURS:
        model, processor = load_ctc(directory, dropout=0.0)
    else:
        none = dict.fromkeys(("hidden_dropout", "attention_dropout", "final_dropout"), 0.0)
        model, processor = (
            Wav2Vec2ForCTC.from_pretrained(directory, **none),
            Wav2Vec2Processor.from_pretrained(directory),
        )
    model.config.ctc_loss_reduction, model.config.apply_spec_augment = "mean", False
    return model, processor


def train(
    way: str,
    model: Wav2Vec2ForCTC,
    processor: Wav2Vec2Processor,
    rows: list[dict],
    lists: list[list[float]],
) -> tuple[float, float]:
    """Seconds and padding share of one pass."""
    set_seed(1)
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), RATE_OF_LEARNING, fused=True)
    order = np.random.default_rng(1).permutation(len(rows))
    if way == OURS:
        order = np.asarray(sorted(order, key=lambda i: rows[i]["length"]))
    batches = np.random.default_rng(2).permutation(order.reshape(-1, BATCH))
    collate = CTCCollator(processor)
    vocabulary = processor.tokenizer.get_vocab()
    half = way == OURS and precision.name() == "bf16"
    padded, total, started = 0, 0, time.perf_counter()
    for batch in batches:
        if way == OURS:
            inputs = collate([rows[i] for i in batch])
        else:
            inputs = dict(
                processor(
                    [np.asarray(lists[i]) for i in batch],
                    sampling_rate=RATE,
                    padding=True,
                    return_tensors="pt",
                )
            )
            inputs["labels"] = pad_labels(
                [
                    processor.tokenizer(to_label_form(rows[i]["text"], vocabulary)).input_ids
                    for i in batch
                ]
            )
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            model(**inputs).loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        total += inputs["input_values"].numel()
        padded += inputs["input_values"].numel() - sum(rows[i]["length"] for i in batch)
    return time.perf_counter() - started, padded / total


@torch.inference_mode()
def loss(model: Wav2Vec2ForCTC, processor: Wav2Vec2Processor, rows: list[dict]) -> float:
    """Mean CTC loss, fp32, of batches of clips of similar length."""
    model.eval()
    collate = CTCCollator(processor)
    return float(
        np.mean(
            [
                model(**collate(rows[start : start + BATCH])).loss
                for start in range(0, len(rows), BATCH)
            ]
        )
    )


if __name__ == "__main__":
    main()
