"""The shape of the project: layers, packaging, notebooks, the runner and the command line."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from speakor_common import paths
from speakor_common.cli import main
from speakor_common.errors import SpeakorError
from speakor_common.pipeline import notebooks

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "speakor_common"

# The house from the ground up: a line a room, and none imports from a room above it.
ROOMS = (
    ("errors",),
    ("paths", "storage", "parallel", "audio", "text"),
    ("corpus",),
    ("models",),
    ("batching",),
    ("decoding",),
    ("recognition",),
    ("evaluation",),
    ("training",),
    ("pronunciation",),
    ("shipped",),
    ("show",),
    ("pipeline",),
    ("service",),
    ("commands", "cli"),
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
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno > 55
    ]
    assert not long_files and not long_functions


def test_modules_say_what_they_are_and_init_files_are_empty():
    assert not [
        m
        for m, p in modules().items()
        if not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))
    ]
    inits = [p for p in PACKAGE.rglob("__init__.py") if p.read_text(encoding="utf-8").strip()]
    assert inits == [PACKAGE / "text" / "__init__.py"]  # whose names are a contract


def lock() -> dict[str, str]:
    lines = [
        line
        for name in ("requirements.lock", "weights.lock")
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
    ]
    return dict(
        re.split("[; ]", line)[0].split("==")
        for line in lines
        if "==" in line and not line.startswith("#")
    )


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [
        Requirement(r)
        for r in (*project["dependencies"], *extras["offline"], *extras["onnx"], *extras["dev"])
    ]


def test_lock_satisfies_pyproject():
    pins = lock()
    for requirement in declared():
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), (
            requirement
        )


def test_conda_environment_has_the_same_pins():
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    entries = next(d["pip"] for d in content["dependencies"] if isinstance(d, dict))
    pins = {
        canonicalize_name(r.name): str(r.specifier)[2:]
        for r in map(Requirement, (e for e in entries if e != "-e ."))
    }
    assert pins == {
        canonicalize_name(r.name): lock()[canonicalize_name(r.name)] for r in declared()
    }
    assert entries[0] == "torch==2.13.0"


NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_five_notebooks_in_order():
    assert (
        [n.name[:2] for n in NOTEBOOKS]
        == ["01", "02", "03", "04", "05"]
        == [n.name[:2] for n in notebooks.numbered(ROOT / "notebooks")]
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


def notebook(path: Path, *sources: str, tag: str | None = "parameters") -> Path:
    book = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        }
    )
    book.cells = [nbformat.v4.new_code_cell(s) for s in sources]
    if tag:
        book.cells[0].metadata["tags"] = [tag]
    nbformat.write(book, path)
    return path


def test_runner_keeps_the_executed_copy(tmp_path):
    done = notebooks.run(
        notebook(tmp_path / "01_a.ipynb", "x = 1", "print(x + 1)"),
        tmp_path / "out" / "01_a.ipynb",
        {"x": 41},
    )
    assert "42" in json.dumps(nbformat.read(done, as_version=4).cells[-1].outputs)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["01_a.ipynb"]


def test_runner_refuses_unknown_parameters_and_missing_cells(tmp_path):
    book = notebook(tmp_path / "01_a.ipynb", "x = 1")
    with pytest.raises(SpeakorError, match=r"knows no parameters \['y'\]; it has \['x'\]"):
        notebooks.run(book, tmp_path / "o.ipynb", {"y": 1})
    with pytest.raises(SpeakorError, match="0 cells tagged"):
        notebooks.run(
            notebook(tmp_path / "02_b.ipynb", "x = 1", tag=None), tmp_path / "o.ipynb", {}
        )


def test_runner_names_the_failing_cell_and_keeps_what_ran(tmp_path):
    book = notebook(tmp_path / "03_c.ipynb", "x = 1", "print('before')", "1 / 0")
    with pytest.raises(SpeakorError, match=r"03_c\.ipynb failed in cell \d with ZeroDivisionError"):
        notebooks.run(book, tmp_path / "out" / "03_c.ipynb", {})
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["03_c.failed.ipynb"]


def test_command_line_answers_at_once_and_without_traceback(capsys, tmp_path, monkeypatch):
    code = "import sys; from speakor_common import cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert main(["transcribe", str(tmp_path / "a.wav"), "--model", str(tmp_path)]) == 1
    assert "was not found" in capsys.readouterr().err
    assert main(["reproduce", "--profile", "aihub"]) == 1
    assert "needs the corpus" in capsys.readouterr().err
    for pair, complaint in (
        ("lr", "FIELD=VALUE"),
        ("lr=1", "unknown preset fields"),
        ("learning_rate=fast", "takes float, not 'fast'"),
    ):
        assert main(["train", "exp05", "--set", pair]) == 1
        assert complaint in capsys.readouterr().err


def test_root_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    assert paths.results("smoke") == tmp_path.resolve() / "results" / "smoke"
    assert paths.relative(tmp_path / "a") == "a" and paths.model("exp05", "sample").name == "exp05"
