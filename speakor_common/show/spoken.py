"""What was said against what was meant, for people to read: laundering, and detection.

Tables, a figure and findings of what :mod:`speakor_common.evaluation.laundering` and
:mod:`speakor_common.pronunciation.detection_rates` count. A corpus of which nobody knows what was
said otherwise than meant has empty tables.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from speakor_common.batching.conditions import CLEAN
from speakor_common.evaluation.laundering import FATES, LISTENER
from speakor_common.evaluation.statistics import reason_for_none
from speakor_common.show import palette
from speakor_common.show.interval_texts import bounds_text, rate_text
from speakor_common.show.plots import ensure_axes

_COLOURS = dict(zip(FATES, (palette.BLUE, palette.VERMILION, palette.TOO_FEW), strict=True))
_SHOWN = ("precision", "recall", "f1", "frr", "false_per_1000")
_NO_BOUNDS = (float("nan"), float("nan"))


def laundering_entries(metrics: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What metrics.json says of laundering, by model, the listener last."""
    entries = {
        name: conditions[CLEAN]["laundering"]
        for name, conditions in metrics.items()
        if "laundering" in conditions.get(CLEAN, {})
    }
    listener = metrics.get(LISTENER, {}).get("laundering")
    return entries | ({LISTENER: listener} if listener else {})


def laundering_table(metrics: dict[str, Any], by: str = "") -> pd.DataFrame:
    """Shares of known deviations that each model corrects, keeps and mangles.

    Args:
        by: a breakdown of metrics.json, such as ``l1``; without it all deviations together.

    Returns:
        columns ``model``, that of ``by``, ``n``, ``unwritable``, ``speakers``, each share, and
        ``<share>_low`` and ``<share>_high`` of its 95 % interval where it has one.
    """
    rows = []
    for model, entry in laundering_entries(metrics).items():
        for group in entry["breakdowns"].get(by, []) if by else [entry]:
            row = {"model": model} | ({by: group[by]} if by else {})
            row |= {name: group[name] for name in ("n", "unwritable", "speakers")}
            for fate in FATES:
                low, high = group.get(f"{fate}_95") or _NO_BOUNDS
                row |= {fate: group[fate], f"{fate}_low": low, f"{fate}_high": high}
            rows.append(row)
    return pd.DataFrame(rows)


