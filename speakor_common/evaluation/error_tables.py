"""Error anatomy as tables: confusions of letters and words, suspicious outputs, doubtful labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import pandas as pd

from speakor_common.evaluation.alignment import NOTHING, align_syllables, align_words, jamo_pairs
from speakor_common.text import is_syllable

FLAGS = ("empty", "hallucination", "repetition", "spacing", "not_korean")

_FASTEST = 12  # syllables a second; fast Korean stays below 8
_SHORTEST = 0.1  # seconds a clip counts at least


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


def confusion_matrix(confusions: pd.DataFrame, part: str, l1: str | None = None) -> pd.DataFrame:
    """Reference × hypothesis shares of one part, rows summing to 1; letters in dictionary order."""
    # Choose the part, and the first language if one is given.
    chosen = confusions[confusions["part"] == part]
    if l1:
        chosen = chosen[chosen["l1"] == l1]
    table = chosen.pivot_table(
        index="reference", columns="hypothesis", values="count", aggfunc="sum", fill_value=0
    )

    # The same letters on both axes, with "no coda" last.
    letters = set(table.index) | set(table.columns)
    ordered = sorted(letters, key=lambda letter: (letter == NOTHING, letter))
    table = table.reindex(index=ordered, columns=ordered, fill_value=0)
    return table.div(table.sum(axis=1).clip(lower=1), axis=0)


def top_confusions(confusions: pd.DataFrame, count: int = 20) -> pd.DataFrame:
    """The most frequent jamo errors over all L1s, and the share of the reference jamo they affect.

    Returns:
        columns ``part, reference, hypothesis, count, occurrences, share``, most frequent first.
    """
    occurrences = confusions.groupby(["part", "reference"])["count"].sum().rename("occurrences")
    wrong = confusions[confusions["reference"] != confusions["hypothesis"]]
    table = wrong.groupby(["part", "reference", "hypothesis"], as_index=False)["count"].sum()
    table = table.merge(occurrences.reset_index(), on=["part", "reference"])
    table["share"] = table["count"] / table["occurrences"]
    return table.sort_values(["count", "share"], ascending=False, ignore_index=True).head(count)


def word_confusions(predictions: pd.DataFrame, count: int = 20) -> pd.DataFrame:
    """Most frequent word substitutions: columns ``reference, hypothesis, count``."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in predictions.itertuples():
        for pair in align_words(row.reference, row.hypothesis):
            if pair.operation == "substitution":
                counts[pair.reference, pair.hypothesis] += 1
    rows = [(*key, n) for key, n in counts.most_common(count)]
    return pd.DataFrame(rows, columns=["reference", "hypothesis", "count"])


def by_familiarity(predictions: pd.DataFrame, known: Collection[str]) -> pd.DataFrame:
    """How often words of the reference are wrong that training transcripts hold, and others.

    Args:
        known: words of the training transcripts.

    Returns:
        index ``seen`` and ``unseen``; columns ``words, wrong, rate``. Inserted words belong to
        neither and are not counted.
    """
    words: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for row in predictions.itertuples():
        for pair in align_words(row.reference, row.hypothesis):
            if not pair.reference:
                continue
            group = "seen" if pair.reference in known else "unseen"
            words[group] += 1
            wrong[group] += pair.operation != "equal"

    rows = {group: (words[group], wrong[group]) for group in ("seen", "unseen")}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["words", "wrong"])
    return table.assign(rate=table["wrong"] / table["words"].clip(lower=1))


def label_suspects(predictions: pd.DataFrame) -> pd.DataFrame:
    """Words of labels that may be wrong: all models agree on something else.

    Args:
        predictions: at least two experiments' predictions of one condition.

    Returns:
        columns ``utterance_id, position, reference, hypothesis``: a word of the label (``""``:
        none there) and what all models have in its place (``""``: nothing); in the order of the
        utterances.

    Raises:
        ValueError: predictions of fewer than two experiments.
    """
    models = predictions["experiment"].nunique()
    if models < 2:
        raise ValueError(
            f"label suspects need the outputs of at least two models, and these are of {models}; "
            "one alone cannot agree with another"
        )

    # Every model votes for each of its differences from the label.
    votes: Counter[tuple[str, int, str, str]] = Counter()
    for row in predictions.itertuples():
        for difference in _wrong_words(row.reference, row.hypothesis):
            votes[row.utterance_id, *difference] += 1
    agreed = [key for key, count in votes.items() if count == models]
    return pd.DataFrame(agreed, columns=["utterance_id", "position", "reference", "hypothesis"])


def _wrong_words(reference: str, hypothesis: str) -> set[tuple[int, str, str]]:
    """``(position in the reference, its word, the hypothesis' word)`` of every difference."""
    differences = set()
    position = 0
    for pair in align_words(reference, hypothesis):
        if pair.operation != "equal":
            differences.add((position, pair.reference, pair.hypothesis))
        position += pair.reference != ""
    return differences


def flags(reference: str, hypothesis: str, duration_s: float) -> list[str]:
    """What is suspicious about an output, judged without knowing the model.

    ``empty``; ``hallucination``: more than 12 syllables a second, or twice the reference's
    length and 10 more; ``repetition``: the same word three times in a row; ``spacing``: right
    syllables, wrong spaces; ``not_korean``: Latin words, lone jamo or other signs in it.
    """
    bare_reference = reference.replace(" ", "")
    bare_hypothesis = hypothesis.replace(" ", "")
    too_fast = len(bare_hypothesis) > _FASTEST * max(duration_s, _SHORTEST)
    too_long = len(bare_hypothesis) > 2 * len(bare_reference) + 10
    words = hypothesis.split()
    thrice = any(a == b == c for a, b, c in zip(words, words[1:], words[2:], strict=False))

    traits = {
        "empty": not bare_hypothesis,
        "hallucination": too_fast or too_long,
        "repetition": thrice,
        "spacing": reference != hypothesis and bare_reference == bare_hypothesis,
        "not_korean": not all(map(is_syllable, bare_hypothesis)),
    }
    return [name for name in FLAGS if traits[name]]
