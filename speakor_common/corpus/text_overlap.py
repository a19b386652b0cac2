"""How much of what is said in validation and test was said in training before.

A recogniser, and more so a language model, knows what it was trained on. Sentences made from the
same frames differ, and are known all the same; so what is shared is counted at every size: words,
sequences of two to four words, frames (:mod:`speakor_common.text.frame`), and how far the nearest
sentence of training is. Nothing here stops a run.

Training is the training split of learners and natives together, because both are counted into
language models. A family is learners or natives of one split.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from speakor_common.corpus.nearest_texts import LONGEST, Sequences, fewest_edits
from speakor_common.corpus.splits import TEST, TRAIN, VALID
from speakor_common.text.frame import frame

WORDS_APART = ("0", "1", "2", "3", "4+")
MOST_FRAMES = 20_000  # different sentences of training whose frames are looked at: a minute


def text_overlap(used: pd.DataFrame, native_l1: str) -> dict[str, Any]:
    """What each family shares with training.

    Args:
        used: manifest rows of train, valid and test.
        native_l1: speakers of this L1 are natives; ``""``: there are none.

    Returns:
        JSON-ready dict: by family (``valid``, ``test``, ``native_valid``, ``native_test``) the
        ``sentences`` (different ones), shares seen in training (``words``, ``2-grams`` to
        ``4-grams``, running; ``frames``, of different sentences; ``identical`` sentences) and
        ``nearest``, see :func:`nearest_sentences`; a share is ``None`` where there is nothing to
        count. ``training_sentences`` and ``training_frames_of`` say how many were looked at.
    """
    training = used.loc[used["split"] == TRAIN, "text"].drop_duplicates()
    for_frames = _some(training, MOST_FRAMES)
    known_frames = {frame(text) for text in for_frames}
    of_training = Sequences(training.tolist())
    known = {n: np.unique(of_training.of_size(n)[0]) for n in _sizes()}

    families = {}
    for name, rows in _families(used, native_l1).items():
        sentences = rows["text"].drop_duplicates()
        running = Sequences(rows["text"].tolist())
        shares = {f"{n}-grams": _share_seen(running.of_size(n)[0], known[n]) for n in _sizes()}
        shares["words"] = shares.pop("1-grams")
        seen_frames = [frame(text) in known_frames for text in sentences]
        families[name] = {
            "utterances": len(rows),
            "sentences": len(sentences),
            **{key: shares[key] for key in sorted(shares, key=lambda key: key != "words")},
            "frames": round(float(np.mean(seen_frames)), 4),
            "identical": round(float(sentences.isin(set(training)).mean()), 4),
            "nearest": nearest_sentences(sentences.tolist(), training),
        }
    return {
        "training_sentences": len(training),
        "training_frames_of": len(for_frames),
        "families": families,
    }


def nearest_sentences(sentences: Sequence[str], training: pd.Series) -> dict[str, Any]:
    """How far each sentence is from the nearest of training.

    Returns:
        ``words_apart``: sentences by the least number of words to insert, delete or replace,
        :data:`WORDS_APART`; ``word_edit_rate``: quantiles of that number over the sentence's
        words; ``compared``: among how many sentences of training it was looked for, ``of`` all.
    """
    compared = training.tolist()
    least = fewest_edits(sentences, compared)
    words = [len(text.split()) for text in sentences]

    counts = Counter(min(int(edits), len(WORDS_APART) - 1) for edits in least)
    rates = least / np.maximum(words, 1)
    return {
        "words_apart": {name: counts[edits] for edits, name in enumerate(WORDS_APART)},
        "word_edit_rate": {
            f"{share} %": round(float(np.quantile(rates, share / 100)), 3)
            for share in (5, 25, 50, 75, 95)
        },
        "compared": len(compared),
        "of": len(training),
    }


def _sizes() -> range:
    return range(1, LONGEST + 1)


def _families(used: pd.DataFrame, native_l1: str) -> dict[str, pd.DataFrame]:
    """Rows of valid and test, natives apart; families without rows are left out."""
    native = (used["l1"] == native_l1) & (native_l1 != "")
    families = {}
    for prefix, mask in (("", ~native), ("native_", native)):
        for split in (VALID, TEST):
            families[prefix + split] = used[(used["split"] == split) & mask]
    return {name: rows for name, rows in families.items() if len(rows)}


def _share_seen(running: np.ndarray, known: np.ndarray) -> float | None:
    """Share of running sequences that training has; ``None`` of none."""
    return round(float(np.isin(running, known).mean()), 4) if len(running) else None


def _some(texts: pd.Series, most: int) -> pd.Series:
    """All, or as many drawn with a fixed seed."""
    return texts if len(texts) <= most else texts.sample(most, random_state=0)
