"""What splits share, as people look at it: tables, a figure and findings of notebook 01.

Reads ``audit.json`` (:mod:`speakor_common.corpus.audit`) and nothing else.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from speakor_common.corpus.text_overlap import WORDS_APART
from speakor_common.show import plots

_SHARES = ("words", "2-grams", "3-grams", "4-grams", "frames", "identical")


def shared_table(report: dict[str, Any]) -> pd.DataFrame:
    """What each pair of splits shares: rows speakers, prompts, audio, texts."""
    return pd.DataFrame(report["shared"]).T.rename_axis("shared by")


def voice_table(report: dict[str, Any]) -> pd.DataFrame:
    """Nearest voices by pair of splits; one line that says why if voices were not compared."""
    voices = report["voices"]
    if "not_compared" in voices:
        return pd.DataFrame({"voices": [f"not compared: {voices['not_compared']}"]})
    rows = {"a speaker to himself": voices["own"]}
    rows |= {pair: found["nearest"] for pair, found in voices["between"].items()}
    table = pd.DataFrame(rows).T.rename_axis("similarity")
    counts = {pair: found["same_voice"] for pair, found in voices["between"].items()}
    return table.assign(**{"pairs of one voice": pd.Series(counts)})


def overlap_table(report: dict[str, Any]) -> pd.DataFrame:
    """Shares of each family of texts that training has, 0 to 1, and how many sentences."""
    families = report["text_overlap"]["families"]
    rows = {name: {key: each[key] for key in _SHARES} for name, each in families.items()}
    table = pd.DataFrame(rows, dtype=float).T.rename_axis("seen in training")
    return table.assign(sentences=[each["sentences"] for each in families.values()])


def nearest_bars(report: dict[str, Any]) -> Axes:
    """Sentences by their least distance to one of training, a heat map of families."""
    families = report["text_overlap"]["families"]
    rows = {name: each["nearest"]["words_apart"] for name, each in families.items()}
    table = pd.DataFrame(rows).T[list(WORDS_APART)]
    table = table.rename_axis(columns="words that differ from the nearest training sentence")
    return plots.heat_map(table, "How far sentences are from training", unit="sentences")


def finding_voices(report: dict[str, Any]) -> str:
    """Whether voices of two splits are as near as one voice."""
    voices = report["voices"]
    if "not_compared" in voices:
        return f"**Finding.** Voices were not compared: {voices['not_compared']}."
    pairs = sum(found["same_voice"] for found in voices["between"].values())
    recordings = voices["two_voices"]["in_a_recording"]
    return (
        f"**Finding.** {pairs} pairs of speakers of two splits sound like one voice, "
        f"{voices['same_split']['same_voice']} pairs within a split (similarity of "
        f"{voices['threshold']:.2f} or more; n = {voices['speakers']} speakers, "
        f"{voices['clips']} clips drawn). {recordings['suspects']} of {recordings['compared']} "
        "recordings may hold two voices."
    )


def finding_overlap(report: dict[str, Any]) -> str:
    """How much of the learners' test texts training has said, and how much prompts are shared."""
    prompts = report["shared"]["prompts"]["train-test"]
    shared = f"{prompts} prompts of test are read in training too"
    test = report["text_overlap"]["families"].get("test")
    if test is None:
        return f"**Finding.** {shared}."
    near = sum(test["nearest"]["words_apart"][name] for name in ("0", "1"))
    known = report["text_overlap"]["training_sentences"]
    return (
        f"**Finding.** Training has {test['words']:.0%} of the words of the learners' test texts "
        f"and {test['frames']:.0%} of their frames; {near} of {test['sentences']} sentences are at "
        f"most one word from a sentence of training ({test['nearest']['compared']} of {known} "
        f"searched); {shared}."
    )
