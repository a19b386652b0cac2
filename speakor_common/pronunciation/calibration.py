"""What learners say for what: counted on annotated speech, and weighed against what is heard.

The counts come from training speakers, the four weights from validation speakers: from what was
pronounced for what was meant (:mod:`.truth`), sound by sound, of all that somebody annotated. For
``models/listener-tiny`` both are the sample's, whose planted deviations follow rules. The test
speakers' deviations are then more like the counted ones than those of real learners would be;
confusions counted on annotated real speech should take their place.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from datasets import Dataset, DatasetDict
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve

from speakor_common.batching.collate import load_audio
from speakor_common.decoding.rescoring import SPEEDS
from speakor_common.errors import AudioError, TrainingError
from speakor_common.pronunciation.aligned_form import AlignedForm
from speakor_common.pronunciation.allowed_form import best_fitting_form
from speakor_common.pronunciation.confusions import (
    ADDED,
    Confusions,
    EvidenceWeights,
    count_confusions,
    probability,
    save_confusions,
)
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.pronunciation.listener import NativeListener
from speakor_common.pronunciation.truth import Truth, Truths, read_truths
from speakor_common.text import PARTS, split_syllable
from speakor_common.text.pronunciation import Pronunciations, pronunciations

logger = logging.getLogger(__name__)

_ROUNDS = 6  # which alternative is the best depends on the weights, so they are fitted again


def calibrate_listener(directory: Path, splits: DatasetDict) -> Path:
    """Estimate the confusions of a listener directory and write them there.

    Args:
        splits: prepared; what is annotated of ``train`` is counted, that of ``valid`` listened to.

    Raises:
        TrainingError: in one of the two nothing is annotated, or nothing deviates.
    """
    # What learners say for what.
    counts = count_confusions(spoken_sounds(annotated_truths(splits["train"]).known.values()))

    # What the listener hears of all that is annotated.
    known = annotated_truths(splits["valid"]).known
    valid = splits["valid"]
    valid = valid.select([row for row, name in enumerate(valid["utterance_id"]) if name in known])
    start = EvidenceWeights(heard=1.0, expected=1.0)
    listener = NativeListener(directory, confusions=Confusions(counts, start))
    waves = [load_audio(row) for row in valid]
    clips = [
        listener.posteriors_of(by_speed)
        for by_speed in listener.recogniser.posteriors_by_speed(waves, SPEEDS)
    ]

    # How much either counts.
    allowed, forms, truths = [], [], []
    for row, clip in zip(valid, clips, strict=True):
        of_text = pronunciations(row["text"])
        try:
            forms.append(best_fitting_form(of_text, clip))
        except AudioError as error:
            logger.warning("%s is not listened to: %s", row["utterance_id"], error)
            continue
        allowed.append(of_text)
        truths.append(known[row["utterance_id"]])
    weights = fit_weights_on(listener, allowed, forms, truths)
    return save_confusions(Confusions(counts, weights), directory)


def annotated_truths(split: Dataset) -> Truths:
    """What was said in a prepared split; what is left out of it is logged.

    Raises:
        TrainingError: nothing is annotated.
    """
    truths = read_truths(
        split["utterance_id"], split["text"], split["intended"], split["deviations"]
    )
    if not truths.known:
        raise TrainingError(
            f"of no utterance it is known what was said ({truths.left_out or 'there are none'}); "
            "confusions are counted on annotated speech of learners, such as data/sample"
        )
    if truths.left_out:
        logger.warning("counted on %d utterances: %s", len(truths.known), truths.left_out)
    return truths


def spoken_sounds(truths: Iterable[Truth]) -> Iterator[tuple[str, str, str]]:
    """``(part, intended, spoken)`` of every sound that was meant, see :func:`count_confusions`.

    What the standard allows is said as meant, and of what is unknown nothing is said.
    """
    for truth in truths:
        wrong = {deviation.place: deviation for deviation in truth.deviations}
        for position, character in enumerate(truth.pronunciation.replace(" ", "")):
            for part, sound in zip(PARTS, split_syllable(character), strict=True):
                if (position, part) not in truth.unknown:
                    yield from _spoken_for(part, sound, wrong.get((position, part)))


def _spoken_for(
    part: str, intended: str, deviation: Deviation | None
) -> Iterator[tuple[str, str, str]]:
    """``(part, intended, spoken)`` of one sound, and of the vowel that may follow a coda."""
    added_vowel = ""
    if deviation is not None and deviation.adds_vowel:
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

    Raises:
        TrainingError: all sounds were said right, or all wrong, so there is nothing to tell apart.
    """
    if wrong.all() or not wrong.any():
        raise TrainingError(
            f"{int(wrong.sum())} of {len(wrong)} sounds are known to have been said wrong; weights "
            "are fitted on annotated speech that holds both right and wrong ones"
        )

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
        wrong: whether it is known to have been said wrong, bool, shape = (N,); at least one was.
        known: all known deviations, those at none of these sounds included.
    """
    # Deviations at none of these sounds are found at no threshold, so recall is of all.
    precision, recall, thresholds = precision_recall_curve(wrong, scores)
    recall = recall * wrong.sum() / known
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[int(np.argmax(f1[:-1]))])  # the last point has no threshold
