"""Every path of the project, from one root.

The root is ``SPEAKOR_HOME`` if set, else the repository this package lies in, else
(a wheel installed elsewhere) the working directory. Functions, not constants: tests and
users may change the root while the process runs.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parent.parent

# Folders before the last name of an absolute path; no part of an address or of "and/or".
_FOLDERS = re.compile(r"(?<![\w/.~])~?(?!//)/(?:[^\s/'\"]+/)+")


def root() -> Path:
    """Directory that holds notebooks/, data/, models/ and results/."""
    if home := os.environ.get("SPEAKOR_HOME"):
        return Path(home).expanduser().resolve()
    return _REPOSITORY if (_REPOSITORY / "pyproject.toml").is_file() else Path.cwd()


def notebooks() -> Path:
    return root() / "notebooks"


def sample_corpus() -> Path:
    """The shipped synthetic learner corpus, in AI Hub's layout."""
    return root() / "data" / "sample"


def prepared(profile: str) -> Path:
    """Where the prepared dataset of a profile lies (git-ignored)."""
    return root() / "data" / "prepared" / profile


def base_tiny() -> Path:
    """The shipped tiny CTC base checkpoint."""
    return root() / "models" / "base-tiny"


def model(experiment: str, profile: str) -> Path:
    """Trained model of an experiment; the sample profile's lies right below ``models``."""
    return root() / "models" / (experiment if profile == "sample" else f"{profile}/{experiment}")


def whisper_base() -> Path:
    """Packaged whisper-base weights, converted once to a stock Hugging Face directory."""
    return root() / "models" / "whisper-base"


def results(profile: str) -> Path:
    return root() / "results" / profile


def benchmarks() -> Path:
    return root() / "results" / "benchmarks"


def relative(path: Path) -> str:
    """A path as shown to people: relative to the root when inside it."""
    path = Path(path).resolve()
    return str(path.relative_to(root())) if path.is_relative_to(root()) else str(path)


def without_folders(text: str) -> str:
    """A message as it may be published: paths from the root, of others their last name alone.

    >>> without_folders("/a/folder/x/config.json is missing, see https://a.org/b/c")
    '…/config.json is missing, see https://a.org/b/c'
    """
    inside = text.replace("file://", "").replace(f"{root()}/", "").replace(f"{Path.home()}/", "~/")
    return _FOLDERS.sub("…/", inside)
