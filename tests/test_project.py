"""The shape of the project: layers, packaging and notebooks."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from packaging.utils import canonicalize_name

from speakor_common import paths
from speakor_common.pipeline import notebooks
from tests.conda_environment import declared, environment, locked

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "speakor_common"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# The house from the ground up: a line a room, and none imports from a room above it.
ROOMS = (
    ("errors",),
    ("paths", "storage", "parallel", "audio", "text"),
    ("models",),
    ("corpus",),
    ("batching",),
    ("decoding",),
    ("recognition",),
    ("evaluation",),
    ("training",),
    ("pronunciation",),
    ("shipped",),
    ("show",),
    ("pipeline",),
    ("cli_options", "cli_models", "cli"),
)


def rank(module: str) -> int:
    room = module.split(".")[1]
    return next(i for i, names in enumerate(ROOMS) if room in names)


def modules() -> dict[str, Path]:
    return {
        ".".join(p.relative_to(ROOT).with_suffix("").parts): p
        for p in PACKAGE.rglob("*.py")
        if p.name != "__init__.py"
    }


def imports(path: Path, top_level_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body if top_level_only else ast.walk(tree):
        if (
            isinstance(node, ast.ImportFrom)
            and node.module
            and node.module.startswith("speakor_common")
        ):
            known = modules()
            found |= {
                f"{node.module}.{a.name}" if f"{node.module}.{a.name}" in known else node.module
                for a in node.names
            }
    return found - {"speakor_common"}


def test_arrows_point_down():
    wrong = [
        f"{m} imports {i}" for m, p in modules().items() for i in imports(p) if rank(i) > rank(m)
    ]
    assert not wrong, wrong


def test_no_import_circles():
    graph = {m: imports(p, top_level_only=True) for m, p in modules().items()}

    def reaches(start, goal, seen):
        return any(
            n == goal or (n not in seen and reaches(n, goal, seen | {n}))
            for n in graph.get(start, ())
        )

    assert not [m for m in graph if reaches(m, m, {m})]


def test_files_and_functions_stay_small():
    long_files = {
        m: n for m, p in modules().items() if (n := p.read_text(encoding="utf-8").count("\n")) > 260
    }
    long_functions = [
        f"{m}.{node.name}"
        for m, p in modules().items()
        for node in ast.walk(ast.parse(p.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno + 1 > 55
    ]
    assert not long_files and not long_functions


def test_a_file_name_is_one_module_and_nothing_of_ours_is_renamed_when_imported():
    names = [path.name for path in modules().values()]
    assert not sorted({name for name in names if names.count(name) > 1})
    code = [(path.name, path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")]
    code += [(path.name, code_of(path)) for path in NOTEBOOKS]
    renamed = {name: aliases for name, source in code if (aliases := renamed_imports(source))}
    assert not renamed


def code_of(notebook: Path) -> str:
    """The code cells of a notebook as one source."""
    cells = nbformat.read(notebook, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


def renamed_imports(source: str) -> list[str]:
    """Names that imports of our own modules are given otherwise than by their definition."""
    aliases = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            ours = node.level > 0 or (node.module or "").split(".")[0] == PACKAGE.name
            aliases += [alias.asname for alias in node.names if ours and alias.asname]
        elif isinstance(node, ast.Import):
            ours = [alias for alias in node.names if alias.name.split(".")[0] == PACKAGE.name]
            aliases += [alias.asname for alias in ours if alias.asname]
    return aliases


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import numpy as np\nfrom torch import nn as n", []),
        ("import speakor_common.paths", []),
        ("import os, speakor_common.paths as p", ["p"]),
        ("from speakor_common import paths as p", ["p"]),
        ("from speakor_common.models import (\n    ctc,\n    whisper as w,\n)", ["w"]),
        ("def f():\n    from speakor_common import a, b as c", ["c"]),
        ("from . import paths as p", ["p"]),
        ("from speakor_common_else import a as b", []),
    ],
)
def test_imports_that_rename_are_seen_in_every_form(source, names):
    assert renamed_imports(source) == names


def test_modules_say_what_they_are_and_init_files_are_empty():
    assert not [
        m
        for m, p in modules().items()
        if not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))
    ]
    inits = [p for p in PACKAGE.rglob("__init__.py") if p.read_text(encoding="utf-8").strip()]
    open_doors = ("audio", "text", "text/numbers")  # rooms whose names are imported from them
    assert sorted(inits) == [PACKAGE / room / "__init__.py" for room in open_doors]


def test_lock_satisfies_pyproject_and_has_hashes():
    pins = locked()
    for requirement in declared():
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), (
            requirement
        )
    content = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.split(r"\n(?=[\w.-]+(?:\[|==))", content)
    assert len(pinned) > 100 and all("--hash=sha256:" in entry for entry in pinned)


def test_conda_environment_has_the_same_pins():
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == environment()


def test_there_are_five_notebooks_in_order():
    assert (
        [n.name[:2] for n in NOTEBOOKS]
        == ["01", "02", "03", "04", "05"]
        == list(notebooks.numbered_notebooks(ROOT / "notebooks"))
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_are_for_reading(path):
    cells = nbformat.read(path, as_version=4).cells
    code = [c for c in cells if c.cell_type == "code"]
    assert len(cells) <= 25 and all(len(c.source.strip().splitlines()) <= 12 for c in code)
    assert not any(c.outputs or c.execution_count for c in code), "commit notebooks without outputs"
    assert not any(re.search(r"^\s*(def|class) ", c.source, re.MULTILINE) for c in code)
    header = cells[0].source
    assert all(
        f"**{word}**" in header
        for word in ("Question", "Reads", "Writes", "Time", "Previous / Next")
    )
    expected = {"profile", "seed"} | (
        {"experiment"} if path.name[:2] in ("02", "03", "04") else set()
    )
    assert expected <= notebooks.parameters_of(path)


def test_root_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    assert paths.results("smoke") == tmp_path.resolve() / "results" / "smoke"
    assert paths.relative(tmp_path / "a") == "a" and paths.model("exp05", "sample").name == "exp05"
