"""What could make a test score too good, measured: shared speakers, voices, prompts, audio, text.

What the split policy promised to keep apart and did not fails a run; all else is counted. What
texts share is counted in :mod:`speakor_common.corpus.text_overlap`, voices are compared in
:mod:`speakor_common.corpus.voice_audit`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from speakor_common.audio import read_bytes
from speakor_common.corpus.kept import code_fingerprint, fingerprint, made_once
from speakor_common.corpus.splits import SPLITS, TEST, TRAIN, VOICES, Policy
from speakor_common.corpus.text_overlap import text_overlap
from speakor_common.corpus.voice_audit import audit_voices, voice_leaks
from speakor_common.corpus.voice_vectors import Voices
from speakor_common.errors import CorpusError
from speakor_common.text import to_jamo

OVERLAP_FILE = "text_overlap.json"


def audit(
    manifest: pd.DataFrame,
    policy: Policy,
    digests: pd.Series | None = None,
    voices: Voices | str = "nobody listened",
    native_l1: str = "KR",
    keep: Path | None = None,
) -> dict[str, Any]:
    """Leakage between the splits and coverage of test by train.

    Args:
        manifest: with ``split`` assigned; rows ``unused`` are ignored.
        digests: a value a recording, equal for identical ones, on the index of ``manifest``;
            without it the files are read and hashed.
        voices: of some clips of every speaker, or why they are not compared.
        native_l1: speakers of this L1 are natives.
        keep: folder for what texts share, so that the same texts are compared once.

    Returns:
        JSON-ready dict: counts and hours a split, shared speakers/prompts/audio/texts for each
        pair of splits, nearest voices, what texts share with training, unseen test words and
        syllables.

    Raises:
        CorpusError: two splits share what ``policy`` promises to keep apart.
    """
    used = manifest[manifest["split"].isin(SPLITS)]
    recordings = used["audio"].map(_file_digest) if digests is None else digests.loc[used.index]

    # what each pair of splits has in common
    shared = {
        "speakers": _shared(used, used["speaker_id"]),
        "prompts": _shared(used, used["prompt_id"]),
        "audio": _shared(used, recordings),
        "texts": _shared(used, used["text"]),
    }
    heard = {"not_compared": voices} if isinstance(voices, str) else audit_voices(voices)
    _check_promises(shared, heard, policy)

    counts = {
        what: {pair: len(values) for pair, values in pairs.items()}
        for what, pairs in shared.items()
    }
    return {
        "policy": {"name": type(policy).__name__} | vars(policy),
        "splits": _sizes(manifest),
        "shared": counts,
        "voices": heard,
        "text_overlap": _text_overlap(used, native_l1, keep),
        "coverage": coverage(used),
    }


def _text_overlap(used: pd.DataFrame, native_l1: str, keep: Path | None) -> dict[str, Any]:
    """What texts share, taken from where it is kept if they are the same."""
    if keep is None:
        return text_overlap(used, native_l1)
    rows = pd.util.hash_pandas_object(used[["split", "l1", "text"]], index=False)
    texts = hashlib.sha256(rows.to_numpy().tobytes()).hexdigest()
    made_from = fingerprint(code_fingerprint(), native_l1, texts)
    return made_once(keep / OVERLAP_FILE, made_from, lambda: text_overlap(used, native_l1))


def _file_digest(reference: str) -> str:
    return hashlib.sha256(read_bytes(reference)).hexdigest()


def _shared(used: pd.DataFrame, key: pd.Series) -> dict[str, set[str]]:
    """Values that occur in two splits, by pair; ``""`` is no value but an unknown one."""
    groups = {split: set(key[used["split"] == split]) - {""} for split in SPLITS}
    return {f"{a}-{b}": groups[a] & groups[b] for a, b in combinations(SPLITS, 2)}


def _check_promises(
    shared: dict[str, dict[str, set[str]]], heard: dict[str, Any], policy: Policy
) -> None:
    leaks = []
    for what in policy.promises:
        if what == VOICES:
            if reason := heard.get("not_compared"):
                raise CorpusError(
                    f"this split promises other voices in every part, and nobody listened: {reason}"
                )
            leaks += voice_leaks(heard)
            continue
        for pair, values in shared[what].items():
            if values:
                leaks.append(f"{len(values)} {what} in {pair} (e.g. {min(values)})")
    if leaks:
        raise CorpusError("the splits leak: " + "; ".join(leaks))


def _sizes(manifest: pd.DataFrame) -> dict[str, dict[str, float]]:
    return {
        str(split): {
            "utterances": len(rows),
            "hours": round(float(rows["duration_s"].sum()) / 3600, 3),
            "speakers": _distinct(rows["speaker_id"]),
            "prompts": _distinct(rows["prompt_id"]),
        }
        for split, rows in manifest.groupby("split")
    }


def _distinct(values: pd.Series) -> int:
    return int(values[values != ""].nunique())


def coverage(used: pd.DataFrame) -> dict[str, Any]:
    """Share of test words, syllables and jamo (running and distinct) that training never shows."""
    units = {
        "words": str.split,
        "syllables": lambda text: list(text.replace(" ", "")),
        "jamo": lambda text: list(to_jamo(text.replace(" ", ""))),
    }
    report = {}
    for name, split_text in units.items():
        counts = {split: Counter() for split in SPLITS}
        for split, text in zip(used["split"], used["text"], strict=True):
            counts[split].update(split_text(text))

        unseen = {unit: n for unit, n in counts[TEST].items() if unit not in counts[TRAIN]}
        running = sum(counts[TEST].values())
        report[name] = {
            "test_distinct": len(counts[TEST]),
            "unseen_distinct": len(unseen),
            "unseen_running_share": round(sum(unseen.values()) / running, 4) if running else 0.0,
        }
    return report
