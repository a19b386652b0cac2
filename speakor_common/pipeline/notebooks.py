"""Run the numbered notebooks headless, in order, strictly.

papermill only warns about unknown parameters and, in a notebook without a ``parameters``
cell, puts its own cell first where the notebook's defaults then win. Both are errors here.
The executed copy is kept also when a notebook fails, and appears only as a whole.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from speakor_common import paths
from speakor_common.errors import SpeakorError
from speakor_common.pipeline.preparation import corpus_root, split_policy
from speakor_common.storage import only_writer
from speakor_common.training.profiles import get_profile

logger = logging.getLogger(__name__)

KERNEL = "python3"
PREPARATION = "01"  # the notebook that reads a corpus as delivered
EVALUATION = "05"  # the notebook that writes the results
_ASSIGNMENT = re.compile(r"^(\w+)\s*(?::[^=\n]+)?=", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # of a terminal, in a traceback
_TRACE_LINES = 6
# Executed copies are for reading: no bars of files being loaded, no advice to library authors.
_QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "PYTHONWARNINGS": "ignore::FutureWarning",
}


def numbered_notebooks(folder: Path | None = None) -> dict[str, Path]:
    """The notebooks by number (``"01"``), in running order.

    Raises:
        SpeakorError: none there.
    """
    folder = folder or paths.notebooks()
    notebooks = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not notebooks:
        raise SpeakorError(f"{folder} holds no numbered notebooks (01_….ipynb)")
    return {notebook.name[:2]: notebook for notebook in notebooks}


def choose_notebooks(numbers: Sequence[str] = ()) -> dict[str, Path]:
    """Notebooks by number, only those asked for; ``5`` is ``05``, and no number is all.

    Raises:
        SpeakorError: there is no such notebook; the message lists those there are.
    """
    notebooks = numbered_notebooks()
    wanted = [number.zfill(2) for number in numbers] or list(notebooks)
    if unknown := [number for number in wanted if number not in notebooks]:
        raise SpeakorError(f"no notebook {', '.join(unknown)}; there are {', '.join(notebooks)}")
    return {number: path for number, path in notebooks.items() if number in wanted}


def parameters_of(notebook: Path) -> set[str]:
    """Names assigned in the cell tagged ``parameters``.

    Raises:
        SpeakorError: not exactly one such cell.
    """
    import nbformat

    cells = nbformat.read(notebook, as_version=4).cells
    tagged = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise SpeakorError(
            f"{notebook.name} has {len(tagged)} cells tagged 'parameters', expected exactly one"
        )
    return set(_ASSIGNMENT.findall(tagged[0].source))


def run_notebook(notebook: Path, output: Path, parameters: dict[str, Any]) -> Path:
    """Execute one notebook.

    The executed copy is ``output``, or ``<name>.failed.ipynb`` beside it.

    Raises:
        SpeakorError: a parameter the notebook does not know, or a failing cell, which is named.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    # papermill would run with a parameter nobody reads.
    known = parameters_of(notebook)
    if unknown := sorted(set(parameters) - known):
        raise SpeakorError(f"{notebook.name} knows no parameters {unknown}; it has {sorted(known)}")

    # Written beside the target, so that a copy of an earlier run stays until this one is whole.
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
        trace = _COLOUR.sub("", "\n".join(error.traceback[-_TRACE_LINES:]))
        raise SpeakorError(
            f"{notebook.name} failed in cell {error.cell_index} "
            f"with {error.ename}: {error.evalue}\n{trace}\n"
            f"The executed copy up to there: {paths.relative(failed)}"
        ) from None
    temporary.replace(output)
    return output


def reproduce(
    profile_name: str,
    seed: int = 1,
    data_root: str = "",
    only: Sequence[str] = (),
    prompts: str = "",
) -> list[Path]:
    """Run the notebooks of a profile into ``results/<profile>/notebooks/``.

    Args:
        data_root: delivered corpus; ``""`` is the shipped sample, where the profile is for it.
        only: numbers such as ``["05"]`` to run some of them.
        prompts: see :func:`preparation.prepare_profile`.

    Returns:
        the executed copies.

    Raises:
        SpeakorError: unknown profile or notebook, or see :func:`run_notebook`.
        CorpusError: the profile needs a corpus of one's own, and none was given.
    """
    from tqdm import tqdm

    # What cannot work is refused before anything is written.
    chosen = choose_notebooks(only)
    profile = get_profile(profile_name)
    if PREPARATION in chosen:
        corpus_root(profile, data_root)
        split_policy(profile, prompts)

    # Kernels inherit the environment.
    for variable, value in ({"PYTHONPATH": str(paths.root())} | _QUIET).items():
        os.environ.setdefault(variable, value)
    executed = []
    with only_writer(paths.results(profile_name)):
        for notebook in tqdm(chosen.values(), f"notebooks ({profile_name})", unit="notebook"):
            logger.info("running %s", notebook.name)
            parameters = {"profile": profile_name, "seed": seed}
            for name, value in (("data_root", data_root), ("prompts", prompts)):
                if name in parameters_of(notebook):
                    parameters[name] = value
            output = paths.results(profile_name) / "notebooks" / notebook.name
            executed.append(run_notebook(notebook, output, parameters))
    return executed
