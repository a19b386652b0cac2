"""Error anatomy: which syllable and jamo became which, spacing errors, hallucination flags.

Alignments are by syllable (spaces apart, because Korean spacing varies among correct
writers); a substituted syllable is then compared onset with onset, vowel with vowel, coda
with coda, the way a teacher would describe it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from rapidfuzz.distance import Levenshtein

from speakor_common.text import PARTS, compatibility, is_syllable, split_syllable

NOTHING = "–"  # shown where a coda is absent
Operation = Literal["equal", "substitution", "deletion", "insertion"]


@dataclass(frozen=True)
class Pair:
    """One step of an alignment; ``reference`` or ``hypothesis`` is ``""`` for insertions and deletions."""

    operation: Operation
    reference: str
    hypothesis: str


_OPERATION: dict[str, Operation] = {
    "equal": "equal",
    "replace": "substitution",
    "delete": "deletion",
    "insert": "insertion",
}


def align(reference: Sequence[str], hypothesis: Sequence[str]) -> list[Pair]:
    """Minimum-edit alignment of two sequences (of words, or of syllables if strings are given)."""
    pairs: list[Pair] = []
    for code in Levenshtein.opcodes(reference, hypothesis):
        left, right = (
            reference[code.src_start : code.src_end],
            hypothesis[code.dest_start : code.dest_end],
        )
        operation = _OPERATION[code.tag]
        for i in range(max(len(left), len(right))):
            pairs.append(
                Pair(
                    operation, left[i] if i < len(left) else "", right[i] if i < len(right) else ""
                )
            )
    return pairs


def align_syllables(reference: str, hypothesis: str) -> list[Pair]:
    return align(reference.replace(" ", ""), hypothesis.replace(" ", ""))


def align_words(reference: str, hypothesis: str) -> list[Pair]:
    return align(reference.split(), hypothesis.split())


def jamo_confusions(predictions: pd.DataFrame) -> pd.DataFrame:
    """Jamo of substituted and correct syllables, counted.

    Args:
        predictions: columns ``reference``, ``hypothesis``, ``l1``.

    Returns:
        columns ``l1, part, reference, hypothesis, count``; compatibility letters, – for no coda.
    """
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for row in predictions.itertuples():
        for pair in align_syllables(row.reference, row.hypothesis):
            for part, left, right in jamo_pairs(pair):
                counts[row.l1, part, left, right] += 1
    rows = [(*key, count) for key, count in sorted(counts.items())]
    return pd.DataFrame(rows, columns=["l1", "part", "reference", "hypothesis", "count"])


def jamo_pairs(pair: Pair) -> Iterator[tuple[str, str, str]]:
    """``(part, reference, hypothesis)`` of two aligned syllables, equal parts included; nothing where one is missing."""
    if (
        pair.operation not in ("equal", "substitution")
        or not is_syllable(pair.reference)
        or not is_syllable(pair.hypothesis)
    ):
        return
    for part, left, right in zip(
        PARTS, split_syllable(pair.reference), split_syllable(pair.hypothesis), strict=True
    ):
        yield part, compatibility(left) or NOTHING, compatibility(right) or NOTHING


def confusion_matrix(confusions: pd.DataFrame, part: str, l1: str | None = None) -> pd.DataFrame:
    """Reference × hypothesis shares of one part, rows summing to 1; letters in dictionary order."""
    chosen = confusions[(confusions["part"] == part) & ((confusions["l1"] == l1) if l1 else True)]
    table = chosen.pivot_table(
        index="reference", columns="hypothesis", values="count", aggfunc="sum", fill_value=0
    )
    letters = sorted(
        set(table.index) | set(table.columns), key=lambda letter: (letter == NOTHING, letter)
    )
    table = table.reindex(index=letters, columns=letters, fill_value=0)
    return table.div(table.sum(axis=1).clip(lower=1), axis=0)


def top_confusions(confusions: pd.DataFrame, count: int = 20) -> pd.DataFrame:
    """The most frequent jamo errors over all L1s, with the share of the reference jamo they affect."""
    total = confusions.groupby(["part", "reference"])["count"].sum().rename("occurrences")
    wrong = confusions[confusions["reference"] != confusions["hypothesis"]]
    table = wrong.groupby(["part", "reference", "hypothesis"], as_index=False)["count"].sum()
    table = table.merge(total.reset_index(), on=["part", "reference"])
    table["share"] = table["count"] / table["occurrences"]
    return table.sort_values(["count", "share"], ascending=False, ignore_index=True).head(count)


def word_confusions(predictions: pd.DataFrame, count: int = 20) -> pd.DataFrame:
    """Most frequent word substitutions: columns ``reference, hypothesis, count``."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in predictions.itertuples():
        pairs = align_words(row.reference, row.hypothesis)
        counts.update((p.reference, p.hypothesis) for p in pairs if p.operation == "substitution")
    return pd.DataFrame(
        [(*key, n) for key, n in counts.most_common(count)],
        columns=["reference", "hypothesis", "count"],
    )


