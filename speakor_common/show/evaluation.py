"""What notebook 05 says below each figure: one sentence made from the numbers, with n.

Figures are in :mod:`speakor_common.show.rates`, the numbers come from
:mod:`speakor_common.evaluation`. Every ``finding_*`` returns Markdown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from speakor_common.batching.conditions import CLEAN, REAL
from speakor_common.evaluation.statistics import (
    FEWEST_SPEAKERS,
    POWER,
    Comparison,
    detectable_difference,
)
from speakor_common.evaluation.summary import DETECTABLE_WITH
from speakor_common.show.interval_texts import bounds_text, rate_text
from speakor_common.training.systems import in_order

Comparisons = dict[tuple[str, str], Comparison]  # by the names of the two models


def flag_table(metrics: dict[str, Any], experiment: str) -> pd.DataFrame:
    """How many of an experiment's clean utterances have which suspicious trait."""
    return pd.Series(metrics[experiment][CLEAN]["flags"], name="utterances").to_frame()


def finding_models(metrics: dict[str, Any], comparisons: Comparisons) -> str:
    """Rates of all systems, and whether pairs of them differ."""
    clean = {name: entry[CLEAN] for name, entry in metrics.items() if CLEAN in entry}
    rates = "; ".join(f"{name} {_wer(clean[name])}" for name in in_order(clean))
    n = next(iter(clean.values()))["n"]
    lines = [f"**Finding.** {rates} (n = {n})."]
    for pair, result in comparisons.items():
        measured = f"n = {result.difference.n}, {result.difference.speakers} speakers"
        lines.append(f"{difference(*pair, result)} ({measured}).")
        if result.primary and result.difference.interval:
            lines.append(detectable(result))
    return "\n\n".join(lines)


def detectable(result: Comparison) -> str:
    """Which difference in WER a test finds, with as many speakers and with more."""
    speakers = result.difference.speakers
    numbers = [speakers, *(number for number in DETECTABLE_WITH if number > speakers)]
    found = ", ".join(
        f"{detectable_difference(result.difference, number):.3f} with {number} speakers"
        for number in numbers
    )
    return f"A true difference in WER of this kind is found {POWER:.0%} of the time from {found}."


def difference(first: str, second: str, result: Comparison, digits: int = 3) -> str:
    """A paired difference in WER with its interval, and whether it was declared beforehand."""
    form = f"+.{digits}f"
    estimate = result.difference
    interval = bounds_text(estimate.interval, estimate.no_interval, form)
    kind = "primary" if result.primary else "exploratory"

    # The verdict is that of the corrected p where several differences were explored.
    if estimate.interval is None:
        verdict = "no verdict"
    else:
        verdict = "significant" if result.significant else "not significant"
    return f"{first} minus {second} {estimate.value:{form}} {interval}, {kind}, {verdict}"


def finding_native(entry: dict[str, Any] | None) -> str:
    """On the un-tuned base with native speakers it never heard; ``None`` where there are none."""
    if entry is None:
        return "This corpus holds no native speech to measure the base on."
    return f"On native speech it never heard, the base has {_wer(entry)} (n = {entry['n']})."


def finding_contexts(table: pd.DataFrame, short_minus_full: Comparison) -> str:
    """Whether a tuned Whisper does as well with its context cut to the clips as with all 30 s."""
    rates = " and ".join(
        f"{row['wer']:.4f} on {row['context']} context ({row['seconds']:.0f} s)"
        for _, row in table.iterrows()
    )
    names = table["context"].tolist()
    n = table["n"].iloc[0]
    apart = difference(*names, short_minus_full, digits=4)
    return f"**Finding.** WER {rates}: {apart} (validation, n = {n:.0f})."


def finding_groups(experiment: str, by_l1: pd.DataFrame, by_level: pd.DataFrame) -> str:
    """The best and the worst first language, and every level."""
    worst = by_l1.loc[by_l1["wer"].idxmax()]
    best = by_l1.loc[by_l1["wer"].idxmin()]
    levels = ", ".join(f"{row.level} {row.wer:.3f} (n = {row.n})" for row in by_level.itertuples())
    return (
        f"**Finding.** {experiment} is best on {best['l1']} ({best['wer']:.3f}, n = {best['n']}) "
        f"and worst on {worst['l1']} ({worst['wer']:.3f}, n = {worst['n']}). "
        f"By level: {levels}. Groups of fewer than {FEWEST_SPEAKERS} speakers have no interval."
    )


def finding_trend(experiment: str, table: pd.DataFrame, column: str) -> str:
    """From the first to the last group of an ordered breakdown, small groups left out."""
    large = table[~table["small"]]
    if len(large) < 2:
        return f"Too few utterances to compare groups of {column.replace('_bin', '')}."
    first = large.iloc[0]
    last = large.iloc[-1]
    return (
        f"**Finding.** {experiment}: from {first[column]} to {last[column]} WER goes "
        f"from {first['wer']:.3f} (n = {first['n']}) to {last['wer']:.3f} (n = {last['n']})."
    )


def finding_confusions(experiment: str, top: pd.DataFrame, n: int) -> str:
    """The three most frequent letter errors of ``error_tables.top_confusions``."""
    if top.empty:
        return f"**Finding.** {experiment} put no letter in the place of another in {n} utterances."
    named = [
        f"{row['part']} {row['reference']}→{row['hypothesis']} "
        f"{row['count']} times ({row['share']:.1%})"
        for _, row in top.head(3).iterrows()
    ]
    most = "; ".join(named)
    return f"**Finding.** Most frequent letter errors of {experiment}: {most} (n = {n} utterances)."


def finding_familiarity(experiment: str, table: pd.DataFrame) -> str:
    """On words seen and not seen in training transcripts, see ``error_tables.by_familiarity``."""
    seen = table.loc["seen"]
    unseen = table.loc["unseen"]
    return (
        f"**Finding.** {experiment} misses {seen['rate']:.1%} of the words its training "
        f"transcripts hold (n = {seen['words']:.0f}) and {unseen['rate']:.1%} of the others "
        f"(n = {unseen['words']:.0f})."
    )


def finding_suspects(suspects: pd.DataFrame, utterances: int) -> str:
    """On words that every model writes otherwise than the label."""
    of_these = suspects["utterance_id"].nunique()
    return f"**Finding.** {len(suspects)} words in {of_these} of {utterances} utterances."


def finding_conditions(experiments: Iterable[str], table: pd.DataFrame) -> str:
    """Clean, combined and worst condition of experiments, see ``report.condition_table``."""
    lines = []
    for experiment in experiments:
        rows = table[table["experiment"] == experiment].set_index("condition")
        wer = rows["wer"]
        if REAL not in wer.index:
            lines.append(f"**Finding.** {experiment} was measured on clean audio only.")
            continue
        worst = wer.idxmax()
        lines.append(
            f"**Finding.** {experiment}: WER {wer[CLEAN]:.3f} clean, {wer[REAL]:.3f} in the "
            f"combined real condition, worst {wer[worst]:.3f} ({worst}); "
            f"n = {rows.loc[CLEAN, 'n']} each."
        )
    return "\n\n".join(lines)


def _wer(entry: dict[str, Any]) -> str:
    return f"WER {rate_text(entry, 'wer')}"
