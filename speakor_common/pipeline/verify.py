"""Do the published numbers follow from the predictions? Everything is counted again and compared.

``results/<profile>/metrics.json``, ``result.txt`` and the table in a README are counted anew from
``predictions/*.csv`` and ``native.csv``, and from ``planted.csv`` and ``feedback_counts.csv`` where
it is known what learners said otherwise than meant; whatever differs is named. These two are held
against each other: what was decided about is what was said. With the sample's go the table of
benchmarks and the numbers in prose (:mod:`.claims`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from speakor_common import paths
from speakor_common.errors import ResultsError
from speakor_common.evaluation.planted_sounds import read_planted_sounds
from speakor_common.pipeline.claims import Findings, check_documents
from speakor_common.pipeline.results import (
    COUNTS_FILE,
    METRICS_FILE,
    PLANTED_FILE,
    PREDICTIONS,
    RESULT_FILE,
    SCORES_FILE,
    compare_models,
    read_counted,
    read_decisions,
)
from speakor_common.pipeline.study_predictions import uncounted_studies, unlike_studies
from speakor_common.pronunciation.detection_rates import contradictions, detection_table
from speakor_common.recognition import predict
from speakor_common.show.benchmark_table import (
    benchmark_table,
    read_benchmark_table,
    write_benchmark_table,
)
from speakor_common.show.evaluation import difference
from speakor_common.show.report import model_table, result_text
from speakor_common.show.spoken import listener_sentence
from speakor_common.storage import read_json, write_json, write_text
from speakor_common.training.systems import system_title

TABLE_START = "<!-- numbers: {folder} -->"
TABLE_END = "<!-- end of numbers -->"
READMES = ("README.md", "README.ko.md")  # publish the sample's numbers
_LISTED = 20  # differences that a message names
_TOLERANCE = 1e-9  # of floats that went through JSON


def check_numbers(folder: Path, write: bool = False) -> str:
    """Count a results folder again, and for the sample's all documents; says what was checked.

    Args:
        write: write what is counted first: metrics.json, result.txt, tables, numbers in prose.

    Raises:
        ResultsError: numbers that do not follow from the predictions, or a file is missing.
    """
    folder = folder.resolve()
    published = folder == paths.results("sample").resolve()
    readmes = tuple(paths.root() / name for name in READMES) if published else ()
    if write:
        write_counted(folder, readmes)

    # What documents say of the published results and of all else that is committed.
    unlike = differences(folder, readmes)
    prose = _check_prose(write) if published else Findings()
    unlike += prose.differences

    # A message lists the first ones; their number says the rest.
    if unlike:
        listed = "\n".join(unlike[:_LISTED])
        where = paths.relative(folder)
        raise ResultsError(
            f"{len(unlike)} numbers in {where} do not follow from its predictions, or those in "
            f"documents from what is committed:\n{listed}"
        )
    checked = ", ".join([METRICS_FILE, RESULT_FILE, *(readme.name for readme in readmes)])
    follow = f"all numbers of {checked} follow from the predictions"
    if not published:
        return follow
    unverified = [*uncounted_studies(folder), *prose.unverified]
    unknown = "".join(f"\nnot verified: {line}" for line in unverified)
    return f"{follow}; {prose.checked} in prose from committed files{unknown}"


def _check_prose(write: bool) -> Findings:
    """Compare, or write, the numbers in documents' prose and the table of benchmarks.

    Raises:
        ResultsError: the inventory of numbers, a document or a measurement is missing.
    """
    findings = check_documents(write)
    readme = paths.benchmarks().parent / "README.md"
    if write:
        write_benchmark_table(readme)
    unlike = _unlike_lines(read_benchmark_table(readme), benchmark_table())
    findings.differences += [f"results/README.md: {line}" for line in unlike]
    return findings


def write_counted(folder: Path, readmes: tuple[Path, ...] = ()) -> None:
    """Write metrics.json, result.txt and the READMEs' tables as the predictions make them.

    By which command they were made stays as result.txt says.

    Raises:
        ResultsError: a file is missing, or a README has no table of this folder.
    """
    metrics = recount(folder)
    text = _expected_text(folder, metrics)
    write_json(folder / METRICS_FILE, metrics)
    write_text(folder / RESULT_FILE, text)
    if len(decisions := read_decisions(folder)):
        write_text(folder / SCORES_FILE, detection_table(decisions).to_csv(index=False))
    for readme in readmes:
        write_table(readme, folder, metrics)


def recount(folder: Path) -> dict[str, Any]:
    """metrics.json of a results folder as its predictions make it.

    Raises:
        ResultsError: no predictions.
    """
    return json.loads(json.dumps(read_counted(folder)))


def differences(folder: Path, readmes: tuple[Path, ...] = ()) -> list[str]:
    """What a results folder or a README says otherwise than the predictions; empty if nothing.

    Raises:
        ResultsError: a file is missing.
    """
    if not (folder / METRICS_FILE).is_file():
        raise ResultsError(_missing(folder, METRICS_FILE))
    metrics = recount(folder)
    expected = _expected_text(folder, metrics)

    # Value by value, then line by line.
    written = read_json(folder / METRICS_FILE)
    lines = [f"{METRICS_FILE}: {line}" for line in _unlike_values(written, metrics, "")]
    text = (folder / RESULT_FILE).read_text(encoding="utf-8")
    lines += [f"{RESULT_FILE}: {line}" for line in _unlike_lines(text, expected)]
    lines += [f"{SCORES_FILE}: {line}" for line in _unlike_scores(folder)]
    lines += [f"{COUNTS_FILE}: {line}" for line in _unlike_decisions(folder)]
    lines += unlike_studies(folder)
    for readme in readmes:
        block = _table_in(readme, folder)
        unlike = _unlike_lines(block, published_text(folder, metrics))
        lines += [f"{readme.name}: {line}" for line in unlike]
    return lines


def _unlike_scores(folder: Path) -> Iterator[str]:
    """Lines of the listener's scores that do not follow from its decisions, where those are."""
    decisions = read_decisions(folder)
    if len(decisions):
        scores = folder / SCORES_FILE
        written = scores.read_text(encoding="utf-8") if scores.is_file() else ""
        yield from _unlike_lines(written, detection_table(decisions).to_csv(index=False))


