"""What learners say for what: counted where deviations are annotated, and weighed against what a listener hears.

The counts come from training speakers, the four weights from validation speakers. For ``models/listener-tiny`` both are the
sample's, whose planted deviations follow rules; so the test speakers' deviations are more like the counted ones than those of
real learners would be, and confusions estimated on annotated real speech should take their place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from datasets import DatasetDict
from scipy.optimize import minimize

from speakor_common.batching.collate import load_audio
from speakor_common.decoding.rescoring import SPEEDS
from speakor_common.errors import TrainingError
from speakor_common.pronunciation import confusions, detection
from speakor_common.pronunciation.confusions import ADDED, Confusions, Weights
from speakor_common.pronunciation.detection import Planted
from speakor_common.pronunciation.listener import NativeListener
from speakor_common.text import PARTS, split_syllable
from speakor_common.text.g2p import standard_pronunciation

_ROUNDS = 6  # which alternative is the best depends on the weights, so they are fitted again


def write(directory: Path, splits: DatasetDict) -> Path:
    """Estimate confusions for a listener directory and write them there.

    Args:
        splits: prepared, with known deviations; ``train`` is counted, ``valid`` listened to.

    Raises:
        TrainingError: no deviations are known.
    """
    train, valid = splits["train"], splits["valid"]
    known = {
        name: detection.planted(split["utterance_id"], split["deviations"])
        for name, split in (("train", train), ("valid", valid))
    }
    if not known["train"] or not known["valid"]:
        raise TrainingError(
            "no deviations are known in this corpus; confusions are counted on annotated learner speech"
        )
    counts = confusions.count(
        said(train["text"], [known["train"][identifier] for identifier in train["utterance_id"]])
    )
    listener = NativeListener(directory, known=Confusions(counts, Weights(heard=1.0, expected=1.0)))
    texts, deviations = (
        list(valid["text"]),
        [known["valid"][identifier] for identifier in valid["utterance_id"]],
    )
    views = listener.recogniser.views([load_audio(row) for row in valid], SPEEDS)
    wrong = {(clip, d.syllable, d.part) for clip, of_one in enumerate(deviations) for d in of_one}
    for _ in range(_ROUNDS):
        found = [
            (clip, a)
            for clip, text in enumerate(texts)
            for a in listener.alternatives(text, views[clip])
        ]
        heard, expected = np.array([(a.gain, a.expected) for _, a in found]).T
        judged = np.array([(clip, a.syllable, a.part) in wrong for clip, a in found])
        listener.known = Confusions(counts, fit(heard, expected, judged, len(wrong)))
    return confusions.save(listener.known, directory)


def said(
    texts: Sequence[str], deviations: Sequence[Sequence[Planted]]
) -> Iterator[tuple[str, str, str]]:
    """``(part, intended, said)`` of every sound that was meant, see :func:`.confusions.count`."""
    for text, known in zip(texts, deviations, strict=True):
        wrong = {(d.syllable, d.part): d for d in known}
        for position, character in enumerate(standard_pronunciation(text).replace(" ", "")):
            for part, intended in zip(PARTS, split_syllable(character), strict=True):
                deviation = wrong.get((position, part))
                inserted = deviation is not None and deviation.kind == "insertion"
                if part == "coda" and intended:
                    yield ADDED, intended, deviation.spoken if inserted else ""
                spoken = (
                    intended
                    if deviation is None or (inserted and part == "coda")
                    else deviation.spoken
                )
                yield part, intended, spoken or ("ㅇ" if part == "onset" else "")


def fit(heard: np.ndarray, expected: np.ndarray, wrong: np.ndarray, known: int) -> Weights:
    """Logistic regression, and the probability whose reports have the highest F1.

    Args:
        heard, expected: log likelihood ratio and log odds of the confusion at each sound, float64, shape = (N,).
        wrong: whether it is known to have been said wrong, bool, shape = (N,).
        known: all known deviations, those at no sound included.
    """
    evidence = np.column_stack([heard, expected, np.ones(len(heard))])
    sign = np.where(wrong, 1.0, -1.0)
    w = minimize(
        lambda w: np.logaddexp(0.0, -sign * (evidence @ w)).sum(),
        np.array([0.3, 1.0, 0.0]),
        method="L-BFGS-B",
    ).x
    odds = evidence @ w
    order = np.argsort(-odds)
    right = np.cumsum(wrong[order])
    best = int(np.argmax(2 * right / (np.arange(1, len(right) + 1) + known)))
    return Weights(
        *w.round(4).tolist(), minimum=round(confusions.probability(float(odds[order][best])), 2)
    )
