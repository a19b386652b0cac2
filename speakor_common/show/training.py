"""Training runs as people look at them: settings, curves that grow, facts, and studies.

What notebooks 02 to 04 show. Runs are made by :mod:`speakor_common.training`, studies of
several seeds by :mod:`speakor_common.pipeline.study`; here their files become tables, figures
and sentences.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from speakor_common import paths
from speakor_common.show import palette, plots
from speakor_common.show.interval_texts import verdict_text
from speakor_common.training.fingerprints import finished_run
from speakor_common.training.preset import NEVER, Experiment
from speakor_common.training.runlog import LOG_FILE, clips_used, training_seconds

_COST = ("clips", "steps", "seconds", "peak_memory_mib")
_WHOSE = ("trained_as", "training_seconds", "code_revision", "fingerprint")
_FACTS = (*_COST, "left_out", "best_validation_wer", *_WHOSE)
_ADAPTER = ("base_directory", "quantized", "encoder_positions", "trainable_parameters", *_COST)


# Tables of a run


def setting_table(experiment: Experiment, changed: dict[str, tuple]) -> pd.DataFrame:
    """Every field of an experiment as used, and the preset's value where the profile changed it."""
    rows = []
    for key, value in experiment.settings().items():
        preset = str(changed[key][0]) if key in changed else ""
        rows.append({"setting": key, "used": str(value), "preset": preset})
    return pd.DataFrame(rows).set_index("setting")


def fact_table(run: dict[str, Any]) -> pd.DataFrame:
    """What a run took: clips, steps, seconds, memory, versions. ``run`` is a ``run.json``."""
    return pd.DataFrame({"value": {key: str(run[key]) for key in _FACTS if key in run}})


def adapter_table(run: dict[str, Any]) -> pd.DataFrame:
    """What a Whisper adapter run used, from its ``run.json``."""
    return pd.DataFrame({"value": {key: str(run[key]) for key in _ADAPTER}})


def weight_table(run: dict[str, Any]) -> pd.DataFrame:
    """What each feature of the decoder's log-linear model weighs, from the ``run.json``."""
    return pd.Series(run["decoding"]["weights"], name="weight").to_frame().round(2)


def validation_table(experiments: list[str], profile: str) -> pd.DataFrame:
    """Best validation WER, steps and minutes of training of finished runs; others are left out."""
    rows = []
    for name in experiments:
        if run := finished_run(paths.model(name, profile)):
            rows.append(
                {
                    "experiment": name,
                    "best validation WER": run["best_validation_wer"],
                    "optimiser steps": run["steps"],
                    "clips": run["clips"],
                    "minutes": round(training_seconds(run) / 60, 1),
                }
            )
    return pd.DataFrame(rows)


# Learning curves


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
            waiting = Markdown(f"*{self.name}: curves appear after the first epoch.*")
            self._place = display(waiting, display_id=True)

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs
    ) -> None:
        log = Path(args.output_dir) / LOG_FILE
        if self._place is not None and log.is_file():
            figure = learning_curves({self.name: pd.read_csv(log)})
            self._place.update(figure)
            plt.close(figure)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs
    ) -> None:
        if self._place is not None:
            steps = state.global_step
            self._place.update(Markdown(f"*{self.name}: training ended after {steps} steps.*"))


def show_curves(experiment: Experiment, profile: str, run: dict[str, Any]) -> None:
    """Draw, save and display a finished run's learning curves, and say what they show."""
    name = experiment.name
    log = pd.read_csv(paths.model(name, profile) / LOG_FILE)
    figure = learning_curves({name: log}, unfreezing_epochs(experiment))
    path = paths.results(profile) / "figures" / f"{name}_curves.png"
    plots.show_figure(figure, path, finding_curves(name, log, run))


def learning_curves(
    logs: dict[str, pd.DataFrame], unfrozen_at: dict[str, float] | None = None
) -> Figure:
    """Loss and, where it was measured, validation WER by epoch, one colour an experiment.

    Args:
        logs: training logs by experiment.
        unfrozen_at: epoch at which modules were unfrozen, by experiment; a dotted line marks it.
    """
    plots.use_hangul_font()
    rates = any(log["wer"].notna().any() for log in logs.values())
    size = (11 if rates else 6, 3.8)
    figure, axes = plt.subplots(1, 1 + rates, figsize=size, layout="constrained", squeeze=False)

    # Losses are on the left; without error rates that is the only panel.
    left = axes[0, 0]
    right = axes[0, -1]
    for color, (name, log) in zip(palette.SERIES, logs.items(), strict=False):
        _draw_losses(left, name, log, color)
        if log["wer"].notna().any():
            _draw_rates(right, name, log, color)
        if unfrozen_at and name in unfrozen_at:
            for ax in axes.flat:
                ax.axvline(unfrozen_at[name], color=color, linestyle=":", alpha=0.6)

    left.set(xlabel="epoch", ylabel="loss (mean a label)", title="Loss")
    if rates:
        right.set(xlabel="epoch", ylabel="error rate", title="On validation", ylim=(0, None))
    for ax in axes.flat:
        if ax.get_legend_handles_labels()[0]:
            ax.legend(fontsize=8)
    return figure


