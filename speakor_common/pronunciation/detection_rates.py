"""Rates of detection with intervals: by system, by group of deviations, by first language.

Decisions (:mod:`.detection`) are summed by speaker, and all rates follow from those sums. Kinds of
deviation that the listener's confusions were counted on are told from those that they never held,
because a listener that knows what to expect finds the first more easily.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields

import pandas as pd

from speakor_common.evaluation.statistics import rate_interval
from speakor_common.pronunciation.confusions import Confusions, sound_change
from speakor_common.pronunciation.detection import Detection, InGroup, count_decisions
from speakor_common.pronunciation.deviations import KINDS, Deviation
from speakor_common.pronunciation.feedback import Record
from speakor_common.pronunciation.truth import Truth

ALL = "all"
SEEN = "seen"  # kinds of deviation that the listener's confusions hold
UNSEEN = "unseen"
GROUPS = (ALL, SEEN, UNSEEN, *KINDS)
TEXT = dict.fromkeys(("system", "group", "l1", "speaker_id"), str)  # columns that are no counts

# What speakers' decisions are summed to, and the rates that get an interval.
_COUNTS = ("n", "judged", *(field.name for field in fields(Detection)))
# Rates that have an interval, and the highest value each can take.
_INTERVALS = {"precision": 1, "recall": 1, "f1": 1, "frr": 1, "false_per_1000": 1000}


def groups(confusions: Confusions) -> dict[str, InGroup]:
    """Which deviations each of :data:`GROUPS` holds, for a listener with these confusions."""

    def is_any(deviation: Deviation, pronunciation: str) -> bool:
        return True

    def is_seen(deviation: Deviation, pronunciation: str) -> bool:
        return confusions.hold(*sound_change(deviation, pronunciation))

    def is_unseen(deviation: Deviation, pronunciation: str) -> bool:
        return not is_seen(deviation, pronunciation)

    def of_kind(kind: str) -> InGroup:
        return lambda deviation, pronunciation: deviation.kind == kind

    by_kind = {kind: of_kind(kind) for kind in KINDS}
    return {ALL: is_any, SEEN: is_seen, UNSEEN: is_unseen, **by_kind}


def decision_counts(
    system: str,
    records: Sequence[Record],
    truths: Mapping[str, Truth],
    speakers: Mapping[str, str],
    confusions: Confusions,
) -> pd.DataFrame:
    """Decisions of one system, from which :func:`detection_table` makes all rates.

    Args:
        system: what made the records, for the table.
        truths, speakers: by utterance id.
        confusions: of the listener; tell seen kinds of deviation from unseen ones.

    Returns:
        a row a group and speaker: columns ``system, group, l1, speaker_id, n`` utterances,
        ``judged`` of them, and the fields of :class:`Detection`.
    """
    totals: dict[tuple[str, str, str], Detection] = {}
    judged: dict[tuple[str, str, str], list[bool]] = {}
    for group, in_group in groups(confusions).items():
        for record in records:
            key = (group, record.l1, speakers[record.utterance_id])
            decisions = count_decisions(record, truths[record.utterance_id], in_group)
            totals[key] = totals.get(key, Detection()) + decisions
            judged.setdefault(key, []).append(record.status == "ok")

    rows = []
    for (group, l1, speaker), total in totals.items():
        of_speaker = judged[group, l1, speaker]
        row = {"system": system, "group": group, "l1": l1, "speaker_id": speaker}
        row |= {"n": len(of_speaker), "judged": sum(of_speaker)}
        rows.append(row | asdict(total))
    return pd.DataFrame(rows)


def detection_table(counts: pd.DataFrame) -> pd.DataFrame:
    """Rates of every system: for each group of deviations, and of all for each first language.

    Args:
        counts: of :func:`decision_counts`, of one or more systems.

    Returns:
        columns ``system, group, l1`` (or ``all``), ``n``, ``judged``, ``speakers``, ``planted``,
        ``reported``, the counts, the rates, and ``<rate>_low`` and ``<rate>_high`` of their 95 %
        intervals over speakers; those are NaN where there are too few.
    """
    rows = []
    for (system, group), of_group in counts.groupby(["system", "group"], sort=False):
        key = {"system": system, "group": group}
        if group == ALL:
            for l1, of_language in of_group.groupby("l1"):
                rows.append(key | {"l1": l1} | _scores(of_language))
        rows.append(key | {"l1": ALL} | _scores(of_group))
    return pd.DataFrame(rows)


def _scores(counts: pd.DataFrame) -> dict[str, float]:
    """Sums of some speakers' counts, with rates and their intervals."""
    by_speaker = counts.groupby("speaker_id")[list(_COUNTS)].sum()
    n, judged, *_ = by_speaker.sum()
    decisions = by_speaker.drop(columns=["n", "judged"])
    each = [Detection(*map(int, row)) for row in decisions.itertuples(index=False)]
    total = sum(each, start=Detection())

    scores: dict[str, float] = {"n": int(n), "judged": int(judged), "speakers": len(each)}
    scores |= {"planted": total.planted, "reported": total.reported}
    scores |= asdict(total) | total.rates()
    for rate, highest in _INTERVALS.items():
        shares = [of_speaker.ratios()[rate][0] for of_speaker in each]
        wholes = [of_speaker.ratios()[rate][1] for of_speaker in each]
        interval = rate_interval(shares, wholes, list(by_speaker.index), highest)
        scores |= {f"{rate}_low": interval.low, f"{rate}_high": interval.high}
    return scores
