"""How sure a deviation is: what a listener heard, and how often learners say this sound for that one.

A tiny listener is often unsure between neighbouring sounds, and most of what it then hears is no accent of anyone. Annotated
learner speech tells which sounds are said for which, as the confusions of an extended recognition network do (Harrison et al.,
2009). Both kinds of evidence are weighed by a logistic regression, so that the result is a probability. A listener directory
carries counts and weights as ``confusions.json`` (:mod:`speakor_common.pronunciation.calibration` estimates them); without the file
only the sound counts.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from speakor_common.errors import CheckpointError
from speakor_common.storage import read_json, write_json
from speakor_common.text import compatibility

CONFUSIONS_FILE = "confusions.json"
ADDED = "added"  # the part under which a vowel added after a coda is counted; the coda is then what was intended
_UNSEEN = (
    0.5,
    0.05,
)  # how many sounds were heard of any kind before counting, and the share of each of them that was replaced

Counts = Mapping[
    str, Mapping[str, Mapping[str, int]]
]  # part, intended, and what was said for it, in compatibility letters


@dataclass(frozen=True)
class Weights:
    """Of a logistic regression on the listener's log likelihood ratio and the log odds of a confusion.

    Attributes:
        minimum: probability above which a deviation is reported.
    """

    heard: float = 1.0
    expected: float = 0.0
    offset: float = 0.0
    minimum: float = 0.73  # without counts: where another sound is 2.7 times as likely

    def combined(self, gain: float, expected: float) -> float:
        """Log odds of a deviation, from the log likelihood of what was heard over the intended sound's and its log odds before."""
        return self.heard * gain + self.expected * expected + self.offset


@dataclass(frozen=True)
class Confusions:
    """Counts of what learners said for what they intended, and what they count beside the listener's own evidence."""

    counts: Counts
    weights: Weights = Weights()

    def log_odds(self, part: str, intended: str, heard: str) -> float:
        """Natural log odds that a learner says ``heard`` for ``intended``, before listening.

        Args:
            part: onset, vowel, coda, or :data:`ADDED` with the coda as ``intended`` and the vowel as ``heard``.
            intended, heard: conjoining jamo, ``""`` for none.
        """
        of_one = self.counts.get(part, {}).get(_letter(intended), {})
        before, share = _UNSEEN
        replaced = of_one.get(_letter(heard), 0) + before * share
        return math.log(replaced / (sum(of_one.values()) + before - replaced))


ONLY_HEARD = Confusions({})


def probability(log_odds: float) -> float:
    """The probability of natural log odds.

    >>> probability(0.0), round(probability(1.0), 2), probability(-1000.0)
    (0.5, 0.73, 0.0)
    """
    return 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0


def count(said: Iterable[tuple[str, str, str]]) -> dict[str, dict[str, dict[str, int]]]:
    """Counts of ``(part, intended, said)``, jamo; a sound said as intended is counted under itself.

    >>> count([("coda", "ᆸ", ""), ("coda", "ᆸ", "ᆸ"), ("coda", "ᆸ", "ᆸ")])
    {'coda': {'ㅂ': {'': 1, 'ㅂ': 2}}}
    """
    counts: dict = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for part, intended, spoken in said:
        counts[part][_letter(intended)][_letter(spoken)] += 1
    return {
        part: {a: dict(sorted(of_one.items())) for a, of_one in sorted(of_part.items())}
        for part, of_part in sorted(counts.items())
    }


def _letter(jamo: str) -> str:
    return compatibility(jamo) if jamo else ""


def save(confusions: Confusions, directory: Path) -> Path:
    """Write ``confusions.json`` into a listener directory."""
    return write_json(
        directory / CONFUSIONS_FILE,
        {"weights": asdict(confusions.weights), "counts": confusions.counts},
    )


def load(directory: Path) -> Confusions:
    """The confusions of a listener directory, :data:`ONLY_HEARD` where there are none.

    Raises:
        CheckpointError: the file is not what :func:`save` writes.
    """
    path = directory / CONFUSIONS_FILE
    if not path.is_file():
        return ONLY_HEARD
    content = read_json(path)
    try:
        return Confusions(content["counts"], Weights(**content["weights"]))
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path}: {error!r}; expected counts, and weights with the fields of {Weights()}"
        ) from error
