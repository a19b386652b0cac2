"""Clips of similar length together, so that a batch holds little padding."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from datasets import Dataset
from transformers import Trainer, TrainerState
from transformers.trainer_pt_utils import LengthGroupedSampler


class EpochLengthSampler(LengthGroupedSampler):
    """An order that follows from seed and epoch: a run continued within an epoch goes on in it.

    The stock sampler draws its order from the run's random numbers. A continued run has drawn
    others by then, so some clips came twice in the epoch, and others not at all.
    """

    def __init__(
        self, batch_size: int, lengths: list[int], first: int, state: Callable[[], TrainerState]
    ) -> None:
        """Group clips by length.

        Args:
            batch_size: clips that are kept together.
            lengths: of all clips, samples.
            first: seed of the first epoch's order. Those of later epochs follow it, so runs of
                different seeds start far apart.
            state: gives the Trainer's state, which is another object once a run continues. It is
                asked for the epoch, because ``set_epoch`` does not reach a sampler below the
                wrappers that skip batches and share them among processes.
        """
        super().__init__(batch_size, lengths=lengths, generator=torch.Generator())
        self._first = first
        self._state = state

    def __iter__(self) -> Iterator[int]:
        self.generator.manual_seed(self._first + int(self._state().epoch or 0))
        return super().__iter__()


def by_length(trainer: Trainer, data: Dataset, first: int) -> EpochLengthSampler:
    """The sampler of a Trainer: clips of one optimiser step are of similar length."""
    together = trainer.args.train_batch_size * trainer.args.gradient_accumulation_steps
    return EpochLengthSampler(together, data["length"][:], first, lambda: trainer.state)
