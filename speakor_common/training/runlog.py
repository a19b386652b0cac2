"""What a run was: configuration, data hash, code revision, versions, seconds, peak memory → run.json."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
import torch

from speakor_common import paths
from speakor_common.storage import write_json
from speakor_common.training.preset import Experiment

_PACKAGES = ("torch", "transformers", "datasets", "peft", "bitsandbytes", "jiwer", "numpy")


class RunLog:
    """Collects a run's facts; :meth:`write` stores them beside the model."""

    def __init__(
        self, experiment: Experiment, profile: str, changed: dict[str, Any], seed: int
    ) -> None:
        self._started = time.perf_counter()
        self.facts: dict[str, Any] = {
            "experiment": asdict(experiment),
            "profile": profile,
            "changed_by_profile": {
                key: {"preset": old, "used": new} for key, (old, new) in changed.items()
            },
            "seed": seed,
            "code_revision": code_revision(),
            "versions": package_versions(),
            "machine": {"platform": platform.platform(), "python": platform.python_version()},
        }

    def write(self, directory: Path, **facts: Any) -> dict[str, Any]:
        """Write ``run.json`` atomically and return its content."""
        self.facts |= facts
        self.facts["seconds"] = round(time.perf_counter() - self._started, 1)
        self.facts["peak_memory_mib"] = round(peak_memory_mib())
        write_json(directory / "run.json", self.facts)
        return self.facts


def data_hash(utterance_ids: Iterable[str], texts: Iterable[str]) -> str:
    """sha256 over ids and texts in order: two runs with the same hash saw the same labels."""
    digest = hashlib.sha256()
    for identifier, text in zip(utterance_ids, texts, strict=True):
        digest.update(f"{identifier}\t{text}\n".encode())
    return digest.hexdigest()


def code_revision() -> str:
    """Git commit of the code, with ``+changes`` if the tree is not clean; ``unknown`` outside git."""
    command = [
        "git",
        "-C",
        str(paths.root()),
        "describe",
        "--always",
        "--abbrev=12",
        "--dirty=+changes",
        "--exclude=*",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return done.stdout.strip() or "unknown"


def package_versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def peak_memory_mib() -> float:
    """Peak memory so far: of the GPU if training runs on one, else of this process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    info = psutil.Process().memory_info()
    return (getattr(info, "peak_wset", None) or _peak_rss_bytes()) / 2**20


def _peak_rss_bytes() -> int:
    import resource  # POSIX only

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
