"""What a profile found, written down: result.txt and report.html, both from metrics.json.

Everything here is made from counts that :mod:`speakor_common.evaluation.summary` made; nothing
is counted or typed by hand.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from speakor_common import paths
from speakor_common.batching.conditions import CLEAN, CONDITIONS
from speakor_common.errors import ResultsError
from speakor_common.evaluation.levels import LEVELS
from speakor_common.storage import write_text

# Published by the seed project for its own data: about 20,000 AI Hub sentences, where the test set
# was the validation set (see CHANGELOG.md). Not comparable with the synthetic sample.
SEED_ROWS = {
    "exp01": (0.4066, 0.2043),
    "exp04": (0.190126, 0.075191),
    "exp05": (0.186573, 0.073379),
}
_FLAGS_SHOWN = ("hallucination", "repetition")

_STYLE = """body{max-width:60rem;margin:2rem auto;font-family:sans-serif}img{max-width:100%}
td,th{padding:2px 10px;text-align:right}table{border-collapse:collapse}"""
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Report</title>
<style>{style}</style></head><body>{body}</body></html>
"""
_FIGURE = '<figure><img alt="{name}" src="{data}"><figcaption>{name}</figcaption></figure>'
_BODY = """<h1>Recognition of non-native Korean</h1>\
<p>Made by <code>{command}</code>. Rates are ratios of summed counts; \
intervals are 95 % bootstrap intervals over speakers.</p>\
<h2>Models on the same test split</h2>{comparison}\
<h2>Published by the seed project</h2>\
<p>On its own AI Hub data, where validation was also the test set: \
a different test, listed for orientation only.</p>{seed}\
<h2>WER by condition</h2>{conditions}\
<h2>Figures</h2>{figures}"""


def result_text(metrics: dict[str, Any], chosen: str, command: str) -> str:
    """Content of result.txt: the two contract lines, then what they are.

    Args:
        chosen: the experiment to report, chosen without a look at the test split.

    Raises:
        ResultsError: it has no clean test results.
    """
    rates = metrics.get(chosen, {}).get(CLEAN)
    if rates is None:
        raise ResultsError(f"{chosen} has no clean test results; run notebook 05")
    lines = [
        f"WER: {rates['wer']:.6f}",
        f"CER: {rates['cer']:.6f}",
        f"experiment: {chosen}",
        "chosen by: lowest validation WER of the CTC experiments",
        f"test utterances: {rates['n']} ({rates['speakers']} speakers)",
        f"WER 95 % interval: {_interval(rates['wer_95'])} (bootstrap over speakers)",
        f"CER 95 % interval: {_interval(rates['cer_95'])}",
        f"command: {command}",
    ]
    return "\n".join(lines) + "\n"


def comparison_table(metrics: dict[str, Any], condition: str = CLEAN) -> pd.DataFrame:
    """One row an experiment measured in ``condition``: n, rates, interval of WER, flags."""
    rows = []
    for name, conditions in metrics.items():
        if condition not in conditions:
            continue
        entry = conditions[condition]
        low, high = entry["wer_95"]
        row = {"experiment": name, "n": entry["n"]}
        row |= {"wer": entry["wer"], "wer_low": low, "wer_high": high}

        # Every other rate that reports show, and what is suspicious where it was counted.
        for level in LEVELS.values():
            if level.in_report and level.rate not in row:
                row[level.rate] = entry[level.rate]
        for flag in _FLAGS_SHOWN:
            if "flags" in entry:
                row[flag] = entry["flags"][flag]
        rows.append(row)
    return pd.DataFrame(rows)


def condition_table(metrics: dict[str, Any]) -> pd.DataFrame:
    """Columns ``experiment, condition, wer, cer, n``; clean first, then in the order of tests."""
    order = [CLEAN, *CONDITIONS]
    rows = []
    for name, conditions in metrics.items():
        for condition, entry in conditions.items():
            if condition in order:
                rates = {key: entry[key] for key in ("wer", "cer", "n")}
                rows.append({"experiment": name, "condition": condition} | rates)
    return pd.DataFrame(rows).sort_values(
        "condition", key=lambda column: column.map(order.index), kind="stable", ignore_index=True
    )


def condition_grid(metrics: dict[str, Any]) -> pd.DataFrame:
    """WER by condition (rows) and experiment (columns); NaN where it was not measured."""
    rows = condition_table(metrics).pivot(index="condition", columns="experiment", values="wer")
    return rows.reindex([name for name in (CLEAN, *CONDITIONS) if name in rows.index])


def write_report(
    metrics: dict[str, Any], figures: Iterable[Path], path: Path, command: str
) -> Path:
    """Write report.html: models, conditions, figures, and the command that made it.

    Args:
        figures: PNG files, embedded in the order of their names.
    """
    seed = pd.DataFrame(
        [{"experiment": name, "wer": wer, "cer": cer} for name, (wer, cer) in SEED_ROWS.items()]
    )
    images = [
        _FIGURE.format(name=html.escape(figure.stem), data=_data_url(figure))
        for figure in sorted(figures)
    ]
    body = _BODY.format(
        command=html.escape(command),
        comparison=comparison_table(metrics).round(4).to_html(index=False),
        seed=seed.to_html(index=False),
        conditions=condition_grid(metrics).round(4).to_html(na_rep="–"),
        figures="".join(images),
    )
    return write_text(path, _PAGE.format(style=_STYLE, body=body))


def result_files(results: Path) -> list[Path]:
    """Every file of a results folder except executed notebooks, which are still being written."""
    executed = results / "notebooks"
    return [file for file in sorted(results.rglob("*")) if executed not in file.parents]


def file_table(files: Iterable[Path]) -> pd.DataFrame:
    """Path from the project's root and size in bytes of every file; folders are left out."""
    rows = [
        {"file": paths.relative(file), "bytes": file.stat().st_size}
        for file in sorted(files)
        if file.is_file()
    ]
    return pd.DataFrame(rows, columns=["file", "bytes"])


def _data_url(figure: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(figure.read_bytes()).decode()


def _interval(bounds: list[float]) -> str:
    low, high = bounds
    return f"{low:.4f}-{high:.4f}"
