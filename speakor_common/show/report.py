"""What a profile found, written down: result.txt and report.html, both from metrics.json."""

from __future__ import annotations

import base64
import html
from pathlib import Path
from typing import Any

import pandas as pd

from speakor_common.batching.conditions import CLEAN, CONDITIONS
from speakor_common.errors import ResultsError
from speakor_common.storage import write_text

# Published by the seed project for its own data (about 20,000 AI Hub sentences; its test set was its
# validation set, see CHANGELOG.md). Not comparable in absolute terms with the synthetic sample.
SEED_ROWS = {
    "exp01": (0.4066, 0.2043),
    "exp04": (0.190126, 0.075191),
    "exp05": (0.186573, 0.073379),
}

_STYLE = """body{max-width:60rem;margin:2rem auto;font-family:sans-serif}img{max-width:100%}
td,th{padding:2px 10px;text-align:right}table{border-collapse:collapse}"""
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Report</title>
<style>{style}</style></head><body>{body}</body></html>
"""


def result_text(metrics: dict[str, Any], chosen: str, command: str) -> str:
    """Content of result.txt: the two contract lines, then what they are.

    Args:
        chosen: the experiment to report, chosen without a look at the test split.

    Raises:
        ResultsError: it has no clean test results.
    """
    best = metrics.get(chosen, {}).get(CLEAN)
    if best is None:
        raise ResultsError(f"{chosen} has no clean test results; run notebook 05")
    lines = [
        f"WER: {best['wer']:.6f}",
        f"CER: {best['cer']:.6f}",
        f"experiment: {chosen}",
        "chosen by: lowest validation WER of the CTC experiments",
        f"test utterances: {best['n']} ({best['speakers']} speakers)",
        f"WER 95 % interval: {_interval(best['wer_95'])} (bootstrap over speakers)",
        f"CER 95 % interval: {_interval(best['cer_95'])}",
        f"command: {command}",
    ]
    return "\n".join(lines) + "\n"


def comparison_table(metrics: dict[str, Any], condition: str = CLEAN) -> pd.DataFrame:
    """One row an experiment: rates, intervals, n."""
    rows = [
        {
            "experiment": name,
            "n": entry[condition]["n"],
            "wer": entry[condition]["wer"],
            "wer_low": entry[condition]["wer_95"][0],
            "wer_high": entry[condition]["wer_95"][1],
            "cer": entry[condition]["cer"],
            "swer": entry[condition]["swer"],
            "jer": entry[condition]["jer"],
            **{
                name: entry[condition]["flags"][name]
                for name in ("hallucination", "repetition")
                if "flags" in entry[condition]
            },
        }
        for name, entry in metrics.items()
        if condition in entry
    ]
    return pd.DataFrame(rows)


def condition_table(metrics: dict[str, Any]) -> pd.DataFrame:
    """Columns ``experiment, condition, wer, cer, n``; clean first."""
    rows = [
        {
            "experiment": name,
            "condition": condition,
            "wer": entry["wer"],
            "cer": entry["cer"],
            "n": entry["n"],
        }
        for name, conditions in metrics.items()
        for condition, entry in conditions.items()
        if condition == CLEAN or condition in CONDITIONS
    ]
    order = [CLEAN, *CONDITIONS]
    return pd.DataFrame(rows).sort_values(
        "condition", key=lambda column: column.map(order.index), kind="stable", ignore_index=True
    )


def condition_grid(metrics: dict[str, Any]) -> pd.DataFrame:
    """WER by condition (rows) and experiment (columns); NaN where it was not measured."""
    rows = condition_table(metrics).pivot(index="condition", columns="experiment", values="wer")
    return rows.reindex([name for name in (CLEAN, *CONDITIONS) if name in rows.index])


def write_report(metrics: dict[str, Any], figures: list[Path], path: Path, command: str) -> Path:
    """report.html: comparison table, conditions, figures (embedded), and the command that made it."""
    comparison = comparison_table(metrics).round(4)
    seed = pd.DataFrame(
        [{"experiment": name, "wer": wer, "cer": cer} for name, (wer, cer) in SEED_ROWS.items()]
    )
    conditions = condition_grid(metrics).round(4)
    images = "".join(
        f'<figure><img alt="{html.escape(f.stem)}" src="{_data_url(f)}"><figcaption>{html.escape(f.stem)}</figcaption></figure>'
        for f in figures
    )
    body = (
        "<h1>Recognition of non-native Korean</h1>"
        f"<p>Made by <code>{html.escape(command)}</code>. Rates are ratios of summed counts; "
        "intervals are 95 % bootstrap intervals over speakers.</p>"
        f"<h2>Models on the same test split</h2>{comparison.to_html(index=False)}"
        "<h2>Published by the seed project</h2><p>On its own AI Hub data, where validation was also the test set: "
        f"a different test, listed for orientation only.</p>{seed.to_html(index=False)}"
        f"<h2>WER by condition</h2>{conditions.to_html(na_rep='–')}"
        f"<h2>Figures</h2>{images}"
    )
    page = _PAGE.format(style=_STYLE, body=body)
    return write_text(path, page)


def _data_url(figure: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(figure.read_bytes()).decode()


def _interval(bounds: list[float]) -> str:
    return f"{bounds[0]:.4f}-{bounds[1]:.4f}"
