"""What could make a test score too good, measured: shared speakers, prompts, audio and text.

What the split policy promised to keep apart and did not fails a run; all else is counted.
Near-identical text is reported only: it tells how far test sentences are from training.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from speakor_common.audio import read_bytes
from speakor_common.corpus.splits import SPLITS, TEST, TRAIN, Policy
from speakor_common.errors import CorpusError
from speakor_common.text import to_jamo

NEAR_IDENTICAL = 90  # percent of matching characters
_MAX_TEXT_PAIRS = 50_000_000  # about 10 s; larger corpora compare a sample of the training texts
_BLOCK = 2_000  # training texts compared at a time, to bound memory


def audit(
    manifest: pd.DataFrame, policy: Policy, digests: pd.Series | None = None
) -> dict[str, Any]:
    """Leakage between the splits and coverage of test by train.

    Args:
        manifest: with ``split`` assigned; rows ``unused`` are ignored.
        digests: a value a recording, equal for identical ones, on the index of ``manifest``;
            without it the files are read and hashed.

    Returns:
        JSON-ready dict: counts and hours a split, shared speakers/prompts/audio for each pair
        of splits, near-identical test sentences, unseen test words and syllables.

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
    _check_promises(shared, policy)

    counts = {
        what: {pair: len(values) for pair, values in pairs.items()}
        for what, pairs in shared.items()
    }
    return {
        "policy": {"name": type(policy).__name__} | vars(policy),
        "splits": _sizes(manifest),
        "shared": counts,
        "near_identical_test_texts": near_identical(used),
        "coverage": coverage(used),
    }


def _file_digest(reference: str) -> str:
    return hashlib.sha256(read_bytes(reference)).hexdigest()


def _shared(used: pd.DataFrame, key: pd.Series) -> dict[str, set[str]]:
    """Values that occur in two splits, by pair; ``""`` is no value but an unknown one."""
    groups = {split: set(key[used["split"] == split]) - {""} for split in SPLITS}
    return {f"{a}-{b}": groups[a] & groups[b] for a, b in combinations(SPLITS, 2)}


def _check_promises(shared: dict[str, dict[str, set[str]]], policy: Policy) -> None:
    leaks = []
    for what in policy.promises:
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


def near_identical(used: pd.DataFrame) -> dict[str, Any]:
    """How many different test sentences have a training sentence that is almost the same."""
    train = used.loc[used["split"] == TRAIN, "text"].drop_duplicates()
    test = used.loc[used["split"] == TEST, "text"].drop_duplicates()
    limit = max(1, _MAX_TEXT_PAIRS // max(1, len(test)))
    compared = train.sample(min(limit, len(train)), random_state=0)

    # best similarity of each test sentence, percent
    best = np.zeros(len(test))
    for start in range(0, len(compared), _BLOCK):
        block = compared.iloc[start : start + _BLOCK].tolist()
        similar = process.cdist(test.tolist(), block, scorer=fuzz.ratio, dtype=np.uint8)
        best = np.maximum(best, similar.max(axis=1))

    return {
        "threshold_percent": NEAR_IDENTICAL,
        "test_sentences": len(test),
        "train_sentences_compared": len(compared),
        "near_identical": int((best >= NEAR_IDENTICAL).sum()),
        "median_best_similarity": round(float(np.median(best)), 1) if len(best) else 0.0,
    }


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
