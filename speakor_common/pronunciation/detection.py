"""How well reported pronunciation deviations agree with known ones, in the terms of L2-ARCTIC's mispronunciation detection.

Every sound of the reference's standard pronunciation (onset, vowel and coda of each syllable, silent ones included, for
something may be added there) is a decision. Said right: accepted (TA) or falsely rejected (FR). Said wrong: falsely
accepted (FA) or rejected (TR), then with the right diagnosis (CD) or another (DE). What is reported on a syllable that
only the recogniser put into the text counts as a false rejection.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import pandas as pd

from speakor_common.evaluation.alignment import align_syllables
from speakor_common.pronunciation.feedback import DeviationRecord, Record
from speakor_common.text import PARTS
from speakor_common.text.g2p import standard_pronunciation

Place = tuple[int, str]  # syllable of the reference's pronunciation, part
KINDS = ("substitution", "omission", "insertion")


@dataclass(frozen=True)
class Planted:
    """A deviation known to be there: where, and as compatibility jamo what was said instead."""

    syllable: int
    part: str
    kind: str
    intended: str
    spoken: str


@dataclass(frozen=True)
class Detection:
    """Counts of decisions; rates are their ratios."""

    true_accepted: int = 0
    false_rejected: int = 0
    false_accepted: int = 0
    correct_diagnosis: int = 0
    wrong_diagnosis: int = 0

    def __add__(self, other: Detection) -> Detection:
        return Detection(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def true_rejected(self) -> int:
        return self.correct_diagnosis + self.wrong_diagnosis

    def rates(self) -> dict[str, float]:
        """Precision, recall, F1, false rejection, false acceptance and diagnosis error rates; 0 where nothing was to decide."""
        rejected, wrong = (
            self.true_rejected + self.false_rejected,
            self.true_rejected + self.false_accepted,
        )
        precision, recall = _ratio(self.true_rejected, rejected), _ratio(self.true_rejected, wrong)
        return {
            "precision": precision,
            "recall": recall,
            "f1": _ratio(2 * precision * recall, precision + recall),
            "frr": _ratio(self.false_rejected, self.true_accepted + self.false_rejected),
            "far": _ratio(self.false_accepted, wrong),
            "der": _ratio(self.wrong_diagnosis, self.true_rejected),
        }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def count(reference: str, record: Record, planted: Sequence[Planted]) -> Detection:
    """Decisions of one utterance.

    Args:
        reference: what was meant in truth, spelled.
    """
    pronunciation = standard_pronunciation(reference)
    reported, outside = _in_reference(pronunciation, record)
    known = {(p.syllable, p.part): p for p in planted}
    correct = sum(
        known[place].spoken == reported[place].heard for place in reported.keys() & known.keys()
    )
    rejected = len(reported.keys() & known.keys())
    false_rejected = len(reported) - rejected + outside
    places = len(pronunciation.replace(" ", "")) * len(PARTS)
    return Detection(
        true_accepted=places - len(known) - (len(reported) - rejected),
        false_rejected=false_rejected,
        false_accepted=len(known) - rejected,
        correct_diagnosis=correct,
        wrong_diagnosis=rejected - correct,
    )


def planted(utterance_ids: Sequence[str], deviations: Sequence[str]) -> dict[str, list[Planted]]:
    """Known deviations by utterance, from a prepared split's columns; empty for a corpus that has none."""
    if not any(deviations):
        return {}
    return {
        i: [Planted(**known) for known in json.loads(text or "[]")]
        for i, text in zip(utterance_ids, deviations, strict=True)
    }


def _in_reference(pronunciation: str, record: Record) -> tuple[dict[Place, DeviationRecord], int]:
    """Reported deviations by place in the reference's pronunciation, and how many lie outside of it."""
    position_of, position, own = {}, 0, 0
    for pair in align_syllables(pronunciation, record.pronunciation):
        if pair.reference and pair.hypothesis:
            position_of[own] = position
        position += pair.reference != ""
        own += pair.hypothesis != ""
    inside = {
        (position_of[d.syllable], d.part): d for d in record.deviations if d.syllable in position_of
    }
    return inside, sum(d.syllable not in position_of for d in record.deviations)


def table(
    found: Sequence[Record], references: Mapping[str, str], planted: Mapping[str, Sequence[Planted]]
) -> pd.DataFrame:
    """Counts and rates for each L1, each kind of deviation (recall only: a false alarm has no true kind) and ``all``.

    Args:
        references, planted: by utterance id.

    Returns:
        index: L1s, kinds and ``all``; columns: ``n``, ``planted``, ``reported``, the counts and the rates.
    """
    rows = {}
    for group in (*sorted({record.l1 for record in found}), "all"):
        members = [record for record in found if group in ("all", record.l1)]
        total = sum(
            (count(references[r.utterance_id], r, planted[r.utterance_id]) for r in members),
            Detection(),
        )
        rows[group] = {"n": len(members)} | _row(total) | total.rates()
    for kind in KINDS:
        of_kind = {
            identifier: [p for p in known if p.kind == kind]
            for identifier, known in planted.items()
        }
        total = sum(
            (count(references[r.utterance_id], r, of_kind[r.utterance_id]) for r in found),
            Detection(),
        )
        rates = total.rates()
        rows[kind] = {"n": len(found), "planted": _row(total)["planted"]} | {
            name: rates[name] for name in ("recall", "far", "der")
        }
    return pd.DataFrame(rows).T


def _row(total: Detection) -> dict[str, int]:
    return {
        "planted": total.true_rejected + total.false_accepted,
        "reported": total.true_rejected + total.false_rejected,
    } | asdict(total)
