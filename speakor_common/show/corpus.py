"""A corpus as people look at it: tables, figures and findings of notebook 01.

Reads what preparation wrote (manifest, quarantine, audit) and listens to a few clips. What is
prepared, and how, is the business of :mod:`speakor_common.corpus`.
"""

from __future__ import annotations

import html
from typing import Any

import pandas as pd
from datasets import Dataset
from IPython.display import HTML
from matplotlib.axes import Axes

from speakor_common import audio
from speakor_common.batching.collate import to_label_form
from speakor_common.corpus.splits import SPLITS
from speakor_common.errors import AudioError, CheckpointError
from speakor_common.models.checkpoints import find_checkpoint
from speakor_common.show import palette, plots
from speakor_common.show.explorer.listen import player
from speakor_common.storage import read_json

LEVEL_ORDER = ("하", "중", "상")  # rated speech level, from low to high
WRITTEN = ("manifest.csv", "quarantine.csv", "skipped.csv", "audit.json")  # by preparation
_SPEAKERS_SHOWN = 40
_SPLIT_COLORS = {
    "train": palette.BLUE,
    "valid": palette.ORANGE,
    "test": palette.VERMILION,
    "unused": palette.LEFT_OUT,
}


# Tables


def overview(manifest: pd.DataFrame) -> pd.DataFrame:
    """Utterances, hours, speakers and prompts by first language and split."""
    groups = manifest.groupby(["l1", "split"], sort=True)
    return groups.agg(
        utterances=("utterance_id", "size"),
        hours=("duration_s", lambda seconds: round(seconds.sum() / 3600, 3)),
        speakers=("speaker_id", "nunique"),
        prompts=("prompt_id", "nunique"),
    )


def quarantine_reasons(quarantine: pd.DataFrame) -> pd.DataFrame:
    """How many items were rejected for which reason, with one example file each."""
    table = quarantine.groupby("reason").agg(items=("file", "size"), example=("file", "first"))
    return table.sort_values("items", ascending=False)


def coverage_table(report: dict[str, Any]) -> pd.DataFrame:
    """Words, syllables and jamo of the test split that training never shows."""
    return pd.DataFrame(report["coverage"], dtype=object).T.rename_axis("unit")


def cross_counts(manifest: pd.DataFrame, rows: str, columns: str) -> pd.DataFrame:
    """Utterances for each pair of values; levels in :data:`LEVEL_ORDER`, other values behind."""
    table = manifest.pivot_table(
        index=rows, columns=columns, values="utterance_id", aggfunc="count", fill_value=0
    )
    return table[_levels_first(table.columns)]


def out_of_vocabulary(manifest: pd.DataFrame, base: str) -> pd.DataFrame:
    """Label symbols that a CTC checkpoint's vocabulary cannot write, by split.

    Returns:
        columns ``split, symbols, distinct, not in vocabulary, which``; one line that says why if
        the checkpoint is not here.
    """
    try:
        vocabulary = read_json(find_checkpoint(base) / "vocab.json")
    except CheckpointError as error:
        return pd.DataFrame({"out-of-vocabulary check": [f"not possible: {error}"]})

    # Labels as the tokenizer gets them, symbol by symbol.
    rows = []
    for split in SPLITS:
        texts = manifest.loc[manifest["split"] == split, "text"]
        labels = [to_label_form(text, vocabulary).replace(" ", "") for text in texts]
        symbols = pd.Series(list("".join(labels)), dtype=str)
        missing = symbols[~symbols.isin(set(vocabulary))]
        rows.append(
            {
                "split": split,
                "symbols": len(symbols),
                "distinct": symbols.nunique(),
                "not in vocabulary": len(missing),
                "which": " ".join(sorted(missing.unique())[:20]),
            }
        )
    return pd.DataFrame(rows)


def clips_per_speaker(manifest: pd.DataFrame) -> pd.Series:
    """Clips of each speaker, the busiest first."""
    return manifest.groupby("speaker_id").size().sort_values(ascending=False)


def syllable_counts(manifest: pd.DataFrame) -> pd.Series:
    """Syllables of each label, spaces not counted."""
    return manifest["text"].str.replace(" ", "").str.len()


def loudness(data: Dataset, limit: int) -> pd.Series:
    """RMS level (dB) of up to ``limit`` clips as recorded; NaN where a clip cannot be read."""
    rows = data.shuffle(seed=0).select(range(min(limit, len(data))))
    return pd.Series([_level_db(source) for source in rows["audio"]], dtype=float)


def one_each(data: Dataset, column: str) -> list[dict[str, Any]]:
    """The first row of every value of a column, in the order of the values."""
    values = list(data[column])
    firsts = [values.index(value) for value in sorted(set(values))]
    return [data[i] for i in firsts]


