"""Trainer callbacks that decide: staged unfreezing, and the guards against what cannot be."""

from __future__ import annotations

import logging
import math
import re

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from speakor_common.errors import TrainingError
from speakor_common.training.preset import Stage

logger = logging.getLogger(__name__)


class StagedUnfreezing(TrainerCallback):
    """Keep modules frozen until their stage begins.

    The optimiser is built while everything is trainable, so parameters that thaw later are
    already in it (an optimiser keeps only parameters that require gradients when it is made,
    and groups added later break the scheduler). Freezing happens when training begins,
    thawing when an epoch begins; both look at the epoch reached, so a resumed run continues
    in the right stage.
    """

    def __init__(self, stages: tuple[Stage, ...]) -> None:
        self.stages = stages

    def apply(self, model: torch.nn.Module, epoch: float) -> None:
        """Set ``requires_grad`` of every staged module for ``epoch``."""
        for stage in self.stages:
            trained = epoch >= stage.epoch
            for module in (m for path in stage.modules for m in submodules(model, path)):
                module.requires_grad_(trained)
                if hasattr(
                    module, "_requires_grad"
                ):  # wav2vec2's encoder re-enables gradients of its input by this flag
                    module._requires_grad = trained

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model, **kwargs
    ) -> None:
        self.apply(_unwrap(model), state.epoch or 0.0)

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model, **kwargs
    ) -> None:
        # A fresh epoch starts at its whole number up to rounding of the step count.
        self.apply(_unwrap(model), round(state.epoch or 0.0, 6))


_SLICE = re.compile(r"(?P<layers>[\w.]+)\[(?P<first>-?\d*):(?P<last>-?\d*)\]")


def submodules(model: torch.nn.Module, path: str) -> list[torch.nn.Module]:
    """The modules a stage's path names: one, or a slice of a layer list.

    Raises:
        TrainingError: the model has no such module.
    """
    try:
        if not (found := _SLICE.fullmatch(path)):
            return [model.get_submodule(path)]
        first, last = (int(found[end]) if found[end] else None for end in ("first", "last"))
        return list(model.get_submodule(found["layers"])[first:last])
    except AttributeError as error:
        raise TrainingError(
            f"a stage names {path!r}, which {type(model).__name__} does not have ({error})"
        ) from error


class EveryAdapterLearns(TrainerCallback):
    """Stop at the first step if a trainable parameter has no gradient: an adapter the loss does not reach."""

    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model, **kwargs
    ) -> None:
        if state.global_step > 0:
            return
        without = [
            name for name, p in model.named_parameters() if p.requires_grad and p.grad is None
        ]
        if without:
            raise TrainingError(
                f"{len(without)} trainable parameters get no gradient, {without[0]} among them; is their module used at all?"
            )


class LossGuard(TrainerCallback):
    """Stop when a logged loss is NaN, infinite or negative: no correct loss is.

    Args:
        lowest: the lowest training loss let through; only a loss known to be wrong goes below 0.
    """

    def __init__(self, lowest: float = 0.0) -> None:
        self.lowest = {"loss": lowest, "eval_loss": 0.0}

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs=None,
        **kwargs,
    ) -> None:
        for name, lowest in self.lowest.items():
            value = (logs or {}).get(name)
            if value is not None and (not math.isfinite(value) or value < lowest):
                raise TrainingError(
                    f"{name} is {value} at step {state.global_step}; a loss is a finite number >= 0. "
                    "Check label padding (-100), clips shorter than their labels, and the learning rate"
                )


def _unwrap(model: torch.nn.Module) -> torch.nn.Module:
    return getattr(model, "module", model)
