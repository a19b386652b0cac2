"""One process of a training run that several share.

    torchrun --nproc_per_node 2 -m tests.training.distributed_run KIND BASE OUTPUT BATCH

Trains ``ctc`` or ``whisper`` and asks for the same training again under another name. Every rank
writes what it holds at first and after each epoch; the last one also what the trained CTC model
predicts when the ranks share the clips and when one does them all.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

import torch
from accelerate import PartialState
from datasets import DatasetDict
from transformers import TrainerCallback

from speakor_common.recognition.predict import predict_split
from speakor_common.recognition.predict_many import Request, predict_many
from speakor_common.recognition.transcriber import Transcriber
from speakor_common.training.preset import FEATURE_ENCODER, Stage
from speakor_common.training.runs import train_model
from tests.builders import prepared
from tests.training.small import ctc_experiment, run_log, whisper_experiment


class SaveRank(TrainerCallback):
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_begin(self, args, state, control, model, **kwargs) -> None:
        rank = os.environ.get("RANK", "0")
        weights = {
            name.removeprefix("module."): p.detach().clone()
            for name, p in model.named_parameters()
            if p.requires_grad or "feature_extractor" in name
        }
        torch.save(weights, self.folder / f"epoch{round(state.epoch or 0)}-rank{rank}.pt")

    on_epoch_end = on_train_begin


def experiment(kind: str, base: str, batch: int):
    schedule = {"epochs": 2, "batch_size": batch, "gradient_accumulation": 1, "learning_rate": 1e-3}
    if kind == "whisper":
        return whisper_experiment(base, **schedule)
    stages = (Stage(1, (FEATURE_ENCODER,)),)
    return ctc_experiment(base, **schedule, dropout=0.0, mask_time_prob=0.0, stages=stages)


def predict_both_ways(model: Path, data: DatasetDict, output: Path) -> None:
    clips = data["valid"].select(range(3))  # an odd number, so the ranks get unequal shares
    (shared,) = predict_many([Request("exp05", model, ("clean",))], clips)
    alone = predict_split(Transcriber.from_pretrained(model, "cpu").recogniser, clips, "exp05")
    if PartialState().is_last_process:
        shared.to_csv(output / "shared.csv", index=False)
        alone.to_csv(output / "alone.csv", index=False)


def main(kind: str, base: str, folder: str, batch: str) -> None:
    torch.set_num_threads(1)
    output = Path(folder)
    used = experiment(kind, base, int(batch))
    data = prepared(same_length=True)
    callbacks = (SaveRank(output),)
    facts = train_model(used, data, output / "model", run_log(used), 1, callbacks)

    # What is trained already is given another name by one process, and seen by all.
    other = replace(used, name="other")
    copied = train_model(other, data, output / "other", run_log(other), 1, callbacks)
    assert copied["weights_sha256"] == facts["weights_sha256"]
    assert copied["trained_as"] == "model" and copied["experiment"]["name"] == "other"

    if kind == "ctc":
        predict_both_ways(output / "model", data, output)
    PartialState().wait_for_everyone()


if __name__ == "__main__":
    main(*sys.argv[1:])
