"""Audio a second of CTC training: this project's step against the stock speech example's.

    python benchmarks/train_step.py

Both train all of the shipped base on the same training clips of the sample with the Trainer's
optimiser, equally many clips a step and steps. The stock way is that of transformers' speech
recognition example: float lists, random order, fp32, convolutions by PyTorch. Ours reads encoded
audio, puts clips of similar length together, computes convolutions as matrix products on a CPU,
and computes in bf16 where there are matrix units for it.

Rounds alternate; the fastest of each counts. What was learned is compared by the loss of the
same validation clips afterwards. Prints a table and writes results/benchmarks/train_step.json.
"""

import time
from dataclasses import dataclass

import numpy as np
import torch
from datasets import DatasetDict
from transformers import (
    PreTrainedModel,
    ProcessorMixin,
    Wav2Vec2ForCTC,
    Wav2Vec2Processor,
    set_seed,
)

from speakor_common import paths
from speakor_common.audio import RATE
from speakor_common.batching.collate import CTCCollator, load_audio, pad_labels, to_label_form
from speakor_common.corpus import prepare
from speakor_common.models import checkpoints, precision
from speakor_common.models.ctc import load_ctc
from speakor_common.storage import write_json

CLIPS = 256
BATCH = 8
ROUNDS = 3
LEARNING_RATE = 1e-4
STOCK = "stock"
OURS = "ours"


@dataclass(frozen=True)
class Round:
    """One pass over the clips, and the model after it."""

    seconds: float
    padding: float  # share of the batches
    validation_loss: float


def main() -> None:
    splits = prepare.load_prepared(paths.prepared("sample"))
    rows = list(splits["train"].select(range(CLIPS)))
    best: dict[str, Round] = {}
    for _ in range(ROUNDS):
        for way in (STOCK, OURS):
            this = run_round(way, rows, splits)
            best[way] = min(best.get(way, this), this, key=lambda a_round: a_round.seconds)

    seconds = sum(row["length"] for row in rows) / RATE
    table = [
        {
            "way": way,
            "clips": CLIPS,
            "steps": CLIPS // BATCH,
            "precision": "fp32" if way == STOCK else precision.name(),
            "audio_s_per_s": round(seconds / fastest.seconds, 1),
            "validation_loss": round(fastest.validation_loss, 4),
            "validation_clips": len(splits["valid"]),
            "padding": round(fastest.padding, 3),
        }
        for way, fastest in best.items()
    ]
    for row in table:
        print(row)
    ratio = round(best[STOCK].seconds / best[OURS].seconds, 2)
    print(f"ours against stock: {ratio:.2f} times")
    content = {"rows": table, "ratio": ratio}
    print(paths.relative(write_json(paths.benchmarks() / "train_step.json", content)))


def run_round(way: str, rows: list[dict], splits: DatasetDict) -> Round:
    """Train a fresh model on the clips, and measure it on the validation split."""
    model, processor = load_model(way)
    seconds, padding = train(way, model, processor, rows)
    held_out = sorted(splits["valid"], key=lambda row: row["length"])
    return Round(seconds, padding, validation_loss(model, processor, held_out))


def load_model(way: str) -> tuple[PreTrainedModel, ProcessorMixin]:
    """The shipped base without dropout and masks, so that both see the same clips."""
    directory = checkpoints.find_checkpoint("base-tiny")
    if way == OURS:
        model, processor = load_ctc(directory, dropout=0.0)
    else:
        none = dict.fromkeys(("hidden_dropout", "attention_dropout", "final_dropout"), 0.0)
        model = Wav2Vec2ForCTC.from_pretrained(directory, **none)
        processor = Wav2Vec2Processor.from_pretrained(directory)
    model.config.ctc_loss_reduction = "mean"
    model.config.apply_spec_augment = False
    return model, processor


def train(
    way: str, model: PreTrainedModel, processor: ProcessorMixin, rows: list[dict]
) -> tuple[float, float]:
    """Seconds and padding share of one pass."""
    # What a map over the dataset leaves behind.
    lists = [load_audio(row).tolist() for row in rows] if way == STOCK else []
    collate = CTCCollator(processor)

    # Batches, in an order of their own; ours of similar lengths.
    set_seed(1)
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), LEARNING_RATE, fused=True)
    order = np.random.default_rng(1).permutation(len(rows))
    if way == OURS:
        order = np.asarray(sorted(order, key=lambda i: rows[i]["length"]))
    batches = np.random.default_rng(2).permutation(order.reshape(-1, BATCH))

    half = way == OURS and precision.name() == "bf16"
    size = 0
    spoken = 0
    started = time.perf_counter()
    for batch in batches:
        chosen = [rows[i] for i in batch]
        if way == OURS:
            inputs = collate(chosen)
        else:
            inputs = stock_batch(processor, chosen, [lists[i] for i in batch])
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            model(**inputs).loss.backward()
        optimiser.step()
        optimiser.zero_grad()

        size += inputs["input_values"].numel()
        spoken += sum(row["length"] for row in chosen)
    return time.perf_counter() - started, (size - spoken) / size


def stock_batch(
    processor: ProcessorMixin, rows: list[dict], lists: list[list[float]]
) -> dict[str, torch.Tensor]:
    """A batch from float lists."""
    waves = [np.asarray(samples) for samples in lists]
    batch = dict(processor(waves, sampling_rate=RATE, padding=True, return_tensors="pt"))
    tokenizer = processor.tokenizer
    texts = [to_label_form(row["text"], tokenizer.get_vocab()) for row in rows]
    return batch | {"labels": pad_labels(tokenizer(texts).input_ids)}


@torch.inference_mode()
def validation_loss(model: PreTrainedModel, processor: ProcessorMixin, rows: list[dict]) -> float:
    """Mean CTC loss, fp32, of batches of clips of similar length."""
    model.eval()
    collate = CTCCollator(processor)
    batches = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
    return float(np.mean([model(**collate(batch)).loss for batch in batches]))


if __name__ == "__main__":
    main()