def _draw_losses(ax: Axes, name: str, log: pd.DataFrame, color: str) -> None:
    ax.plot(log["epoch"], log["train_loss"], color=color, marker=".", label=f"{name}, training")
    evaluated = log.dropna(subset="validation_loss")  # not every row of a short run is
    style = {"color": color, "marker": "o", "fillstyle": "none", "linestyle": "--"}
    loss = evaluated["validation_loss"]
    ax.plot(evaluated["epoch"], loss, label=f"{name}, validation", **style)


def _draw_rates(ax: Axes, name: str, log: pd.DataFrame, color: str) -> None:
    epochs = log["epoch"]
    ax.plot(epochs, log["wer"], color=color, marker="o", markersize=3, label=f"{name} WER")
    ax.plot(epochs, log["cer"], color=color, linestyle=":", label=f"{name} CER")


def unfreezing_epochs(experiment: Experiment) -> dict[str, float]:
    """Epoch at which the first frozen modules are trained, if the run lasts that long."""
    epochs = [
        stage.epoch
        for stage in getattr(experiment.training, "stages", ())
        if stage.epoch not in (0, NEVER) and stage.epoch < experiment.training.epochs
    ]
    return {experiment.name: min(epochs)} if epochs else {}


def finding_curves(name: str, log: pd.DataFrame, run: dict[str, Any]) -> str:
    """One sentence on a learning curve."""
    losses = log["train_loss"]
    validation = log["validation_loss"].dropna()
    evaluations = f"{len(validation)} evaluation{'s' * (len(validation) != 1)}"
    text = f"**Finding.** {name}: training loss {losses.iloc[0]:.3f} → {losses.iloc[-1]:.3f}, "
    text += f"validation loss {validation.iloc[0]:.3f} → {validation.iloc[-1]:.3f} in {evaluations}"
    if log["wer"].notna().any():
        text += f"; validation WER {log['wer'].iloc[0]:.3f} → {log['wer'].min():.3f} at best"
    took = f"{run['steps']} steps, {training_seconds(run) / 60:.1f} min"
    took += f", trained as {run['trained_as']}" if "trained_as" in run else ""
    kept = f"; kept is epoch {run['best_epoch']:g}" if "best_epoch" in run else ""
    return f"{text}{kept} (training clips: {clips_used(run)}; {took})."


# Studies of several seeds


def show_study(study: str, profile: str) -> None:
    """Display a study's figure, verdicts and finding, or say how to measure what is not there."""
    folder = paths.results(profile)
    runs = folder / f"{study}.csv"
    verdicts = folder / f"{study}_verdicts.csv"
    if not (runs.is_file() and verdicts.is_file()):
        display(Markdown(f"Not measured in this profile; `make {study} PROFILE={profile}` does."))
        return

    # Figure and finding first, then the numbers behind them.
    table = pd.read_csv(runs)
    claims = pd.read_csv(verdicts)
    finding = finding_study(table, claims)
    plots.show_figure(study_dots(table), folder / "figures" / f"{study}.png", finding)
    display(claims.round(4))


def study_dots(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Test WER of every run, a dot a seed and a bar at the mean, in the order of the ladder."""
    trained = table.dropna(subset=["wer"])
    names = list(dict.fromkeys(table["variant"]))
    ax = plots.ensure_axes(ax, 9)

    # A dot a seed and a bar at their mean, or why there is none.
    for position, name in enumerate(names):
        rates = trained.loc[trained["variant"] == name, "wer"]
        ax.plot([position] * len(rates), rates, "o", color=palette.BLUE, alpha=0.7)
        if len(rates):
            ends = (position - 0.25, position + 0.25)
            ax.hlines(rates.mean(), *ends, color=palette.VERMILION, linewidth=2.5)
        else:
            ax.text(position, 0.02, "stopped by\nthe loss guard", ha="center", fontsize=8)

    # How many seeds and clips the dots rest on.
    ax.set_xticks(range(len(names)), names)
    seeds = ", ".join(str(seed) for seed in sorted(table["seed"].unique()))
    clips = int(trained["n"].iloc[0]) if len(trained) else 0
    top = 1.1 * trained["wer"].max() if len(trained) else 1
    title = f"Seeds {seeds}; n = {clips} test clips each"
    ax.set(ylabel="WER on the test split", ylim=(0, top), title=title)
    return ax


def finding_study(table: pd.DataFrame, verdicts: pd.DataFrame) -> str:
    """One sentence a claim: did it help, and how sure is that."""
    lines = ["**Finding.**"]
    for row in verdicts.itertuples():
        lines.append(f"- **{row.variant}** against {row.against}: {verdict_text(row)}. {row.claim}")

    # A loss below zero is impossible, and a stopped run is a result too.
    for name, rows in table[table["lowest_train_loss"] < 0].groupby("variant"):
        lowest = rows["lowest_train_loss"].min()
        lines.append(f"- **{name}**: the training loss fell to {lowest:.3f}; a correct one cannot.")
    for name, rows in table.dropna(subset=["stopped"]).groupby("variant"):
        reason = rows["stopped"].iloc[0].split(";")[0]
        lines.append(f"- **{name}**: training stopped, {reason}.")
    return "\n".join(lines)