def _unlike_decisions(folder: Path) -> list[str]:
    """What the listener's decisions are about that planted.csv does not know, and what not."""
    decisions = read_decisions(folder)
    if not len(decisions):
        return []
    predictions = predict.read_all_predictions(folder / PREDICTIONS)
    speakers = dict(zip(predictions["utterance_id"], predictions["speaker_id"], strict=True))
    return contradictions(decisions, read_planted_sounds(folder / PLANTED_FILE), speakers)


def write_table(readme: Path, folder: Path, metrics: dict[str, Any]) -> None:
    """Replace a README's table by what the predictions say.

    Raises:
        ResultsError: the README has no table of this folder.
    """
    _table_in(readme, folder)
    start = TABLE_START.format(folder=paths.relative(folder))
    before, rest = readme.read_text(encoding="utf-8").split(start, 1)
    after = rest.split(TABLE_END, 1)[1]
    numbers = published_text(folder, metrics)
    write_text(readme, f"{before}{start}\n{numbers}\n{TABLE_END}{after}")


def published_text(folder: Path, metrics: dict[str, Any]) -> str:
    """What a README says: the table of models, and paired differences below it."""
    compared = compare_models(predict.read_all_predictions(folder / PREDICTIONS))
    table = model_table(metrics, folder.name)
    if sentence := listener_sentence(metrics):
        table += f"\n\n{sentence}"
    if not compared:
        return table

    # Systems are called as the table calls them.
    lines = []
    for (first, second), result in compared.items():
        titles = (system_title(first, folder.name), system_title(second, folder.name))
        lines.append(f"- WER of {difference(*titles, result)}")
    return "\n".join([table, "", *lines])


def _expected_text(folder: Path, metrics: dict[str, Any]) -> str:
    """result.txt as it should be; the command it says itself."""
    path = folder / RESULT_FILE
    if not path.is_file():
        raise ResultsError(_missing(folder, RESULT_FILE))
    lines = path.read_text(encoding="utf-8").splitlines()
    stated = dict(line.split(": ", 1) for line in lines if ": " in line)
    return result_text(metrics, folder.name, stated.get("command", ""))


def _missing(folder: Path, name: str) -> str:
    return f"{paths.relative(folder)} holds no {name}; run notebook 05 or: speakor evaluate"


def _table_in(readme: Path, folder: Path) -> str:
    start = TABLE_START.format(folder=paths.relative(folder))
    text = readme.read_text(encoding="utf-8")
    if start not in text or TABLE_END not in text:
        raise ResultsError(f"{readme} has no table between {start!r} and {TABLE_END!r}")
    return text.split(start, 1)[1].split(TABLE_END, 1)[0].strip("\n")


def _unlike_lines(written: str, expected: str) -> Iterator[str]:
    pairs = zip_longest(written.splitlines(), expected.splitlines(), fillvalue="")
    return (f"{line!r}, counted {counted!r}" for line, counted in pairs if line != counted)


def _unlike_values(written: Any, counted: Any, where: str) -> Iterator[str]:
    """Paths into two JSON values at which they differ, with both values."""
    if isinstance(written, dict) and isinstance(counted, dict):
        for key in sorted({*written, *counted}):
            yield from _unlike_values(written.get(key), counted.get(key), f"{where}/{key}")
    elif isinstance(written, list) and isinstance(counted, list) and len(written) == len(counted):
        for number, (a, b) in enumerate(zip(written, counted, strict=True)):
            yield from _unlike_values(a, b, f"{where}/{number}")
    elif not _same(written, counted):
        yield f"{where} is {written}, counted {counted}"


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, abs_tol=_TOLERANCE) or (math.isnan(a) and math.isnan(b))
    return a == b