def laundering_bars(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """A bar a model, divided into what it corrects, keeps and mangles.

    Args:
        table: of :func:`laundering_table`, all deviations together.
    """
    ax = ensure_axes(ax, 8, 1.4 + 0.45 * len(table))
    ax.set(xlabel="share of known deviations", xlim=(0, 1))
    if table.empty:
        ax.set(title="No deviations are known in this corpus")
        return ax

    # Shares beside each other, each that has room with its value.
    left = pd.Series(0.0, index=table.index)
    for fate in FATES:
        shares = table[fate].astype(float).fillna(0.0)
        ax.barh(table["model"], shares, left=left, color=_COLOURS[fate], label=fate)
        for y, (start, share) in enumerate(zip(left, shares, strict=True)):
            if share > 0.06:
                ax.text(start + share / 2, y, f"{share:.2f}", ha="center", va="center")
        left += shares
    ax.invert_yaxis()
    ax.legend(ncols=len(FATES), loc="lower left", bbox_to_anchor=(0, 1.08), frameon=False)
    ax.set_title(f"What transcripts make of what was said otherwise (n = {table['n'].iloc[0]})")
    return ax


def finding_laundering(table: pd.DataFrame) -> str:
    """What each model corrects, keeps and mangles, see :func:`laundering_table`."""
    if table.empty:
        return (
            "**Finding.** Of this corpus nobody knows what was said otherwise than meant, so "
            "nothing can be said of laundering."
        )
    first = table.iloc[0]
    lines = [
        f"{row['model']} corrects {_share(row, 'corrected')}, keeps {_share(row, 'kept')} and "
        f"mangles {_share(row, 'mangled')}"
        for _, row in table.iterrows()
    ]
    return (
        f"**Finding.** Of the deviations that spelling can show (n = {first['n']}, "
        f"{first['speakers']} speakers; {first['unwritable']} more cannot be written), "
        f"{'; '.join(lines)}."
    )


def share_text(entry: dict[str, Any] | None, fate: str) -> str:
    """One share of a model's laundering with its interval; a dash where nothing is known."""
    if not entry or entry[fate] is None:
        return "–"
    return rate_text(entry, fate)


def listener_sentence(metrics: dict[str, Any]) -> str:
    """What the native listener makes of the deviations in a table's column; empty if unknown."""
    entry = laundering_entries(metrics).get(LISTENER)
    if not entry:
        return ""
    return (
        "*Corrected*: the share of what learners said otherwise than meant that a transcript "
        f"silently corrects. The native listener corrects {share_text(entry, 'corrected')} and "
        f"keeps {share_text(entry, 'kept')} (n = {entry['n']}, {entry['speakers']} speakers)."
    )


def detection_rows(metrics: dict[str, Any]) -> pd.DataFrame:
    """What metrics.json says of detection; empty where it says nothing."""
    return pd.DataFrame(metrics.get(LISTENER, {}).get("detection", []))


def finding_feedback(table: pd.DataFrame) -> str:
    """How well reported deviations agree with known ones, of the listener and of yardsticks.

    Args:
        table: of :func:`.detection_rates.detection_table`.
    """
    if table.empty:
        return (
            "**Finding.** This corpus has no known deviations to score the reported ones against."
        )
    whole = table[table["l1"] == "all"].set_index(["system", "group"])
    row = whole.loc[(LISTENER, "all")]
    sentences = [
        f"**Finding.** Of {row['planted']:.0f} known deviations {row['recall']:.0%} are reported; "
        f"{row['precision']:.0%} of the {row['reported']:.0f} reported ones are known: "
        f"F1 {_value(row, 'f1')} (n = {row['n']:.0f} utterances, {row['speakers']:.0f} speakers). "
        f"{row['frr']:.1%} of the sounds said right are reported, and "
        f"{row['false_per_1000']:.0f} false alarms come on 1,000 syllables; of the deviations "
        f"found {row['der']:.0%} are given another sound than was said."
    ]

    # Of what nobody annotated nothing is said.
    left_out = row.get("not_annotated", 0) + row.get("unusable", 0)
    if left_out:
        sentences.append(f"Of {left_out:.0f} more utterances nobody noted what was said.")

    # Kinds that were counted in training against those that were not.
    for group in ("seen", "unseen"):
        kind = whole.loc[(LISTENER, group)]
        sentences.append(
            f"Kinds {group} in training: {kind['planted']:.0f} known, F1 {_value(kind, 'f1')}, "
            f"recall {_value(kind, 'recall')}."
        )

    systems = [name for name in table["system"].unique() if name != LISTENER]
    others = "; ".join(f"{name} {_value(whole.loc[(name, 'all')], 'f1')}" for name in systems)
    if others:
        sentences.append(f"F1 of the yardsticks: {others}.")
    return " ".join(sentences)


def feedback_overview(table: pd.DataFrame) -> pd.DataFrame:
    """The rates of a detection table that people look at first, without first languages.

    Returns:
        index ``system, group``; columns ``n, speakers, planted, reported``, and the rates, where
        they have one with their interval, as text.
    """
    if table.empty:
        return table
    whole = table[table["l1"] == "all"]
    shown = whole[["system", "group", "n", "speakers", "planted", "reported"]].copy()
    for rate in _SHOWN:
        shown[rate] = [_value(row, rate) for _, row in whole.iterrows()]
    return shown.set_index(["system", "group"])


def _share(row: pd.Series, name: str) -> str:
    return "–" if pd.isna(row[name]) else _value(row, name)


def _value(row: pd.Series, name: str) -> str:
    """A rate with its interval, or why it has none."""
    digits = 1 if name == "false_per_1000" else 3 if name == "frr" else 2
    value = f"{row[name]:.{digits}f}"
    low = row.get(f"{name}_low")
    high = row.get(f"{name}_high")
    bounds = None if pd.isna(low) or pd.isna(high) else (low, high)
    reason = reason_for_none(int(row["speakers"]))
    return f"{value} {bounds_text(bounds, reason, f'.{digits}f')}"
