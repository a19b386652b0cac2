"""The runner of the numbered notebooks is strict, and the notebooks only call."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from speakor_common import paths
from speakor_common.errors import CorpusError, SpeakorError
from speakor_common.pipeline import notebooks

OURS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


def notebook(path: Path, *sources: str, tag: str | None = "parameters") -> Path:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    book.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    if tag:
        book.cells[0].metadata["tags"] = [tag]
    nbformat.write(book, path)
    return path


def test_the_executed_copy_is_kept(tmp_path):
    book = notebook(tmp_path / "01_a.ipynb", "x = 1", "print(x + 1)")
    done = notebooks.run_notebook(book, tmp_path / "out" / "01_a.ipynb", {"x": 41})
    assert "42" in json.dumps(nbformat.read(done, as_version=4).cells[-1].outputs)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["01_a.ipynb"]


def test_unknown_parameters_and_missing_cells_are_refused(tmp_path):
    book = notebook(tmp_path / "01_a.ipynb", "x = 1")
    with pytest.raises(SpeakorError, match=r"knows no parameters \['y'\]; it has \['x'\]"):
        notebooks.run_notebook(book, tmp_path / "o.ipynb", {"y": 1})
    untagged = notebook(tmp_path / "02_b.ipynb", "x = 1", tag=None)
    with pytest.raises(SpeakorError, match="0 cells tagged"):
        notebooks.run_notebook(untagged, tmp_path / "o.ipynb", {})


def test_the_failing_cell_is_named_and_what_ran_is_kept(tmp_path):
    book = notebook(tmp_path / "03_c.ipynb", "x = 1", "print('before')", "1 / 0")
    with pytest.raises(SpeakorError, match=r"03_c\.ipynb failed in cell \d with ZeroDivisionError"):
        notebooks.run_notebook(book, tmp_path / "out" / "03_c.ipynb", {})
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["03_c.failed.ipynb"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with two notebooks that need no kernel, because none is run."""
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    paths.notebooks().mkdir()
    for name in ("01_read", "05_judge"):
        notebook(paths.notebooks() / f"{name}.ipynb", "profile = 1\nseed = 1\ndata_root = 1")
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [((), ["01", "05"]), (("5",), ["05"]), (("05", "1"), ["01", "05"])],
)
def test_notebooks_are_chosen_by_number_and_run_in_order(home, asked, chosen):
    assert list(notebooks.choose_notebooks(asked)) == chosen


def test_a_missing_notebook_is_refused_with_those_there_are(home):
    with pytest.raises(SpeakorError, match="no notebook 02, 07; there are 01, 05"):
        notebooks.choose_notebooks(["2", "07", "5"])
    with pytest.raises(SpeakorError, match="holds no numbered notebooks"):
        notebooks.numbered_notebooks(home)


def test_what_cannot_work_is_refused_before_anything_is_written(home):
    for arguments, error in (
        (("nope",), SpeakorError),
        (("aihub",), CorpusError),
        (("sample", 1, "", ["9"]), SpeakorError),
    ):
        with pytest.raises(error):
            notebooks.reproduce(*arguments)
    assert [path.name for path in home.iterdir()] == ["notebooks"]


def test_the_data_goes_to_the_notebook_that_reads_it(home, monkeypatch):
    runs = []
    monkeypatch.setattr(notebooks, "run_notebook", lambda *run: runs.append(run))
    notebooks.reproduce("aihub", 2, "/corpus", ["5"])
    (_, output, parameters) = runs[0]
    assert output == home / "results" / "aihub" / "notebooks" / "05_judge.ipynb"
    assert parameters == {"profile": "aihub", "seed": 2, "data_root": "/corpus"}


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_our_notebooks_only_call(path):
    code = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    source = "\n".join(code)
    assert not re.search(r"^(from|import) .* as ", source, re.MULTILINE)
    assert not re.search(r"""["'](clean|real|native|base)["']""", source)
    assert "**Finding.**" not in source
    assert not re.search(r"^\s*(if|while|try|lambda)\b", source, re.MULTILINE)
