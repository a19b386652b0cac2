"""The Trainer for CTC: augmented training batches, validation without padding, losses that must be possible."""

from __future__ import annotations

import math
from typing import Any

import torch
from datasets import Dataset
from transformers import Trainer

from speakor_common.batching.collate import IGNORED_LABEL, CTCCollator
from speakor_common.batching.sampling import EpochLengthSampler, by_length
from speakor_common.decoding.syllables import viterbi_decoder, vocabulary
from speakor_common.errors import TrainingError
from speakor_common.training.callbacks import LossGuard


class CTCTrainer(Trainer):
    """Trainer whose training batches may be augmented, while evaluation batches never are, and name their clips."""

    lowest_loss = 0.0

    def __init__(self, *, train_collator: CTCCollator, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_callback(LossGuard(self.lowest_loss))
        self._train_collator = train_collator
        tokenizer = train_collator.processor.tokenizer
        self._decode = viterbi_decoder(vocabulary(tokenizer), tokenizer.pad_token_id)

    def get_train_dataloader(self):
        plain, self.data_collator = self.data_collator, self._train_collator
        try:
            return super().get_train_dataloader()
        finally:
            self.data_collator = plain

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> EpochLengthSampler:
        return by_length(self, train_dataset or self.train_dataset, 10_000 * self.args.seed)

    def prediction_step(self, model, inputs, prediction_loss_only, ignore_keys=None):
        """The path a recogniser would read instead of logits, which would fill memory; frames of padding as -100.

        A model says something on padding too, and reading it out adds words nobody spoke.
        """
        loss, logits, labels = super().prediction_step(
            model, inputs, prediction_loss_only, ignore_keys
        )
        if logits is None:
            return loss, logits, labels
        frames = [logits.shape[1]] * len(logits)
        if "attention_mask" in inputs:
            frames = self.model._get_feat_extract_output_lengths(
                inputs["attention_mask"].sum(-1)
            ).tolist()
        clips = [
            row[:length]
            for row, length in zip(
                logits.float().log_softmax(-1).cpu().numpy(), frames, strict=True
            )
        ]
        paths = torch.full(logits.shape[:2], IGNORED_LABEL)
        for row, clip in enumerate(clips):
            paths[row, : len(clip)] = torch.from_numpy(self._decode(clip))
        return loss, paths.to(logits.device), labels

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        identifiers = inputs.pop("utterance_id", None)
        result = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        if identifiers is not None:
            self._refuse_impossible(result[0] if return_outputs else result, identifiers)
        return result

    def _refuse_impossible(self, loss: torch.Tensor, identifiers: list[str]) -> None:
        value = loss.item()
        if not math.isfinite(value) or value < self.lowest_loss:
            raise TrainingError(
                f"the loss of a batch is {value} after step {self.state.global_step}; a CTC loss is a finite number >= 0. "
                f"Its utterances: {', '.join(identifiers)}. Look at their audio and labels, then at the learning rate"
            )
