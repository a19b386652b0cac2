"""Learning curves that grow while a notebook trains."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown, display
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from speakor_common.show import plots
from speakor_common.training.epochlog import LOG_FILE


class LiveCurves(TrainerCallback):
    """Redraw loss and validation error rates after every epoch, in one place below the cell.

    Drawn from ``training_log.csv``, so a continued run shows its earlier epochs too. When training
    ends the figure makes room for the finished one, which the notebook draws and saves.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._place = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs
    ) -> None:
        if state.is_world_process_zero:
            self._place = display(
                Markdown(f"*{self.name}: curves appear after the first epoch.*"), display_id=True
            )

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs
    ) -> None:
        log = Path(args.output_dir) / LOG_FILE
        if self._place is not None and log.is_file():
            figure = plots.learning_curves({self.name: pd.read_csv(log)})
            self._place.update(figure)
            plt.close(figure)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs
    ) -> None:
        if self._place is not None:
            self._place.update(
                Markdown(f"*{self.name}: training has ended after {state.global_step} steps.*")
            )
