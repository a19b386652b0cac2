"""What learners say for what: counted on annotated speech, and weighed against what is heard.

The counts come from training speakers, the four weights from validation speakers. For
``models/listener-tiny`` both are the sample's, whose planted deviations follow rules. The test
speakers' deviations are then more like the counted ones than those of real learners would be;
confusions counted on annotated real speech should take their place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from datasets import Dataset, DatasetDict
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve

from speakor_common.batching.collate import load_audio
from speakor_common.decoding.rescoring import SPEEDS
from speakor_common.errors import TrainingError
from speakor_common.pronunciation.aligned_form import AlignedForm
from speakor_common.pronunciation.allowed_form import best_fitting_form
from speakor_common.pronunciation.confusions import (
    ADDED,
    Confusions,
    Counts,
    EvidenceWeights,
    count_confusions,
    probability,
    save_confusions,
)
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.pronunciation.listener import NativeListener
from speakor_common.pronunciation.truth import Truth, read_planted, truth_of
from speakor_common.text import PARTS, from_jamo, split_syllable
from speakor_common.text.pronunciation import Pronunciations, pronunciations

_ROUNDS = 6  # which alternative is the best depends on the weights, so they are fitted again


def calibrate_listener(directory: Path, splits: DatasetDict) -> Path:
    """Estimate the confusions of a listener directory and write them there.

    Args:
        splits: prepared, with known deviations; ``train`` is counted, ``valid`` listened to.

    Raises:
        TrainingError: no deviations are known.
    """
    # What learners say for what.
    counts = counted_on(splits["train"])

    # What the listener hears.
    valid = splits["valid"]
    start = EvidenceWeights(heard=1.0, expected=1.0)
    listener = NativeListener(directory, confusions=Confusions(counts, start))
    waves = [load_audio(row) for row in valid]
    clips = [
        listener.posteriors_of(by_speed)
        for by_speed in listener.recogniser.posteriors_by_speed(waves, SPEEDS)
    ]

    # How much either counts.
    allowed = [pronunciations(text) for text in valid["text"]]
    forms = [best_fitting_form(of_text, clip) for of_text, clip in zip(allowed, clips, strict=True)]
    truths = [
        truth_of(text, from_jamo(made_from), known)
        for text, made_from, known in zip(
            valid["text"], valid["intended"], _known_deviations(valid), strict=True
        )
    ]
    weights = fit_weights_on(listener, allowed, forms, truths)
    return save_confusions(Confusions(counts, weights), directory)


def counted_on(split: Dataset) -> Counts:
    """What is said for what in a prepared split with known deviations.

    Raises:
        TrainingError: no deviations are known.
    """
    return count_confusions(spoken_sounds(list(split["intended"]), _known_deviations(split)))


def _known_deviations(split: Dataset) -> list[list[Deviation]]:
    """Known deviations of every utterance, in the order of the split."""
    known = read_planted(split["utterance_id"], split["deviations"])
    if not known:
        raise TrainingError(
            "no deviations are known in this corpus; confusions are counted on annotated speech "
            "of learners, such as data/sample"
        )
    return [known[identifier] for identifier in split["utterance_id"]]


def spoken_sounds(
    intended: Sequence[str], deviations: Sequence[Sequence[Deviation]]
) -> Iterator[tuple[str, str, str]]:
    """``(part, intended, spoken)`` of every sound that was meant, see :func:`count_confusions`.

    Args:
        intended: the pronunciations that speech was made from, in jamo; deviations are from them.
    """
    for pronunciation, known in zip(intended, deviations, strict=True):
        wrong = {deviation.place: deviation for deviation in known}
        for position, character in enumerate(from_jamo(pronunciation).replace(" ", "")):
            for part, sound in zip(PARTS, split_syllable(character), strict=True):
                yield from _spoken_for(part, sound, wrong.get((position, part)))


def _spoken_for(
    part: str, intended: str, deviation: Deviation | None
) -> Iterator[tuple[str, str, str]]:
    """``(part, intended, spoken)`` of one sound, and of the vowel that may follow a coda."""
    added_vowel = ""
    if deviation is not None and part == "coda" and deviation.kind == "insertion":
        added_vowel = deviation.heard
        deviation = None  # the coda itself is said as intended
    if part == "coda" and intended:
        yield ADDED, intended, added_vowel

    spoken = intended if deviation is None else deviation.heard
    silent = "ㅇ" if part == "onset" else ""
    yield part, intended, spoken or silent


def fit_weights_on(
    listener: NativeListener,
    allowed: Sequence[Pronunciations],
    forms: Sequence[AlignedForm],
    truths: Sequence[Truth],
) -> EvidenceWeights:
    """Weights with which a listener finds known deviations best; it has them afterwards.

    Args:
        allowed: what could be said for the text of each clip.
        forms: the one that fits each clip best.
        truths: what was said.
    """
    known = {
        (clip, *deviation.place)
        for clip, truth in enumerate(truths)
        for deviation in truth.deviations
    }
    counts = listener.confusions.counts
    for _ in range(_ROUNDS):
        # Ask about every sound of every clip.
        gains, expected, wrong = [], [], []
        for clip, (of_text, form) in enumerate(zip(allowed, forms, strict=True)):
            for alternative in listener.alternatives(of_text, form):
                place = (alternative.syllable, alternative.part)
                if place not in truths[clip].unknown:
                    gains.append(alternative.gain)
                    expected.append(alternative.expected)
                    wrong.append((clip, *place) in known)

        weights = fit_weights(np.array(gains), np.array(expected), np.array(wrong), len(known))
        listener.confusions = Confusions(counts, weights)
    return weights


def fit_weights(
    gains: np.ndarray, expected: np.ndarray, wrong: np.ndarray, known: int
) -> EvidenceWeights:
    """Logistic regression, and the probability whose reports have the highest F1.

    Args:
        gains: log likelihood ratio at each sound, float64, shape = (N,).
        expected: log odds of its confusion, float64, shape = (N,).
        wrong: whether it is known to have been said wrong, bool, shape = (N,).
        known: all known deviations, those at none of these sounds included.
    """
    # No penalty: two features and thousands of sounds leave nothing to hold back.
    evidence = np.column_stack([gains, expected])
    model = LogisticRegression(C=np.inf, tol=1e-8).fit(evidence, wrong)
    heard_weight, expected_weight = model.coef_[0]
    log_odds = model.decision_function(evidence)

    best = best_threshold(log_odds, wrong, known)
    return EvidenceWeights(
        heard=round(float(heard_weight), 4),
        expected=round(float(expected_weight), 4),
        offset=round(float(model.intercept_[0]), 4),
        minimum=round(probability(best), 2),
    )


def best_threshold(scores: np.ndarray, wrong: np.ndarray, known: int) -> float:
    """The score from which reports have the highest F1.

    Args:
        scores: of each sound, higher where a deviation is likelier, float64, shape = (N,).
        wrong: whether it is known to have been said wrong, bool, shape = (N,).
        known: all known deviations, those at none of these sounds included.
    """
    # Deviations at none of these sounds are found at no threshold, which is what a score below
    # all others says.
    missed = known - int(wrong.sum())
    all_scores = np.concatenate([scores, np.full(missed, scores.min() - 1)])
    truth = np.concatenate([wrong, np.ones(missed, bool)])
    precision, recall, thresholds = precision_recall_curve(truth, all_scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[int(np.argmax(f1[:-1]))])  # the last point has no threshold
