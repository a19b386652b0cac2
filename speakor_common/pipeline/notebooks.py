"""Run the numbered notebooks headless, in order, strictly.

papermill only warns about unknown parameters and, in a notebook without a ``parameters``
cell, puts its own cell first where the notebook's defaults then win. Both are errors here.
The executed copy is kept also when a notebook fails, and appears only as a whole.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Any

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from speakor_common import paths
from speakor_common.errors import SpeakorError
from speakor_common.storage import only_writer

logger = logging.getLogger(__name__)

_ASSIGNMENT = re.compile(r"^(\w+)\s*(?::[^=\n]+)?=", re.MULTILINE)
KERNEL = "python3"
# Executed copies are for reading: no bars of files being loaded, no advice to library authors.
_QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "PYTHONWARNINGS": "ignore::FutureWarning",
}


def numbered(folder: Path | None = None) -> list[Path]:
    """The notebooks in running order.

    Raises:
        SpeakorError: none found.
    """
    folder = folder or paths.notebooks()
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise SpeakorError(f"{folder} holds no numbered notebooks (01_….ipynb)")
    return found


def parameters_of(notebook: Path) -> set[str]:
    """Names assigned in the cell tagged ``parameters``.

    Raises:
        SpeakorError: not exactly one such cell.
    """
    cells = nbformat.read(notebook, as_version=4).cells
    tagged = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise SpeakorError(
            f"{notebook.name} has {len(tagged)} cells tagged 'parameters', expected exactly one"
        )
    return set(_ASSIGNMENT.findall(tagged[0].source))


def run(notebook: Path, output: Path, parameters: dict[str, Any]) -> Path:
    """Execute one notebook; the executed copy is ``output``, or ``<name>.failed.ipynb`` beside it.

    Raises:
        SpeakorError: a parameter the notebook does not know, or a failing cell, which is named.
    """
    if unknown := sorted(set(parameters) - parameters_of(notebook)):
        raise SpeakorError(
            f"{notebook.name} knows no parameters {unknown}; it has {sorted(parameters_of(notebook))}"
        )
    output.parent.mkdir(parents=True, exist_ok=True)
    temporary = output.with_name(f".{output.name}")
    failed = output.with_name(f"{output.stem}.failed.ipynb")
    failed.unlink(missing_ok=True)
    try:
        papermill.execute_notebook(
            str(notebook),
            str(temporary),
            parameters,
            kernel_name=KERNEL,
            cwd=str(notebook.parent),
            progress_bar=True,
        )
    except PapermillExecutionError as error:
        temporary.replace(failed)
        trace = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback[-6:]))
        raise SpeakorError(
            f"{notebook.name} failed in cell {error.cell_index} with {error.ename}: {error.evalue}\n{trace}\n"
            f"The executed copy up to there: {paths.relative(failed)}"
        ) from None
    temporary.replace(output)
    return output


def reproduce(
    profile: str, seed: int = 1, data_root: str = "", only: list[str] | None = None
) -> list[Path]:
    """Run all notebooks of a profile into ``results/<profile>/notebooks/``.

    Args:
        data_root: delivered corpus; ``""`` uses the shipped sample.
        only: number prefixes such as ``["05"]`` to run a part.

    Returns:
        the executed copies.
    """
    chosen = [n for n in numbered() if not only or n.name[:2] in only]
    for variable, value in ({"PYTHONPATH": str(paths.root())} | _QUIET).items():
        os.environ.setdefault(variable, value)
    with only_writer(paths.results(profile)):
        return _run_all(chosen, profile, seed, data_root)


def _run_all(chosen: list[Path], profile: str, seed: int, data_root: str) -> list[Path]:
    done = []
    for notebook in tqdm(chosen, desc=f"notebooks ({profile})", unit="notebook"):
        logger.info("running %s", notebook.name)
        known = parameters_of(notebook)
        parameters = {"profile": profile, "seed": seed} | (
            {"data_root": data_root} if "data_root" in known else {}
        )
        done.append(run(notebook, paths.results(profile) / "notebooks" / notebook.name, parameters))
    return done
