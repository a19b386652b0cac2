"""One process of a distributed training run: ``torchrun --nproc_per_node 2 -m tests.training.distributed_run BASE OUTPUT BATCH``.

Writes the weights every rank holds before and after the feature encoder thaws, and, by the last rank, what the trained
model predicts when the ranks share the clips and when one does them all.
"""

import os
import sys
from pathlib import Path

import torch
from accelerate import PartialState

from speakor_common.recognition.predict import Request, predict, predict_many
from speakor_common.recognition.transcriber import Transcriber
from speakor_common.training import finetune_ctc
from speakor_common.training.experiments import resolve
from speakor_common.training.preset import FEATURE_ENCODER, Stage
from speakor_common.training.runlog import RunLog
from tests.builders import prepared


class SaveRank(finetune_ctc.TrainerCallback):
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_epoch_end(self, args, state, control, model, **kwargs) -> None:
        rank = os.environ.get("RANK", "0")
        weights = {
            key.removeprefix("module."): value.clone() for key, value in model.state_dict().items()
        }
        torch.save(weights, self.folder / f"epoch{round(state.epoch)}-rank{rank}.pt")


def main(base: str, output: str, batch: str) -> None:
    torch.set_num_threads(1)
    used, _, _ = resolve(
        "exp05", "smoke", base=base, epochs=2, batch_size=int(batch), gradient_accumulation=1, learning_rate=1e-3, dropout=0.0,
        mask_time_prob=0.0, stages=(Stage(1, (FEATURE_ENCODER,)),),
    )  # fmt: skip
    data = prepared(same_length=True)
    facts = finetune_ctc.train(
        used,
        data,
        Path(output) / "model",
        RunLog(used, "smoke", {}, 1),
        1,
        (SaveRank(Path(output)),),
    )
    print(facts["processes"], facts["best_validation_wer"])
    model = Path(output) / "model"
    clips = data["valid"].select(range(3))  # an odd number, so the ranks get unequal shares
    (shared,) = predict_many([Request("exp05", model, ("clean",))], clips)
    alone = predict(Transcriber.from_pretrained(model, "cpu").recogniser, clips, "exp05")
    state = PartialState()
    if state.is_last_process:
        for name, table in (("shared", shared), ("alone", alone)):
            table.to_csv(Path(output) / f"{name}.csv", index=False)
    state.wait_for_everyone()


if __name__ == "__main__":
    main(*sys.argv[1:])
