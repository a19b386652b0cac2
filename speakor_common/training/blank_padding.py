"""The ablation's counter-example: labels padded with the blank, and a loss that takes the padding for speech.

A CTC target never holds the blank, and today's transformers leaves it out of the targets whatever the padding. Before,
``Wav2Vec2ForCTC`` counted every label >= 0. With blanks among the targets, one sequence of frames is counted once for each
way of telling the targets' blanks from those between labels: "probabilities" then exceed 1 and the loss falls below 0.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from transformers import Wav2Vec2ForCTC

from speakor_common.batching.collate import CTCCollator
from speakor_common.training.trainers import CTCTrainer


class BlankPaddedTrainer(CTCTrainer):
    """:class:`CTCTrainer` with that loss, which may fall below zero, to see what it does to a model. Validation is as ever."""

    lowest_loss = -math.inf

    def __init__(
        self, *, model: Wav2Vec2ForCTC, train_collator: CTCCollator, **kwargs: Any
    ) -> None:
        model.loss_function = loss_counting_padding
        padding = train_collator.processor.tokenizer.pad_token_id
        super().__init__(
            model=model, train_collator=replace(train_collator, label_padding=padding), **kwargs
        )


def loss_counting_padding(
    logits: torch.Tensor,
    labels: torch.Tensor,
    logit_lengths: torch.Tensor,
    blank_token_id: int,
    reduction: str,
    **_: Any,
) -> torch.Tensor:
    """CTC loss over all labels >= 0, the blank's among them, with the arguments of transformers' own.

    Args:
        logits: float, shape = (B, T, V). labels: int64, shape = (B, L). logit_lengths: int64, shape = (B,).
    """
    targets = labels >= 0
    scores = logits.float().log_softmax(-1).transpose(0, 1)
    return torch.nn.functional.ctc_loss(
        scores,
        labels[targets],
        logit_lengths,
        targets.sum(-1),
        blank=blank_token_id,
        reduction=reduction,
    )
