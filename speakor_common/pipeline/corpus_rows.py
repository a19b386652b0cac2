"""The shipped corpus in numbers that documents name, counted from its labels and sounds."""

from __future__ import annotations

import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

_SAMPLE = "data/sample"
_LABEL = ".json"


def delivered_files(root: Path) -> list[Path]:
    """The files of the shipped corpus, zips and single ones, under the project's root."""
    files = sorted((root / _SAMPLE).rglob("*"))
    return [file for file in files if file.is_file() and not file.name.startswith(".")]


@lru_cache(maxsize=1)
def corpus_rows(root: Path) -> list[dict[str, Any]]:
    """The shipped labels, counted: a row a split, natives' splits apart, and one of all.

    Returns:
        keys ``split`` (``test``, ``native_test``, …, ``all``), ``utterances``, ``speakers``,
        ``first_languages``, ``prompts``, ``texts``, ``seconds``, ``bytes`` (of sound).
    """
    # Only where a document speaks of the corpus is it read; that takes seconds.
    from speakor_common.corpus import aihub
    from speakor_common.corpus.splits import assign_splits
    from speakor_common.training.profiles import PROFILES

    profile = PROFILES["sample"]
    delivered = aihub.read(root / _SAMPLE, None, False).manifest
    manifest = assign_splits(delivered, profile.split)
    native = manifest["l1"] == profile.native_l1
    names = manifest["split"].where(~native, "native_" + manifest["split"])
    groups = [*manifest.groupby(names), ("all", manifest)]
    sizes = _sound_sizes(delivered_files(root))
    return [
        {
            "split": name,
            "utterances": len(rows),
            "speakers": rows["speaker_id"].nunique(),
            "first_languages": rows["l1"].nunique(),
            "prompts": rows["prompt_id"].nunique(),
            "texts": rows["text"].nunique(),
            "seconds": float(rows["duration_s"].sum()),
            "bytes": sum(sizes[Path(audio).stem] for audio in rows["audio"]),
        }
        for name, rows in groups
    ]


def _sound_sizes(files: list[Path]) -> dict[str, int]:
    """Bytes of every sound, packed or not, by its name without extension."""
    sizes = {}
    for file in files:
        if file.suffix == ".zip":
            with zipfile.ZipFile(file) as archive:
                members = {Path(each.filename): each.file_size for each in archive.infolist()}
        else:
            members = {file: file.stat().st_size}
        sizes |= {path.stem: size for path, size in members.items() if path.suffix != _LABEL}
    return sizes
