"""Stop a run politely: SIGINT and SIGTERM save a checkpoint, and the same command continues from it."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from speakor_common import paths
from speakor_common.errors import TrainingInterrupted


def run_or_resume(trainer: Trainer, work: Path) -> None:
    """Train from the last checkpoint in ``work``, if there is one, to the end.

    Raises:
        TrainingInterrupted: a signal stopped the run; a checkpoint is saved.
    """
    signals = SaveOnSignal()
    trainer.add_callback(signals)
    try:
        trainer.train(
            resume_from_checkpoint=get_last_checkpoint(str(work)) if work.is_dir() else None
        )
    finally:
        signals.restore()
    if signals.received:
        raise TrainingInterrupted(
            f"{signals.received} at step {trainer.state.global_step} of {trainer.state.max_steps}; "
            f"a checkpoint is in {paths.relative(work)}, run the same command again to continue"
        )


class SaveOnSignal(TrainerCallback):
    """On SIGINT or SIGTERM, finish the step, save a checkpoint and stop; a second signal acts as usual.

    ``received`` is the signal's name, or ``None``.
    """

    def __init__(self) -> None:
        self.received: str | None = None
        self._previous: dict[int, Any] = {}

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs
    ) -> None:
        if (
            threading.current_thread() is threading.main_thread()
        ):  # Python allows handlers nowhere else
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
        if (
            self.received and not float(state.epoch).is_integer()
        ):  # part of an epoch is no candidate for the best one
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
    """Whether the flag is set in any process of a distributed run: all must stop at the same step."""
    if not torch.distributed.is_initialized():
        return flag
    flags = torch.tensor(int(flag), device=device)
    torch.distributed.all_reduce(flags, torch.distributed.ReduceOp.MAX)
    return bool(flags.item())
