"""The ablation's counter-example: a Trainer whose labels are padded with the blank.

It shows what that padding costs beside the right one of
:class:`speakor_common.training.trainers.CTCTrainer`, and is used for nothing else.

Legend: B clips, T frames, L labels, V symbols of the vocabulary.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from transformers import PreTrainedModel

from speakor_common.batching.collate import CTCCollator
from speakor_common.training.trainers import CTCTrainer


class BlankPaddedTrainer(CTCTrainer):
    """The ablation's counter-example: labels padded with the blank, and a loss that counts them.

    A CTC target never holds the blank, and today's transformers leaves it out of the targets
    whatever the padding. Before, ``Wav2Vec2ForCTC`` counted every label >= 0. With blanks among
    the targets, one sequence of frames is counted once for each way of telling the targets' blanks
    from those between labels: "probabilities" then exceed 1 and the loss falls below 0.
    Validation is as ever.
    """

    lowest_loss = -math.inf

    def __init__(
        self, *, model: PreTrainedModel, train_collator: CTCCollator, **kwargs: Any
    ) -> None:
        model.loss_function = loss_counting_padding
        blank = train_collator.processor.tokenizer.pad_token_id
        padded = replace(train_collator, label_padding=blank)
        super().__init__(model=model, train_collator=padded, **kwargs)


def loss_counting_padding(
    logits: torch.Tensor,
    labels: torch.Tensor,
    logit_lengths: torch.Tensor,
    blank_token_id: int,
    reduction: str,
    **_: Any,
) -> torch.Tensor:
    """CTC loss over all labels >= 0, the blank's among them, with transformers' own arguments.

    Args:
        logits: float (B, T, V). labels: int64 (B, L). logit_lengths: int64 (B,).
    """
    targets = labels >= 0
    return torch.nn.functional.ctc_loss(
        logits.float().log_softmax(-1).transpose(0, 1),
        labels[targets],
        logit_lengths,
        targets.sum(-1),
        blank=blank_token_id,
        reduction=reduction,
    )
