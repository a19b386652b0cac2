"""Where a published number comes from, written down in one line and looked up.

A source is a committed file and a way into it, a constant of the code, or the shipped corpus:

- ``results/sample/metrics.json:exp05/clean/wer``: keys, and indices of lists;
- ``results/sample/ablation_verdicts.csv:[variant=accumulation]/low``: the rows with that value,
  of a CSV file or a list in JSON, ``[variant^=exp]`` those that begin so. A name after it is the
  column; of several rows all values;
- ``models/base-tiny/model.safetensors:parameters``;
- ``speakor_common.audio:RATE``: a constant, or ``EXPERIMENTS/exp05/training/epochs`` of one;
- ``corpus:[split=test]/utterances``: of the shipped labels, a row a split (:func:`corpus_rows`).

A list ends in ``count``, ``distinct``, ``sum``, ``mean``, ``lowest`` or ``highest``. Sources may be
calculated with, each in angle brackets: ``100 * (1 - <a.json:wer> / <b.json:wer>)``.

In a checkout, a file that git does not track is no source: others do not have it.
"""

from __future__ import annotations

import ast
import csv
import importlib
import json
import operator
import re
import statistics
import struct
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

from speakor_common import paths
from speakor_common.errors import ResultsError
from speakor_common.pipeline.corpus_rows import corpus_rows, delivered_files
from speakor_common.storage import read_json

_PACKAGE = "speakor_common"
_CORPUS = "corpus"
_SOURCE = re.compile("<([^<>]+)>")
_STEP = re.compile(r"\[[^\]]*\]|[^/\[\]]+")
_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_OF_LISTS = {
    "count": len,
    "distinct": lambda values: len(set(values)),
    "sum": lambda values: sum(map(float, values)),
    "mean": lambda values: statistics.fmean(map(float, values)),
    "lowest": lambda values: min(map(float, values)),
    "highest": lambda values: max(map(float, values)),
}


def value_of(expression: str) -> float:
    """The number an expression stands for.

    Raises:
        ResultsError: a source is missing or is no number, or the calculation is none.
    """
    if "<" not in expression:
        return _number(expression)
    sources = _SOURCE.findall(expression)
    names = iter(range(len(sources)))
    formula = _SOURCE.sub(lambda _: f"v{next(names)}", expression)
    values = {f"v{position}": _number(source) for position, source in enumerate(sources)}
    try:
        return _calculated(ast.parse(formula, mode="eval").body, values)
    except (SyntaxError, KeyError, ZeroDivisionError) as error:
        raise ResultsError(f"{expression!r} cannot be calculated ({error})") from error


def _calculated(node: ast.expr, values: Mapping[str, float]) -> float:
    """Sums, differences, products and quotients of numbers, and nothing else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_calculated(node.operand, values)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        left = _calculated(node.left, values)
        return _OPERATIONS[type(node.op)](left, _calculated(node.right, values))
    raise ResultsError("a calculation of sources has numbers, + - * / and parentheses only")


def _number(source: str) -> float:
    place, colon, way = source.strip().partition(":")
    if not colon:
        raise ResultsError(f"{source!r} is no source; expected PLACE:WAY, as results/a.json:key")
    value = _opened(place)
    for step in _STEP.findall(way):
        value = _step(value, step, source)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise ResultsError(f"{source}: no single number, but {str(value)[:60]!r}") from error


def _step(value: Any, step: str, source: str) -> Any:
    """One step further into a value: a key, an index, rows, a column, or what a list ends in."""
    if step.startswith("["):
        column, _, wanted = step[1:-1].partition("=")
        rows = _rows(value, column, wanted)
        if not rows:
            raise ResultsError(f"{source}: no row with {column} = {wanted!r}")
        return rows
    try:
        if isinstance(value, Mapping):
            return len(value) if step == "count" and step not in value else value[step]
        if isinstance(value, list | tuple):
            return _of_list(list(value), step)
        return getattr(value, step)
    except (KeyError, IndexError, AttributeError, ValueError, TypeError) as error:
        raise ResultsError(f"{source}: there is no {step!r} ({error})") from error


def _rows(rows: list[Mapping[str, Any]], column: str, wanted: str) -> list[Mapping[str, Any]]:
    """The rows with a value in a column; ``^`` behind the column: that begin with it."""
    if column.endswith("^"):
        return [row for row in rows if str(row.get(column[:-1])).startswith(wanted)]
    return [row for row in rows if str(row.get(column)) == wanted]


def _of_list(values: list, step: str) -> Any:
    if step in _OF_LISTS:
        return _OF_LISTS[step](values)
    if step.lstrip("-").isdigit():
        return values[int(step)]
    return [row[step] for row in values]


def _opened(place: str) -> Any:
    """The content of a place, before the first step."""
    if place == _CORPUS:
        _only_tracked(delivered_files(paths.root()))
        return corpus_rows(paths.root())
    if place.partition(".")[0] == _PACKAGE:
        try:
            module = importlib.import_module(place)
        except ImportError as error:
            raise ResultsError(f"there is no module {place} ({error})") from error
        _only_tracked([Path(str(module.__file__))])
        return module

    path = paths.root() / place
    if not path.is_file():
        raise ResultsError(f"{place} is missing; a published number is to follow from it")
    _only_tracked([path])
    return _content(path, path.stat().st_mtime_ns)


def _only_tracked(files: list[Path]) -> None:
    """Refuse a file of the checkout that git does not track; without git all pass."""
    root = paths.root()
    git = root / ".git"
    tracked = _tracked(root, git.stat().st_mtime_ns) if git.exists() else None
    for file in files:
        if tracked is None or not file.is_relative_to(root):
            continue
        name = file.relative_to(root).as_posix()
        if name not in tracked:
            raise ResultsError(
                f"{name} is not tracked by git, so nobody else has it; a published number is to "
                f"follow from a committed file: git add {name}, or name another source"
            )


@lru_cache(maxsize=4)
def _tracked(root: Path, changed: int) -> frozenset[str] | None:
    """The files git tracks, from the root; ``None`` without a git that reads this checkout.

    ``changed`` tells a new index from the old: it is renamed into ``.git``.
    """
    command = ["git", "-C", str(root), "ls-files", "-z"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return frozenset(done.stdout.split("\0")) if done.returncode == 0 else None


@lru_cache(maxsize=32)
def _content(path: Path, changed: int) -> Any:
    """A file's content, read once; ``changed`` tells a new one from the old."""
    if path.suffix == ".json":
        return read_json(path)
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    if path.suffix == ".safetensors":
        return {"parameters": _parameters(path)}
    raise ResultsError(f"{path.name} is neither JSON, CSV nor safetensors; no number is read of it")


def _parameters(path: Path) -> int:
    """Numbers in a file of weights, from its header alone."""
    with path.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
    return sum(prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