def to_listen_to(data: Dataset, column: str) -> list[HTML]:
    """A player with label and text for :func:`one_each` of a column's values."""
    shown = []
    for row in one_each(data, column):
        facts = html.escape(f"{row['l1']} · {row['level']} · {row['utterance_id']}")
        texts = f"label: {html.escape(row['raw_text'])}<br>text: {html.escape(row['text'])}"
        shown.append(HTML(f"<b>{facts}</b><br>{player(row['audio'])}<br>{texts}"))
    return shown


# Figures


def speaker_bars(speakers: pd.Series) -> Axes:
    """Clips of the busiest speakers of :func:`clips_per_speaker`."""
    title = f"Learner speakers ({len(speakers)}, at most {_SPEAKERS_SHOWN} shown)"
    return plots.horizontal_bars(speakers.head(_SPEAKERS_SHOWN), "utterances", title)


def duration_outlines(manifest: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Histogram of clip durations, one outline a split."""
    ax = plots.ensure_axes(ax)
    for split, rows in manifest.groupby("split"):
        ax.hist(
            rows["duration_s"],
            bins=40,
            histtype="step",
            linewidth=1.8,
            color=_SPLIT_COLORS.get(split),
            label=f"{split} (n = {len(rows)})",
        )
    ax.set(xlabel="clip duration (s)", ylabel="clips", title="Clip durations")
    ax.legend()
    return ax


def length_histogram(syllables: pd.Series) -> Axes:
    """Histogram of :func:`syllable_counts`, a bar a length."""
    bins = range(int(syllables.max()) + 2)
    title = "Length of learner utterances"
    return plots.histogram(syllables, "syllables in the label", title, bins)


def loudness_histogram(levels: pd.Series) -> Axes:
    """Histogram of :func:`loudness`, what could not be read left out."""
    xlabel = "level before normalisation (dB RMS)"
    return plots.histogram(levels.dropna(), xlabel, "Loudness of training clips")


# Findings: one sentence under each figure, made from the numbers, with n


def finding_quarantine(quarantine: pd.DataFrame, manifest: pd.DataFrame) -> str:
    """How much of what was delivered was rejected."""
    reasons = ", each with a reason above" if len(quarantine) else ""
    total = len(manifest) + len(quarantine)
    return f"**Finding.** {len(quarantine)} of {total} items were rejected{reasons}."


def finding_levels(table: pd.DataFrame) -> str:
    """On a table of utterances by first language (rows) and level (columns)."""
    total = int(table.to_numpy().sum())
    fewest = int(table.to_numpy().min())
    shares = ", ".join(f"{level} {table[level].sum() / total:.0%}" for level in table.columns)
    return (
        f"**Finding.** Levels of learner utterances: {shares} (n = {total}); "
        f"the smallest cell holds {fewest}."
    )


def finding_speakers(speakers: pd.Series) -> str:
    """On :func:`clips_per_speaker`."""
    return (
        f"**Finding.** {len(speakers)} learners recorded {speakers.min()} to {speakers.max()} "
        f"clips each (n = {speakers.sum()})."
    )


def finding_durations(manifest: pd.DataFrame) -> str:
    """How long clips are."""
    seconds = manifest["duration_s"]
    return (
        f"**Finding.** Clips last {seconds.min():.1f} to {seconds.max():.1f} s, "
        f"median {seconds.median():.1f} s (n = {len(seconds)}); "
        "short enough for a CTC model to train in small batches."
    )


def finding_speech_rate(manifest: pd.DataFrame) -> str:
    """How many syllables a second speakers of each level say, pauses included."""
    rates = syllable_counts(manifest) / manifest["duration_s"]
    means = rates.groupby(manifest["level"]).mean()
    named = ", ".join(f"{level} {means[level]:.2f}" for level in _levels_first(means.index))
    return f"**Finding.** Syllables a second by level: {named} (n = {len(manifest)})."


def finding_loudness(levels: pd.Series) -> str:
    """How far recordings differ in level, and how many could not be read."""
    unreadable = int(levels.isna().sum())
    silent = f"; {unreadable} more could not be read" if unreadable else ""
    return (
        f"**Finding.** Levels spread over {levels.max() - levels.min():.0f} dB "
        f"(n = {levels.notna().sum()}{silent}), so clips are brought to one level on loading."
    )


def _level_db(source: bytes | str) -> float:
    try:
        return audio.rms_db(audio.decode(source))
    except AudioError:
        return float("nan")


def _levels_first(values: pd.Index) -> list[str]:
    levels = [level for level in LEVEL_ORDER if level in values]
    return levels + [value for value in values if value not in levels]
