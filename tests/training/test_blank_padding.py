"""Padding counted as labels: the wrong losses it gives, and a run that is not stopped by them."""

import pytest
import torch
from transformers.loss.loss_utils import ForCTCLoss

from speakor_common.training.blank_padding import loss_counting_padding
from speakor_common.training.finetune_ctc import train_ctc
from tests.builders import prepared
from tests.training.small import ctc_experiment, run_log


def test_counting_padding_as_labels_gives_losses_no_correct_one_has(ctc_base, tmp_path):
    # Nearly all blank, as after some training.
    logits = torch.zeros(2, 40, 5)
    logits[..., 0] = 6.0
    logits[:, 5, 2] = 12.0
    frames = torch.tensor([40, 40])
    labels = torch.tensor([[2, -100, -100, -100, -100, -100], [2, 3, 2, 3, 2, 3]])
    padded = torch.where(labels < 0, 0, labels)

    def losses(loss, targets):
        return loss(
            logits=logits, labels=targets, logit_lengths=frames, blank_token_id=0, reduction="none"
        ).tolist()

    assert losses(loss_counting_padding, labels) == pytest.approx(losses(ForCTCLoss, labels))
    counted = losses(loss_counting_padding, padded)
    right = losses(ForCTCLoss, padded)
    assert counted[1] == pytest.approx(right[1]) and counted[0] < 0 < right[0]

    # A run with it is not stopped by the guard.
    used = ctc_experiment(ctc_base, blank_padding=True, epochs=1)
    data = prepared({"train": 8, "valid": 2}, seconds=1.5)
    facts = train_ctc(used, data, tmp_path / "model", run_log(used), 1)
    assert facts["clips"] == 8 and facts["best_validation_wer"] >= 0
