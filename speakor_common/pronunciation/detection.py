"""How well reported deviations agree with known ones, as mispronunciation detection is scored.

In the terms used for L2-ARCTIC. Every sound of the allowed form that was said or nearly said
(onset, vowel and coda of each syllable, silent ones included, for something may be added there) is
a decision. Said right: accepted (TA) or falsely rejected (FR). Said wrong: falsely accepted (FA) or
rejected (TR), then with the right diagnosis (CD) or another (DE). What is reported on a syllable
that only the recogniser put into the text counts as a false rejection. An utterance that was not
judged, and a word that is not certain, count as accepted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

import pandas as pd

from speakor_common.evaluation.alignment import align_syllables
from speakor_common.pronunciation.deviations import KINDS, Deviation, Place
from speakor_common.pronunciation.feedback import Record
from speakor_common.pronunciation.truth import Truth
from speakor_common.text import PARTS


@dataclass(frozen=True)
class Detection:
    """Counts of decisions, and of the syllables they are about; rates are their ratios."""

    true_accepted: int = 0
    false_rejected: int = 0
    false_accepted: int = 0
    correct_diagnosis: int = 0
    wrong_diagnosis: int = 0
    syllables: int = 0

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

    def rates(self) -> dict[str, float]:
        """Precision, recall, F1; rates of false rejection, false acceptance and wrong diagnosis.

        And false rejections per 1,000 syllables. All are 0 where nothing was to decide.
        """
        precision = _ratio(self.true_rejected, self.reported)
        recall = _ratio(self.true_rejected, self.planted)
        return {
            "precision": precision,
            "recall": recall,
            "f1": _ratio(2 * precision * recall, precision + recall),
            "frr": _ratio(self.false_rejected, self.true_accepted + self.false_rejected),
            "far": _ratio(self.false_accepted, self.planted),
            "der": _ratio(self.wrong_diagnosis, self.true_rejected),
            "false_per_1000": 1000 * _ratio(self.false_rejected, self.syllables),
        }


def _ratio(share: float, whole: float) -> float:
    return share / whole if whole else 0.0


def count_decisions(record: Record, truth: Truth) -> Detection:
    """Decisions of one utterance; places of which nothing is known are left out."""
    reported, outside = _in_truth(record, truth)
    known = {deviation.place: deviation for deviation in truth.deviations}

    # Wrong sounds that were reported, by what was reported of them.
    rejected = reported.keys() & known.keys()
    correct = sum(known[place].heard == reported[place].heard for place in rejected)

    # Everything else.
    falsely_rejected = len(reported) - len(rejected)
    syllables = len(truth.pronunciation.replace(" ", ""))
    sounds = syllables * len(PARTS) - len(truth.unknown)
    return Detection(
        true_accepted=sounds - len(known) - falsely_rejected,
        false_rejected=falsely_rejected + outside,
        false_accepted=len(known) - len(rejected),
        correct_diagnosis=correct,
        wrong_diagnosis=len(rejected) - correct,
        syllables=syllables,
    )


def _in_truth(record: Record, truth: Truth) -> tuple[dict[Place, Deviation], int]:
    """Reported deviations by place in the truth, and how many lie outside of it."""
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
    outside = 0
    for deviation in record.deviations:
        if deviation.syllable not in position_of:
            outside += 1
            continue
        place = (position_of[deviation.syllable], deviation.part)
        if place not in truth.unknown:
            inside[place] = deviation
    return inside, outside


def detection_table(records: Sequence[Record], truths: Mapping[str, Truth]) -> pd.DataFrame:
    """Counts and rates for each L1, for each kind of deviation, and for ``all``.

    Kinds have a recall only: a false alarm has no true kind.

    Args:
        truths: by utterance id.

    Returns:
        index: L1s, kinds and ``all``; columns: ``n`` utterances, ``judged`` of them, ``planted``,
        ``reported``, the counts and the rates.
    """
    rows = {}
    for group in (*sorted({record.l1 for record in records}), "all"):
        members = [record for record in records if group in ("all", record.l1)]
        judged = sum(record.status == "ok" for record in members)
        total = _total(members, truths)
        counts = {"n": len(members), "judged": judged}
        counts |= {"planted": total.planted, "reported": total.reported}
        rows[group] = counts | asdict(total) | total.rates()

    for kind in KINDS:
        of_kind = {}
        for identifier, truth in truths.items():
            deviations = tuple(item for item in truth.deviations if item.kind == kind)
            of_kind[identifier] = replace(truth, deviations=deviations)
        total = _total(records, of_kind)
        rates = {name: total.rates()[name] for name in ("recall", "far", "der")}
        rows[kind] = {"n": len(records), "planted": total.planted} | rates
    return pd.DataFrame(rows).T


def _total(records: Sequence[Record], truths: Mapping[str, Truth]) -> Detection:
    total = Detection()
    for record in records:
        total += count_decisions(record, truths[record.utterance_id])
    return total
