"""Do the published numbers follow from the predictions? Everything is counted again and compared.

``results/<profile>/metrics.json``, ``result.txt`` and the table in README.md are recomputed from
``predictions/*.csv`` and ``native.csv`` alone; whatever differs is named.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from speakor_common import paths
from speakor_common.batching.conditions import CLEAN
from speakor_common.errors import ResultsError
from speakor_common.evaluation import summary
from speakor_common.pipeline.evaluate import BASE, NATIVE, NATIVE_FILE, comparisons
from speakor_common.recognition import predict
from speakor_common.show import evaluation, report
from speakor_common.storage import read_json, write_text

TABLE_START, TABLE_END = "<!-- numbers: {folder} -->", "<!-- end of numbers -->"
_TOLERANCE = 1e-9  # of floats that went through JSON
_TITLES = {
    BASE: "`base-tiny`, not tuned",
    "exp06": "exp06: exp05, read with language models",
    "whisper zero-shot": "whisper-base, not tuned",
    "whisper": "whisper-base with LoRA",
}


def recount(folder: Path) -> dict[str, Any]:
    """metrics.json of a results folder, from its predictions.

    Raises:
        ResultsError: no predictions.
    """
    metrics = summary.summarise_predictions(predict.read_all(folder / "predictions"))
    if (folder / NATIVE_FILE).is_file():
        native = summary.summarise_rates(summary.with_counts(predict.read(folder / NATIVE_FILE)))
        metrics.setdefault(BASE, {})[NATIVE] = native
    return json.loads(json.dumps(metrics))


def differences(folder: Path, readmes: tuple[Path, ...] = ()) -> list[str]:
    """What a results folder or a README says otherwise than the predictions; empty where all agree.

    Raises:
        ResultsError: a file is missing.
    """
    for name in ("metrics.json", "result.txt"):
        if not (folder / name).is_file():
            raise ResultsError(
                f"{paths.relative(folder)} holds no {name}; run notebook 05 or: speakor evaluate"
            )
    metrics = recount(folder)
    found = [
        f"metrics.json: {line}"
        for line in _compare(read_json(folder / "metrics.json"), metrics, "")
    ]
    written = (folder / "result.txt").read_text(encoding="utf-8")
    told = dict(line.split(": ", 1) for line in written.splitlines() if ": " in line)
    expected = report.result_text(metrics, told.get("experiment", ""), told.get("command", ""))
    found += [f"result.txt: {a!r}, counted {b!r}" for a, b in _pairs(written, expected)]
    for readme in readmes:
        block = _block(readme, folder)
        found += [
            f"{readme.name}: {a!r}, counted {b!r}"
            for a, b in _pairs(block, published(folder, metrics))
        ]
    return found


def write_table(readme: Path, folder: Path) -> None:
    """Replace a README's table by what the predictions say."""
    _block(readme, folder)  # there must be one
    before, rest = readme.read_text(encoding="utf-8").split(
        start := TABLE_START.format(folder=paths.relative(folder)), 1
    )
    after = rest.split(TABLE_END, 1)[1]
    write_text(readme, f"{before}{start}\n{published(folder, recount(folder))}\n{TABLE_END}{after}")


def published(folder: Path, metrics: dict[str, Any]) -> str:
    """What a README says: the table, and paired differences below it."""
    compared = comparisons(predict.read_all(folder / "predictions"))
    lines = [evaluation.difference(*pair, result) for pair, result in compared.items()]
    return table(metrics) + (f"\n\nPaired differences in WER: {'; '.join(lines)}." if lines else "")


def table(metrics: dict[str, Any]) -> str:
    """Markdown table of all models on clean test speech."""
    lines = ["| Model | n | WER [95 %] | CER [95 %] |", "|---|---|---|---|"]
    for name, entry in metrics.items():
        rates = entry[CLEAN]
        cells = (
            f"{rates[r]:.3f} [{rates[f'{r}_95'][0]:.3f}, {rates[f'{r}_95'][1]:.3f}]"
            for r in ("wer", "cer")
        )
        lines.append(f"| {_TITLES.get(name, name)} | {rates['n']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _block(readme: Path, folder: Path) -> str:
    start = TABLE_START.format(folder=paths.relative(folder))
    text = readme.read_text(encoding="utf-8")
    if start not in text or TABLE_END not in text:
        raise ResultsError(f"{readme} has no table between {start!r} and {TABLE_END!r}")
    return text.split(start, 1)[1].split(TABLE_END, 1)[0].strip("\n")


def _pairs(written: str, expected: str) -> Iterator[tuple[str, str]]:
    a, b = written.splitlines(), expected.splitlines()
    longest = max(len(a), len(b))
    padded = (lines + [""] * (longest - len(lines)) for lines in (a, b))
    return ((x, y) for x, y in zip(*padded, strict=True) if x != y)


def _compare(written: Any, counted: Any, where: str) -> Iterator[str]:
    if isinstance(written, dict) and isinstance(counted, dict):
        for key in sorted({*written, *counted}):
            yield from _compare(written.get(key), counted.get(key), f"{where}/{key}")
    elif isinstance(written, list) and isinstance(counted, list) and len(written) == len(counted):
        for number, (a, b) in enumerate(zip(written, counted, strict=True)):
            yield from _compare(a, b, f"{where}/{number}")
    elif not _same(written, counted):
        yield f"{where} is {written}, counted {counted}"


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, abs_tol=_TOLERANCE) or (math.isnan(a) and math.isnan(b))
    return a == b
