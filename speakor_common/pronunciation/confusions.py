"""How sure a deviation is: what a listener heard, and how often learners say one sound for another.

A tiny listener is often unsure between neighbouring sounds, and most of what it then hears is
nobody's accent. Annotated learner speech tells which sounds are said for which, as the confusions
of an extended recognition network do (Harrison et al., 2009). A logistic regression weighs both
kinds of evidence, so that the result is a probability. A listener directory carries counts and
weights as ``confusions.json`` (:mod:`.calibration` estimates them); without the file only the
sound counts.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from speakor_common.errors import CheckpointError
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.storage import read_json, write_json
from speakor_common.text import compatibility, split_syllable

CONFUSIONS_FILE = "confusions.json"
ADDED = "added"  # counted as a part: a vowel added after a coda, which is what was intended

# A Dirichlet prior over what is said for a sound: the weight of that many sounds, of which
# this share was replaced by any one other sound.
_PRIOR_SOUNDS = 0.5
_PRIOR_SHARE = 0.05

# Log odds that a learner misses a pronunciation rule and says what the letters stand for, before
# listening. Counts of sounds cannot tell them, and the sample's speakers follow all rules. With
# this share no further sound of the sample's validation speakers is reported; with 0.05 some are.
RULE_MISSED = math.log(0.02 / 0.98)

Counts = Mapping[str, Mapping[str, Mapping[str, int]]]  # part, intended, spoken: compatibility jamo


@dataclass(frozen=True)
class EvidenceWeights:
    """A logistic regression on the listener's log likelihood ratio and a confusion's log odds.

    Attributes:
        heard: weight of the log likelihood of what was heard over the intended sound's.
        expected: weight of the log odds that a learner says it, before listening.
        offset: added to both.
        minimum: probability above which a deviation is reported.
    """

    heard: float = 1.0
    expected: float = 0.0
    offset: float = 0.0
    minimum: float = 0.73  # without counts: where another sound is 2.7 times as likely

    def combined(self, gain: float, expected: float) -> float:
        """Log odds of a deviation."""
        return self.heard * gain + self.expected * expected + self.offset


@dataclass(frozen=True)
class Confusions:
    """Counts of what learners said for what they intended, and how much they weigh."""

    counts: Counts
    weights: EvidenceWeights = EvidenceWeights()

    def log_odds(self, part: str, intended: str, heard: str) -> float:
        """Natural log odds that a learner says ``heard`` for ``intended``, before listening.

        Args:
            part: onset, vowel, coda, or :data:`ADDED` with the coda as ``intended`` and the
                vowel as ``heard``.
            intended, heard: conjoining jamo, ``""`` for none.
        """
        counted = self.counts.get(part, {}).get(_letter(intended), {})
        replaced = counted.get(_letter(heard), 0) + _PRIOR_SOUNDS * _PRIOR_SHARE
        return math.log(replaced / (sum(counted.values()) + _PRIOR_SOUNDS - replaced))

    def hold(self, part: str, intended: str, spoken: str) -> bool:
        """Whether a change was counted at least once, see :func:`sound_change`."""
        return self.counts.get(part, {}).get(intended, {}).get(spoken, 0) > 0


SOUND_ONLY = Confusions({})  # nothing is known of learners: only what is heard counts


def probability(log_odds: float) -> float:
    """The probability of natural log odds.

    >>> probability(0.0), round(probability(1.0), 2), probability(-1000.0)
    (0.5, 0.73, 0.0)
    """
    return 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0


def sound_change(deviation: Deviation, pronunciation: str) -> tuple[str, str, str]:
    """``(part, intended, spoken)`` of a deviation as counts name it: compatibility jamo.

    >>> sound_change(Deviation(0, "coda", "insertion", "", "ㅜ"), "밥 머거요")
    ('added', 'ㅂ', 'ㅜ')

    Args:
        pronunciation: what it is a deviation from.
    """
    if deviation.adds_vowel:
        syllable = pronunciation.replace(" ", "")[deviation.syllable]
        return ADDED, _letter(split_syllable(syllable)[2]), deviation.heard
    silent = "ㅇ" if deviation.part == "onset" else ""
    return deviation.part, deviation.intended or silent, deviation.heard or silent


def count_confusions(
    sounds: Iterable[tuple[str, str, str]],
) -> dict[str, dict[str, dict[str, int]]]:
    """Counts of ``(part, intended, spoken)``, jamo; a sound said as intended counts as itself.

    >>> count_confusions([("coda", "ᆸ", ""), ("coda", "ᆸ", "ᆸ"), ("coda", "ᆸ", "ᆸ")])
    {'coda': {'ㅂ': {'': 1, 'ㅂ': 2}}}
    """
    counts: dict = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for part, intended, spoken in sounds:
        counts[part][_letter(intended)][_letter(spoken)] += 1

    # The order of the file does not depend on that of the clips.
    ordered: dict[str, dict[str, dict[str, int]]] = {}
    for part, by_intended in sorted(counts.items()):
        ordered[part] = {
            sound: dict(sorted(by_intended[sound].items())) for sound in sorted(by_intended)
        }
    return ordered


def _letter(jamo: str) -> str:
    return compatibility(jamo) if jamo else ""


def save_confusions(confusions: Confusions, directory: Path) -> Path:
    """Write ``confusions.json`` into a listener directory."""
    content = {"weights": asdict(confusions.weights), "counts": confusions.counts}
    return write_json(directory / CONFUSIONS_FILE, content)


def load_confusions(directory: Path) -> Confusions:
    """The confusions of a listener directory, :data:`SOUND_ONLY` where there are none.

    Raises:
        CheckpointError: the file is not what :func:`save_confusions` writes.
    """
    path = directory / CONFUSIONS_FILE
    if not path.is_file():
        return SOUND_ONLY
    content = read_json(path)
    try:
        return Confusions(content["counts"], EvidenceWeights(**content["weights"]))
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path}: {error!r}; expected counts, and weights with the fields of "
            f"{EvidenceWeights()}; write it again with pronunciation.calibration"
        ) from error
