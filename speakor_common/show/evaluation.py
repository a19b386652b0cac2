"""One sentence under each figure of notebook 05, made from the numbers, with n."""

from __future__ import annotations

from typing import Any

import pandas as pd

from speakor_common.batching.conditions import CLEAN, REAL
from speakor_common.evaluation.statistics import Comparison


def l1_by_level(table: pd.DataFrame) -> str:
    """On a table of utterances by first language (rows) and level (columns)."""
    total = int(table.to_numpy().sum())
    shares = ", ".join(f"{level} {table[level].sum() / total:.0%}" for level in table.columns)
    fewest = int(table.to_numpy().min())
    return f"**Finding.** Levels of learner utterances: {shares} (n = {total}); the smallest cell holds {fewest}."


def quarantine(table: pd.DataFrame, total: int) -> str:
    """On rejected items out of ``total`` delivered ones."""
    return f"**Finding.** {len(table)} of {total} items were rejected" + (
        ", each with a reason above." if len(table) else "."
    )


def models(metrics: dict[str, Any], comparisons: dict[tuple[str, str], Comparison]) -> str:
    """Rates of all models and whether pairs of them differ."""
    rates = "; ".join(
        f"{name} WER {entry[CLEAN]['wer']:.3f} [{entry[CLEAN]['wer_95'][0]:.3f}, {entry[CLEAN]['wer_95'][1]:.3f}]"
        for name, entry in metrics.items()
    )
    n = next(iter(metrics.values()))[CLEAN]["n"]
    lines = [f"**Finding.** {rates} (n = {n})."]
    for pair, result in comparisons.items():
        lines.append(
            f"{difference(*pair, result)} (n = {result.difference.n}, {result.difference.speakers} speakers)."
        )
    return "\n\n".join(lines)


def difference(first: str, second: str, result: Comparison, digits: int = 3) -> str:
    """A paired difference in WER with its interval, called not significant where that holds 0."""
    d = result.difference
    verdict = "" if result.significant else ", not significant"
    return f"{first} minus {second} {d.value:+.{digits}f} [{d.low:+.{digits}f}, {d.high:+.{digits}f}]{verdict}"


def native(entry: dict[str, Any] | None) -> str:
    """On the un-tuned base with native speakers it never heard."""
    if entry is None:
        return "This corpus holds no native speech to measure the base on."
    low, high = entry["wer_95"]
    return f"On native speech it never heard, the base has WER {entry['wer']:.3f} [{low:.3f}, {high:.3f}] (n = {entry['n']})."


def contexts(table: pd.DataFrame, apart: Comparison) -> str:
    """Whether a tuned Whisper hears the same with its context cut to the clips and with the stock one."""
    short, stock = table.iloc[0], table.iloc[1]
    rates = " and ".join(
        f"{row['wer']:.4f} on {row['context']} context ({row['seconds']:.0f} s)"
        for row in (short, stock)
    )
    return f"**Finding.** WER {rates}: {difference('short', 'stock', apart, 4)} (validation, n = {short['n']:.0f})."


def groups(experiment: str, by_l1: pd.DataFrame, by_level: pd.DataFrame) -> str:
    worst, best = by_l1.loc[by_l1["wer"].idxmax()], by_l1.loc[by_l1["wer"].idxmin()]
    levels = ", ".join(f"{row.level} {row.wer:.3f} (n = {row.n})" for row in by_level.itertuples())
    return (
        f"**Finding.** {experiment} is best on {best['l1']} ({best['wer']:.3f}, n = {best['n']}) and worst on {worst['l1']} "
        f"({worst['wer']:.3f}, n = {worst['n']}). By level: {levels}. Few speakers a group make these intervals wide."
    )


def trend(experiment: str, table: pd.DataFrame, column: str) -> str:
    """From the first to the last group of an ordered breakdown, small groups left out."""
    large = table[~table["small"]]
    if len(large) < 2:
        return f"Too few utterances to compare groups of {column.replace('_bin', '')}."
    first, last = large.iloc[0], large.iloc[-1]
    return (
        f"**Finding.** {experiment}: from {first[column]} to {last[column]} WER goes from {first['wer']:.3f} (n = {first['n']}) "
        f"to {last['wer']:.3f} (n = {last['n']})."
    )


def confusions(experiment: str, top: pd.DataFrame, n: int) -> str:
    if top.empty:
        return f"**Finding.** {experiment} put no letter in the place of another in {n} utterances."
    first = "; ".join(
        f"{row.part} {row.reference}→{row.hypothesis} {row.times} times ({row.share:.1%})"
        for row in _counts(top.head(3))
    )
    return (
        f"**Finding.** Most frequent letter errors of {experiment}: {first} (n = {n} utterances)."
    )


def familiarity(experiment: str, table: pd.DataFrame) -> str:
    """On words that were and were not in the training transcripts, see ``errors.by_familiarity``."""
    seen, unseen = table.loc["seen"], table.loc["unseen"]
    return (
        f"**Finding.** {experiment} misses {seen['rate']:.1%} of the words its training transcripts hold (n = {seen['words']:.0f}) and "
        f"{unseen['rate']:.1%} of the others (n = {unseen['words']:.0f})."
    )


def _counts(top: pd.DataFrame):
    return top.rename(columns={"count": "times"}).itertuples()


def conditions(experiment: str, table: pd.DataFrame) -> str:
    rows = table[table["experiment"] == experiment].set_index("condition")
    if REAL not in rows.index:
        return f"**Finding.** {experiment} was measured on clean audio only."
    worst = rows["wer"].idxmax()
    return (
        f"**Finding.** {experiment}: WER {rows.loc[CLEAN, 'wer']:.3f} clean, {rows.loc[REAL, 'wer']:.3f} in the combined real "
        f"condition, worst {rows.loc[worst, 'wer']:.3f} ({worst}); n = {rows.loc[CLEAN, 'n']} each."
    )


def feedback(table: pd.DataFrame) -> str:
    """On how well reported pronunciation deviations agree with planted ones, see ``detection.table``."""
    if table.empty:
        return (
            "**Finding.** This corpus has no planted deviations to score the reported ones against."
        )
    row = table.loc["all"]
    l1s = [name for name in table.index if len(name) == 2]
    groups = ", ".join(f"{l1} {table.loc[l1, 'f1']:.2f}" for l1 in l1s)
    return (
        f"**Finding.** Of {row['planted']:.0f} planted deviations {row['recall']:.0%} are reported; {row['precision']:.0%} of the "
        f"{row['reported']:.0f} reported ones are planted: F1 {row['f1']:.2f} (n = {row['n']:.0f} utterances; by first language {groups}). "
        f"FRR {row['frr']:.3f}, FAR {row['far']:.2f}; of those found {row['der']:.0%} are given another sound than was said."
    )
