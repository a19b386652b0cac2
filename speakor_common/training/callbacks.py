"""Trainer callbacks that decide what learns when, and what stops a run, in anger or politely.

What a run writes down as it goes is left to :mod:`speakor_common.training.runlog`.
"""

from __future__ import annotations

import math
import re
import signal
import threading
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from speakor_common.errors import TrainingError
from speakor_common.training.preset import FEATURE_ENCODER, Stage

_SLICE = re.compile(r"(?P<layers>[\w.]+)\[(?P<first>-?\d*):(?P<last>-?\d*)\]")


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
        """Set ``requires_grad`` of every staged module for ``epoch``.

        Raises:
            TrainingError: a stage names a module the model does not have.
        """
        for stage in self.stages:
            for path in stage.modules:
                _set_trained(model, path, epoch >= stage.epoch)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model, **kwargs
    ) -> None:
        self.apply(_unwrap(model), state.epoch or 0.0)

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model, **kwargs
    ) -> None:
        # A fresh epoch starts at its whole number up to rounding of the step count.
        self.apply(_unwrap(model), round(state.epoch or 0.0, 6))


def _set_trained(model: torch.nn.Module, path: str, trained: bool) -> None:
    """Freeze what a stage's path names, or let it learn."""
    if path == FEATURE_ENCODER:
        # A model that is given spectra instead of a waveform has no feature encoder.
        if not hasattr(model, "freeze_feature_encoder"):
            return
        if not trained:
            model.freeze_feature_encoder()
            return

    for module in submodules(model, path):
        module.requires_grad_(trained)
        # By this flag a feature encoder asks for gradients of its input; its model clears it.
        if hasattr(module, "_requires_grad"):
            module._requires_grad = trained


def submodules(model: torch.nn.Module, path: str) -> list[torch.nn.Module]:
    """The modules of a model's encoder that a stage's path names: one, or a slice of a layer list.

    Raises:
        TrainingError: the model has no such module.
    """
    encoder = model.base_model
    try:
        if not (cut := _SLICE.fullmatch(path)):
            return [encoder.get_submodule(path)]
        first = int(cut["first"]) if cut["first"] else None
        last = int(cut["last"]) if cut["last"] else None
        return list(encoder.get_submodule(cut["layers"])[first:last])
    except AttributeError as error:
        raise TrainingError(
            f"a stage names {path!r}, which {type(encoder).__name__} does not have ({error})"
        ) from error


def _unwrap(model: torch.nn.Module) -> torch.nn.Module:
    return getattr(model, "module", model)


class EveryAdapterLearns(TrainerCallback):
    """Stop at the first step if a trainable parameter has no gradient.

    That is an adapter the loss does not reach.
    """

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
                f"{len(without)} trainable parameters get no gradient, {without[0]} among them; "
                "is their module used at all?"
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
        logs: dict[str, float] | None = None,
        **kwargs,
    ) -> None:
        for name, lowest in self.lowest.items():
            value = (logs or {}).get(name)
            if value is not None and (not math.isfinite(value) or value < lowest):
                raise TrainingError(
                    f"{name} is {value} at step {state.global_step}; "
                    "a loss is a finite number >= 0. Check label padding (-100), "
                    "clips shorter than their labels, and the learning rate"
                )


class SaveOnSignal(TrainerCallback):
    """On SIGINT or SIGTERM, finish the step, save a checkpoint and stop.

    A second signal acts as usual. ``received`` is the signal's name, or ``None``.
    """

    def __init__(self) -> None:
        self.received: str | None = None
        self._previous: dict[int, Any] = {}

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs
    ) -> None:
        # Python allows signal handlers in the main thread only.
        if threading.current_thread() is threading.main_thread():
            self._previous = {
                number: signal.signal(number, self._receive)
                for number in (signal.SIGINT, signal.SIGTERM)
            }

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs
    ) -> None:
        if _any_process(self.received is not None, args.device):
            self.received = self.received or "a signal to another process"
            control.should_save = control.should_training_stop = True

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs
    ) -> None:
        # An epoch that was cut short is no candidate for the best one.
        if self.received and not float(state.epoch).is_integer():
            control.should_evaluate = control.should_save = False

    def restore(self) -> None:
        """Give the signals back to whoever handled them before."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}

    def _receive(self, number: int, _frame: Any) -> None:
        self.received = signal.Signals(number).name
        self.restore()


def _any_process(flag: bool, device: torch.device) -> bool:
    """Whether the flag is set in any process of a distributed run: all stop at the same step."""
    if not torch.distributed.is_initialized():
        return flag
    flags = torch.tensor(int(flag), device=device)
    torch.distributed.all_reduce(flags, torch.distributed.ReduceOp.MAX)
    return bool(flags.item())
