"""Writes environment.yml from pyproject.toml and the locks: ``make lock`` runs it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("train", "notebooks", "lm", "onnx", "offline", "dev")  # what `make` installs
HEADER = """\
# The same pins for conda and mamba users: mamba env create -f environment.yml
# Written by `make lock`.
name: speakor
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - make
  - git
  - pip:
"""


def locked() -> dict[str, str]:
    """Exact version of every package, by canonical name; of several, the oldest Python's."""
    pins: dict[str, str] = {}
    for name in ("requirements.lock", "weights.lock"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if match := re.match(r"([\w.-]+)(?:\[[^]]*\])?==([^ ;\\]+)", line):
                pins.setdefault(canonicalize_name(match[1]), match[2])
    return pins


def declared() -> list[Requirement]:
    """What pyproject.toml asks for, with the extras that `make` installs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in EXTRAS:
        lines += project["optional-dependencies"][extra]
    requirements = [Requirement(line) for line in lines]
    return [r for r in requirements if canonicalize_name(r.name) != project["name"]]


def environment() -> str:
    """The content of environment.yml; torch comes first, as everywhere."""
    pins = locked()
    entries = set()
    for requirement in declared():
        extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
        name = canonicalize_name(requirement.name)
        entries.add(f"{name}{extras}=={pins[name]}")
    torch = f"torch=={pins['torch']}"
    lines = [torch, *sorted(entries - {torch}), "-e ."]
    return HEADER + "".join(f"      - {line}\n" for line in lines)


if __name__ == "__main__":
    (ROOT / "environment.yml").write_text(environment(), encoding="utf-8")
