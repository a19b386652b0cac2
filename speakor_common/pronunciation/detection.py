"""How well reported deviations agree with known ones, as mispronunciation detection is scored.

In the terms used for L2-ARCTIC. Every sound of the reference's standard pronunciation (onset,
vowel and coda of each syllable, silent ones included, for something may be added there) is a
decision. Said right: accepted (TA) or falsely rejected (FR). Said wrong: falsely accepted (FA) or
rejected (TR), then with the right diagnosis (CD) or another (DE). What is reported on a syllable
that only the recogniser put into the text counts as a false rejection.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import pandas as pd

from speakor_common.evaluation.alignment import align_syllables
from speakor_common.pronunciation.deviations import KINDS, Deviation, Place
from speakor_common.pronunciation.feedback import Record
from speakor_common.text import PARTS
from speakor_common.text.g2p import standard_pronunciation


@dataclass(frozen=True)
class Detection:
    """Counts of decisions; rates are their ratios."""

    true_accepted: int = 0
    false_rejected: int = 0
    false_accepted: int = 0
    correct_diagnosis: int = 0
    wrong_diagnosis: int = 0

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
        """Precision, recall, F1, and the rates of false rejection, false acceptance and diagnosis.

        0 where nothing was to decide.
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
        }


def _ratio(share: float, whole: float) -> float:
    return share / whole if whole else 0.0


def count_decisions(reference: str, record: Record, known: Sequence[Deviation]) -> Detection:
    """Decisions of one utterance.

    Args:
        reference: what was meant in truth, spelled.
        known: deviations that are there in truth.
    """
    pronunciation = standard_pronunciation(reference)
    reported, outside = _in_reference(pronunciation, record)
    truth = {deviation.place: deviation for deviation in known}

    # Wrong sounds that were reported, by what was reported of them.
    rejected = reported.keys() & truth.keys()
    correct = sum(truth[place].heard == reported[place].heard for place in rejected)

    # Everything else.
    falsely_rejected = len(reported) - len(rejected)
    sounds = len(pronunciation.replace(" ", "")) * len(PARTS)
    return Detection(
        true_accepted=sounds - len(truth) - falsely_rejected,
        false_rejected=falsely_rejected + outside,
        false_accepted=len(truth) - len(rejected),
        correct_diagnosis=correct,
        wrong_diagnosis=len(rejected) - correct,
    )


def read_planted(
    utterance_ids: Sequence[str], deviations: Sequence[str]
) -> dict[str, list[Deviation]]:
    """Known deviations by utterance, from a prepared split's columns.

    Empty for a corpus that has none.
    """
    if not any(deviations):
        return {}
    known = {}
    for identifier, text in zip(utterance_ids, deviations, strict=True):
        known[identifier] = [Deviation.from_label(label) for label in json.loads(text or "[]")]
    return known


def _in_reference(pronunciation: str, record: Record) -> tuple[dict[Place, Deviation], int]:
    """Reported deviations by place in the reference's pronunciation, and how many lie outside."""
    # Which syllable of the reference each of the record's syllables stands for.
    position_of: dict[int, int] = {}
    in_reference = 0
    in_record = 0
    for pair in align_syllables(pronunciation, record.pronunciation):
        if pair.reference and pair.hypothesis:
            position_of[in_record] = in_reference
        in_reference += pair.reference != ""
        in_record += pair.hypothesis != ""

    inside = {}
    outside = 0
    for deviation in record.deviations:
        if deviation.syllable in position_of:
            inside[position_of[deviation.syllable], deviation.part] = deviation
        else:
            outside += 1
    return inside, outside


def detection_table(
    records: Sequence[Record],
    references: Mapping[str, str],
    known: Mapping[str, Sequence[Deviation]],
) -> pd.DataFrame:
    """Counts and rates for each L1, for each kind of deviation, and for ``all``.

    Kinds have a recall only: a false alarm has no true kind.

    Args:
        references: what was meant in truth, by utterance id.
        known: deviations that are there in truth, by utterance id.

    Returns:
        index: L1s, kinds and ``all``; columns: ``n``, ``planted``, ``reported``, the counts and
        the rates.
    """
    rows = {}
    for group in (*sorted({record.l1 for record in records}), "all"):
        members = [record for record in records if group in ("all", record.l1)]
        total = _total(members, references, known)
        counts = {"n": len(members), "planted": total.planted, "reported": total.reported}
        rows[group] = counts | asdict(total) | total.rates()

    for kind in KINDS:
        of_kind = {
            identifier: [deviation for deviation in deviations if deviation.kind == kind]
            for identifier, deviations in known.items()
        }
        total = _total(records, references, of_kind)
        rates = {name: total.rates()[name] for name in ("recall", "far", "der")}
        rows[kind] = {"n": len(records), "planted": total.planted} | rates
    return pd.DataFrame(rows).T


def _total(
    records: Sequence[Record],
    references: Mapping[str, str],
    known: Mapping[str, Sequence[Deviation]],
) -> Detection:
    total = Detection()
    for record in records:
        identifier = record.utterance_id
        total += count_decisions(references[identifier], record, known[identifier])
    return total
