"""What could make a test score too good, measured: shared speakers, prompts, audio and text.

Speaker or audio leakage fails a run; shared prompts fail it when the split promised none.
Near-identical text is reported only: it tells how far test sentences are from training.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from speakor_common.audio import read_bytes
from speakor_common.corpus.splits import SPLITS, TEST, TRAIN, SplitPolicy
from speakor_common.errors import CorpusError
from speakor_common.text import to_jamo

NEAR_IDENTICAL = 90  # percent of matching characters
_MAX_TEXT_PAIRS = (
    50_000_000  # about 10 s; larger corpora compare a sample of the training sentences
)


def audit(manifest: pd.DataFrame, policy: SplitPolicy) -> dict[str, Any]:
    """Leakage between the splits and coverage of test by train.

    Args:
        manifest: with ``split`` assigned; rows ``unused`` are ignored.

    Returns:
        JSON-ready dict: counts and hours a split, shared speakers/prompts/audio for each pair
        of splits, near-identical test sentences, unseen test words and syllables.

    Raises:
        CorpusError: a speaker or an identical recording in two splits, or a shared prompt
            although ``policy.prompt_disjoint``.
    """
    used = manifest[manifest["split"].isin(SPLITS)]
    hashes = used["audio"].map(lambda reference: hashlib.sha256(read_bytes(reference)).hexdigest())
    shared = {
        "speakers": _shared(used, used["speaker_id"]),
        "prompts": _shared(used, used["prompt_id"]),
        "audio": _shared(used, hashes),
        "texts": _shared(used, used["text"]),
    }
    report = {
        "policy": vars(policy),
        "splits": _sizes(manifest),
        "shared": {
            what: {pair: len(values) for pair, values in pairs.items()}
            for what, pairs in shared.items()
        },
        "near_identical_test_texts": near_identical(used),
        "coverage": coverage(used),
    }
    fatal = ("speakers", "audio", "prompts") if policy.prompt_disjoint else ("speakers", "audio")
    found = [
        f"{len(v)} {what} in {pair} (e.g. {sorted(v)[0]})"
        for what in fatal
        for pair, v in shared[what].items()
        if v
    ]
    if found:
        raise CorpusError("the splits leak: " + "; ".join(found))
    return report


def _shared(used: pd.DataFrame, key: pd.Series) -> dict[str, set[str]]:
    groups = {split: set(key[used["split"] == split]) for split in SPLITS}
    return {f"{a}-{b}": groups[a] & groups[b] for a, b in combinations(SPLITS, 2)}


def _sizes(manifest: pd.DataFrame) -> dict[str, dict[str, float]]:
    return {
        str(split): {
            "utterances": len(rows),
            "hours": round(float(rows["duration_s"].sum()) / 3600, 3),
            "speakers": int(rows["speaker_id"].nunique()),
            "prompts": int(rows["prompt_id"].nunique()),
        }
        for split, rows in manifest.groupby("split")
    }


def near_identical(used: pd.DataFrame) -> dict[str, Any]:
    """How many different test sentences have a training sentence that is almost the same."""
    train = used.loc[used["split"] == TRAIN, "text"].drop_duplicates()
    test = used.loc[used["split"] == TEST, "text"].drop_duplicates()
    limit = max(1, _MAX_TEXT_PAIRS // max(1, len(test)))
    compared = train.sample(min(limit, len(train)), random_state=0)
    best = np.zeros(len(test))
    for start in range(0, len(compared), 2000):
        block = compared.iloc[start : start + 2000].tolist()
        best = np.maximum(
            best, process.cdist(test.tolist(), block, scorer=fuzz.ratio, dtype=np.uint8).max(axis=1)
        )
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
        "syllables": lambda t: list(t.replace(" ", "")),
        "jamo": lambda t: list(to_jamo(t.replace(" ", ""))),
    }
    report = {}
    for name, split_text in units.items():
        counts: dict[str, Counter] = defaultdict(Counter)
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
