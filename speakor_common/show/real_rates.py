"""Rates on people's clips, and on the sample's natives, as a screen shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from speakor_common.training.systems import system_title

_SHOWN = ("wer", "cer", "cer_no_space")


def rates_text(report: Mapping[str, Any]) -> str:
    """A report as people read it on a screen."""
    counts = ", ".join(f"{value:.4g} {key}" for key, value in report["clips"].items())
    tables = []
    for title, kind in ((report["folder"], "systems"), ("sample, native test", "sample_native")):
        if report[kind]:
            rows = [_row(name, rates) for name, rates in report[kind].items()]
            tables.append(f"{title}\n{pd.DataFrame(rows).to_string(index=False)}")
    listener = report["listener"]
    per_100 = listener["deviations_per_100_syllables"]
    heard = "none judged" if per_100 is None else f"{per_100:.2f} deviations per 100 syllables"
    orders = [
        f"{rate}, {kind}: {' < '.join(value) if isinstance(value, list) else value}"
        for rate, order in report["order"].items()
        if rate != "systems"
        for kind, value in order.items()
    ]
    missing = [f"missing: {name} ({reason})" for name, reason in report["missing"].items()]
    said = f"{listener['model']}: {listener['not_spoken_share']:.1%} not spoken; {heard}"
    return "\n\n".join([f"clips: {counts}", *tables, said, "\n".join([*orders, *missing])])


def _row(name: str, rates: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the table on a screen."""
    row = {"system": system_title(name, "sample"), "n": rates["n"], "speakers": rates["speakers"]}
    for rate in _SHOWN:
        interval = rates[f"{rate}_95"]
        bounds = f"[{interval[0]:.3f}, {interval[1]:.3f}]" if interval else "–"
        row[rate] = f"{rates[rate]:.3f} {bounds}"
    return row