def by_familiarity(predictions: pd.DataFrame, known: Collection[str]) -> pd.DataFrame:
    """How often words of the reference are recognised that training transcripts hold (``seen``), and others (``unseen``).

    Args:
        known: words of the training transcripts.

    Returns:
        index ``seen`` and ``unseen``; columns ``words, wrong, rate``. Inserted words are nobody's and not counted.
    """
    counts: Counter[tuple[str, bool]] = Counter()
    for row in predictions.itertuples():
        for pair in align_words(row.reference, row.hypothesis):
            if pair.reference:
                counts[
                    "seen" if pair.reference in known else "unseen", pair.operation != "equal"
                ] += 1
    rows = {
        name: {"words": counts[name, False] + counts[name, True], "wrong": counts[name, True]}
        for name in ("seen", "unseen")
    }
    table = pd.DataFrame(rows).T
    return table.assign(rate=table["wrong"] / table["words"].clip(lower=1))


def label_suspects(predictions: pd.DataFrame) -> pd.DataFrame:
    """Words where every model hears the same and the label says something else: the label may be wrong.

    Args:
        predictions: at least two experiments' predictions of one condition.

    Returns:
        columns ``utterance_id, position, reference, heard``: a word of the label (``""``: none there) and what all models
        have in its place (``""``: nothing); in the order of the utterances.
    """
    models = predictions["experiment"].nunique()
    if models < 2:
        raise ValueError(
            "label suspects need the outputs of at least two models; one alone cannot agree with another"
        )
    votes: Counter[tuple[str, int, str, str]] = Counter()
    for row in predictions.itertuples():
        votes.update(
            (row.utterance_id, *wrong) for wrong in _wrong_words(row.reference, row.hypothesis)
        )
    agreed = [key for key, count in votes.items() if count == models]
    return pd.DataFrame(agreed, columns=["utterance_id", "position", "reference", "heard"])


def _wrong_words(reference: str, hypothesis: str) -> set[tuple[int, str, str]]:
    """``(position in the reference, its word, what was heard)`` of every difference."""
    found, position = set(), 0
    for pair in align_words(reference, hypothesis):
        if pair.operation != "equal":
            found.add((position, pair.reference, pair.hypothesis))
        position += pair.reference != ""
    return found


FLAGS = ("empty", "hallucination", "repetition", "spacing")


def flags(reference: str, hypothesis: str, duration_s: float) -> list[str]:
    """What is suspicious about an output, judged without knowing the model.

    ``empty``; ``hallucination``: more than 12 syllables a second, or twice the reference's
    length and 10 more; ``repetition``: the same word three times in a row; ``spacing``: right
    syllables, wrong spaces.
    """
    syllables, expected = len(hypothesis.replace(" ", "")), len(reference.replace(" ", ""))
    words = hypothesis.split()
    found = []
    if syllables == 0:
        found.append("empty")
    if syllables > 12 * max(duration_s, 0.1) or syllables > 2 * expected + 10:
        found.append("hallucination")
    if any(words[i] == words[i + 1] == words[i + 2] for i in range(len(words) - 2)):
        found.append("repetition")
    if reference != hypothesis and reference.replace(" ", "") == hypothesis.replace(" ", ""):
        found.append("spacing")
    return found
