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
from speakor_common.decoding.output_readings import USES
from speakor_common.errors import ResultsError
from speakor_common.evaluation.levels import LEVELS
from speakor_common.evaluation.statistics import FEWEST_SPEAKERS, reason_for_none
from speakor_common.show.interval_texts import rate_text
from speakor_common.show.spoken import (
    detection_rows,
    feedback_overview,
    laundering_entries,
    laundering_table,
    share_text,
)
from speakor_common.show.web_assets import style
from speakor_common.storage import write_text
from speakor_common.training.systems import all_systems, in_order, system_title, with_absent

# Published by the seed project for its own data: about 20,000 AI Hub sentences, where the test set
# was the validation set (see CHANGELOG.md). Not comparable with the synthetic sample.
SEED_ROWS = {
    "exp01": (0.4066, 0.2043),
    "exp04": (0.190126, 0.075191),
    "exp05": (0.186573, 0.073379),
}
_FLAGS_SHOWN = ("hallucination", "repetition")
_NO_BOUNDS = (float("nan"), float("nan"))

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">\
<meta name="viewport" content="width=device-width,initial-scale=1"><title>Report</title>\
<style>{style}</style></head><body class="speakor speakor-report">{body}</body></html>
"""
_FIGURE = '<figure><img alt="{name}" src="{data}"><figcaption>{name}</figcaption></figure>'
_BODY = """<h1>Recognition of non-native Korean</h1>\
<p>Made by <code>{command}</code>. Rates are ratios of summed counts; \
intervals are 95 % t intervals over speakers. A dash stands where there are fewer than \
{fewest} speakers, who have none.</p>\
<h2>Models on the same test split</h2>{comparison}\
<h2>Published by the seed project</h2>\
<p>On its own AI Hub data, where validation was also the test set: \
a different test, listed for orientation only.</p>{seed}\
{spoken}<h2>WER by condition</h2>{conditions}\
<h2>Figures</h2>{figures}"""

_LAUNDERING = """<p>Of the sounds that learners said otherwise than meant, the share that a \
transcript silently corrects, keeps as said, or mangles. A foreign-speaker model should correct \
nearly all, the listener nearly none. What no spelling can show is left out (unwritable).</p>"""


def result_text(metrics: dict[str, Any], profile_name: str, command: str) -> str:
    """Content of result.txt: the two contract lines, what they are, then every other system.

    The first system in the order of tables leads: the lead experiment read plainly, where it was
    measured.

    Raises:
        ResultsError: nothing has clean test results.
    """
    measured = {name for name, conditions in metrics.items() if CLEAN in conditions}
    if not measured:
        raise ResultsError("no system has clean test results; run notebook 05")
    listed = with_absent(measured)
    lead = next(name for name in listed if name in measured)
    rates = metrics[lead][CLEAN]
    lines = [
        f"WER: {rates['wer']:.6f}",
        f"CER: {rates['cer']:.6f}",
        f"system: {_described(lead, profile_name)}",
        f"test utterances: {rates['n']} ({rates['speakers']} speakers)",
        f"WER 95 % interval: {_interval(rates, 'wer')} (t over speakers)",
        f"CER 95 % interval: {_interval(rates, 'cer')}",
        f"command: {command}",
        "",
        "All systems on the same utterances, each with what it uses:",
    ]
    for name in listed:
        described = _described(name, profile_name)
        lines.append(f"{_both_rates(metrics, name)}  {described}")
    return "\n".join(lines) + "\n"


def _described(name: str, profile_name: str) -> str:
    """A system's title, and what its reading uses."""
    system = all_systems().get(name)
    title = system_title(name, profile_name)
    return f"{title} (uses {USES[system.reading]})" if system else title


def _both_rates(metrics: dict[str, Any], name: str) -> str:
    """WER and CER of a system on clean speech, or that there are none."""
    rates = metrics.get(name, {}).get(CLEAN)
    if rates is None:
        return f"{'not measured':27}"
    return f"WER {rates['wer']:.6f}  CER {rates['cer']:.6f}"


def comparison_table(metrics: dict[str, Any], condition: str = CLEAN) -> pd.DataFrame:
    """One row a system measured in ``condition``: n, rates, interval of WER, flags.

    In the order of tables.
    """
    rows = []
    measured = [name for name, conditions in metrics.items() if condition in conditions]
    for name in in_order(measured):
        entry = metrics[name][condition]
        low, high = entry["wer_95"] or _NO_BOUNDS
        row = {"experiment": name, "n": entry["n"]}
        row |= {"wer": entry["wer"], "wer_low": low, "wer_high": high}
        if "no_interval" in entry:
            row["no_interval"] = entry["no_interval"]

        # Every other rate that reports show, and what is suspicious where it was counted.
        for level in LEVELS.values():
            if level.in_report and level.rate not in row:
                row[level.rate] = entry[level.rate]
        if "laundering" in entry:
            row["corrected"] = entry["laundering"]["corrected"]
        for flag in _FLAGS_SHOWN:
            if "flags" in entry:
                row[flag] = entry["flags"][flag]
        rows.append(row)
    return pd.DataFrame(rows)


def model_table(metrics: dict[str, Any], profile_name: str) -> str:
    """Markdown table of all systems of a profile on clean test speech, what is not measured too.

    Where it is known what was said otherwise than meant, the share of that a system corrects.
    """
    clean = {name: entry[CLEAN] for name, entry in metrics.items() if CLEAN in entry}
    laundering = laundering_entries(metrics)
    header = ["System", "n", "WER [95 %]", "CER [95 %]"]
    header += ["Corrected [95 %]"] if laundering else []

    lines = [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    for name in with_absent(clean):
        title = system_title(name, profile_name)
        if name not in clean:
            cells = [title, "–", *["not measured"] * (len(header) - 2)]
            lines.append(f"| {' | '.join(cells)} |")
            continue
        rates = clean[name]
        cells = [title, str(rates["n"])]
        for rate in ("wer", "cer"):
            cells.append(rate_text(rates, rate))
        cells += [share_text(laundering.get(name), "corrected")] if laundering else []
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


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
        comparison=comparison_table(metrics).round(4).to_html(index=False, na_rep="–"),
        fewest=FEWEST_SPEAKERS,
        seed=seed.to_html(index=False),
        spoken=_spoken(metrics),
        conditions=condition_grid(metrics).round(4).to_html(na_rep="–"),
        figures="".join(images),
    )
    body = body.replace("<table", '<div class="wide"><table').replace("</table>", "</table></div>")
    return write_text(path, _PAGE.format(style=style(body, "report"), body=body))


def _spoken(metrics: dict[str, Any]) -> str:
    """What was said against what was meant, as HTML; nothing where it is not known."""
    parts = []
    if laundering_entries(metrics):
        shown = [laundering_table(metrics, by) for by in ("", "seen", "kind", "l1", "level")]
        tables = [table.round(3).to_html(index=False, na_rep="–") for table in shown]
        parts += ["<h2>Laundering</h2>", _LAUNDERING, *tables]
    detection = detection_rows(metrics)
    if len(detection):
        overview = feedback_overview(detection).to_html()
        parts += ["<h2>Known deviations that are reported</h2>", overview]
    return "".join(parts)


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


def _interval(rates: dict[str, Any], rate: str) -> str:
    """Bounds of a rate, or a dash and why there are none."""
    if bounds := rates[f"{rate}_95"]:
        low, high = bounds
        return f"{low:.4f}-{high:.4f}"
    return f"– {rates.get('no_interval') or reason_for_none(rates['speakers'])}"
