"""How well reported deviations agree with known ones, as mispronunciation detection is scored.

In the terms used for L2-ARCTIC. Every sound of the allowed form that was said or nearly said is a
decision. Said right: accepted (TA) or falsely rejected (FR). Said wrong: falsely accepted (FA) or
rejected (TR), then with the right diagnosis (CD) or another (DE). A silent onset and a missing coda
are no sounds to accept, but something may be reported there, and on a syllable that only the
recogniser put into the text: that is a false rejection too, of no sound, which the rate of false
rejections leaves out. An utterance that was not judged, and a word that is not certain, count as
accepted.

Decisions can be counted for a group of deviations. A known one is in a group by what was said, a
false alarm by what was reported. Rates with intervals are made by :mod:`.detection_rates`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from speakor_common.evaluation.alignment import align_syllables
from speakor_common.pronunciation.deviations import Deviation, Place
from speakor_common.pronunciation.feedback import Record
from speakor_common.pronunciation.truth import Truth
from speakor_common.text import PARTS, split_syllable

_SILENT = "ᄋ"  # the onset of a syllable that begins with its vowel

InGroup = Callable[[Deviation, str], bool]  # of a deviation and the pronunciation it stands in


@dataclass(frozen=True)
class Detection:
    """Counts of decisions, and of the syllables they are about; rates are their ratios.

    Attributes:
        true_accepted: of sounds; silent onsets and missing codas are none.
        false_rejected: false alarms, wherever.
        false_added: those of them where no sound was meant.
    """

    true_accepted: int = 0
    false_rejected: int = 0
    false_accepted: int = 0
    correct_diagnosis: int = 0
    wrong_diagnosis: int = 0
    syllables: int = 0
    false_added: int = 0

    def __add__(self, other: Detection) -> Detection:
        sums = [getattr(self, f.name) + getattr(other, f.name) for f in fields(self)]
        return Detection(*sums)

    @property
    def true_rejected(self) -> int:
        return self.correct_diagnosis + self.wrong_diagnosis

    @property
    def planted(self) -> int:
        """Sounds known to have been said wrong."""
        return self.true_rejected + self.false_accepted

    @property
    def reported(self) -> int:
        """Sounds reported as wrong."""
        return self.true_rejected + self.false_rejected

    def ratios(self) -> dict[str, tuple[int, int]]:
        """Numerator and denominator of every rate, which add up over utterances.

        Precision, recall, F1; rates of false rejection of sounds, false acceptance and wrong
        diagnosis; false rejections per 1,000 syllables.
        """
        false_sounds = self.false_rejected - self.false_added
        return {
            "precision": (self.true_rejected, self.reported),
            "recall": (self.true_rejected, self.planted),
            "f1": (2 * self.true_rejected, self.planted + self.reported),
            "frr": (false_sounds, self.true_accepted + false_sounds),
            "far": (self.false_accepted, self.planted),
            "der": (self.wrong_diagnosis, self.true_rejected),
            "false_per_1000": (1000 * self.false_rejected, self.syllables),
        }

    def rates(self) -> dict[str, float]:
        """Every rate, see :meth:`ratios`; 0 where nothing was to decide."""
        ratios = self.ratios()
        return {name: share / whole if whole else 0.0 for name, (share, whole) in ratios.items()}


def count_decisions(
    record: Record, truth: Truth, in_group: InGroup = lambda deviation, pronunciation: True
) -> Detection:
    """Decisions of one utterance; places of which nothing is known are left out.

    Args:
        in_group: which deviations are counted; of all others nothing is, neither that they were
            said nor that they were reported.
    """
    reported, outside = _in_truth(record, truth)
    known = {deviation.place: deviation for deviation in truth.deviations}
    form = truth.pronunciation
    wrong = {place: item for place, item in known.items() if in_group(item, form)}

    # Wrong sounds that were reported, by what was reported of them.
    rejected = reported.keys() & wrong.keys()
    correct = sum(wrong[place].heard == reported[place].heard for place in rejected)

    # False alarms: at sounds, and where none was meant.
    alarms = {
        place for place, item in reported.items() if place not in known and in_group(item, form)
    }
    sounds = _sounds(form) - truth.unknown
    added = len(alarms - sounds)
    added += sum(in_group(item, record.pronunciation) for item in outside)

    return Detection(
        true_accepted=len(sounds - known.keys() - alarms),
        false_rejected=len(alarms & sounds) + added,
        false_accepted=len(wrong) - len(rejected),
        correct_diagnosis=correct,
        wrong_diagnosis=len(rejected) - correct,
        syllables=len(form.replace(" ", "")),
        false_added=added,
    )


def _sounds(pronunciation: str) -> set[Place]:
    """Places of a pronunciation at which there is a sound."""
    places = set()
    for position, syllable in enumerate(pronunciation.replace(" ", "")):
        for part, jamo in zip(PARTS, split_syllable(syllable), strict=True):
            if jamo and jamo != _SILENT:
                places.add((position, part))
    return places


def _in_truth(record: Record, truth: Truth) -> tuple[dict[Place, Deviation], list[Deviation]]:
    """Reported deviations by place in the truth, and those that lie outside of it."""
    # Which syllable of the truth each of the record's syllables stands for.
    position_of: dict[int, int] = {}
    in_truth = 0
    in_record = 0
    for pair in align_syllables(truth.pronunciation, record.pronunciation):
        if pair.reference and pair.hypothesis:
            position_of[in_record] = in_truth
        in_truth += pair.reference != ""
        in_record += pair.hypothesis != ""

    inside = {}
    outside = []
    for deviation in record.deviations:
        if deviation.syllable not in position_of:
            outside.append(deviation)
            continue
        position = position_of[deviation.syllable]
        place = (position, deviation.part)
        if place not in truth.unknown:
            inside[place] = replace(deviation, syllable=position)
    return inside, outside
