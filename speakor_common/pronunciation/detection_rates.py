"""Rates of detection with intervals: by system, by group of deviations, by first language.

Decisions (:mod:`.detection`) are summed by speaker, and all rates follow from those sums. Kinds of
deviation that the listener's confusions were counted on are told from those that they never held,
because a listener that knows what to expect finds the first more easily. Utterances that nobody
annotated are counted apart and decide nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields

import pandas as pd

from speakor_common.evaluation.planted_sounds import Planted, PlantedSound
from speakor_common.evaluation.statistics import rate_interval
from speakor_common.pronunciation.confusions import Confusions, sound_change
from speakor_common.pronunciation.detection import Detection, InGroup, count_decisions
from speakor_common.pronunciation.deviations import KINDS, Deviation
from speakor_common.pronunciation.feedback import Record
from speakor_common.pronunciation.truth import Truths

ALL = "all"
SEEN = "seen"  # kinds of deviation that the listener's confusions hold
UNSEEN = "unseen"
GROUPS = (ALL, SEEN, UNSEEN, *KINDS)
TEXT = dict.fromkeys(("system", "group", "l1", "speaker_id"), str)  # columns that are no counts

# What speakers' decisions are summed to, and the rates that get an interval.
_UTTERANCES = ("n", "judged", "not_annotated", "unusable")
_COUNTS = (*_UTTERANCES, *(field.name for field in fields(Detection)))
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
    truths: Truths,
    speakers: Mapping[str, str],
    confusions: Confusions,
) -> pd.DataFrame:
    """Decisions of one system, from which :func:`detection_table` makes all rates.

    Args:
        system: what made the records, for the table.
        speakers: by utterance id.
        confusions: of the listener; tell seen kinds of deviation from unseen ones.

    Returns:
        a row a group and speaker: columns ``system, group, l1, speaker_id, n`` annotated
        utterances, ``judged`` of them, ``not_annotated`` and ``unusable`` (annotations) beside
        them, and the fields of :class:`Detection`.
    """
    totals: dict[tuple[str, str, str], Detection] = {}
    utterances: dict[tuple[str, str, str], Counter[str]] = {}
    for group, in_group in groups(confusions).items():
        for record in records:
            key = (group, record.l1, speakers[record.utterance_id])
            counted = utterances.setdefault(key, Counter())
            total = totals.setdefault(key, Detection())
            truth = truths.known.get(record.utterance_id)
            if truth is None:
                is_unusable = record.utterance_id in truths.unusable
                counted["unusable" if is_unusable else "not_annotated"] += 1
                continue
            totals[key] = total + count_decisions(record, truth, in_group)
            counted["n"] += 1
            counted["judged"] += record.status == "ok"

    rows = []
    for (group, l1, speaker), total in totals.items():
        row = {"system": system, "group": group, "l1": l1, "speaker_id": speaker}
        row |= {name: utterances[group, l1, speaker][name] for name in _UTTERANCES}
        rows.append(row | asdict(total))
    return pd.DataFrame(rows)


def detection_table(counts: pd.DataFrame) -> pd.DataFrame:
    """Rates of every system: for each group of deviations, and of all for each first language.

    Args:
        counts: of :func:`decision_counts`, of one or more systems.

    Returns:
        columns ``system, group, l1`` (or ``all``), ``n``, ``judged``, ``not_annotated``,
        ``unusable``, ``speakers`` (with an annotated utterance), ``planted``, ``reported``, the
        counts, the rates, and ``<rate>_low`` and ``<rate>_high`` of their 95 % intervals over
        speakers; those are NaN where there are too few.
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
    scores: dict[str, float] = {name: int(by_speaker[name].sum()) for name in _UTTERANCES}
    by_speaker = by_speaker[by_speaker["n"] > 0].drop(columns=list(_UTTERANCES))
    each = [Detection(*map(int, row)) for row in by_speaker.itertuples(index=False)]
    total = sum(each, start=Detection())

    scores |= {"speakers": len(each), "planted": total.planted, "reported": total.reported}
    scores |= asdict(total) | total.rates()
    for rate, highest in _INTERVALS.items():
        shares = [of_speaker.ratios()[rate][0] for of_speaker in each]
        wholes = [of_speaker.ratios()[rate][1] for of_speaker in each]
        interval = rate_interval(shares, wholes, list(by_speaker.index), highest)
        scores |= {f"{rate}_low": interval.low, f"{rate}_high": interval.high}
    return scores


def contradictions(
    counts: pd.DataFrame, planted: Planted, speakers: Mapping[str, str]
) -> list[str]:
    """Where decisions are about something else than what was said; empty if they are not.

    However well it decides, every system has as many utterances, syllables and deviations of each
    group and speaker to decide about.

    Args:
        counts: of :func:`decision_counts`, of one or more systems.
        planted: what was said, by utterance id.
        speakers: by utterance id.
    """
    # What there is to decide about.
    expected: dict[tuple[str, str], Counter[str]] = {}
    for identifier, utterance in planted.items():
        for group in GROUPS:
            total = expected.setdefault((group, speakers.get(identifier, "")), Counter())
            total["utterances"] += 1
            total["syllables"] += len(utterance.pronunciation.replace(" ", ""))
            total["deviations"] += sum(_is_in(group, sound) for sound in utterance.sounds)

    # What each system decided about, speakers left out of whom nothing is annotated.
    found: dict[str, dict[tuple[str, str], Counter[str]]] = {}
    for row in counts[counts["n"] > 0].itertuples():
        total = found.setdefault(row.system, {}).setdefault((row.group, row.speaker_id), Counter())
        total["utterances"] += row.n
        total["syllables"] += row.syllables
        total["deviations"] += row.correct_diagnosis + row.wrong_diagnosis + row.false_accepted

    lines = []
    for system, of_system in found.items():
        for key in sorted(expected.keys() | of_system.keys()):
            there = expected.get(key, Counter())
            decided = of_system.get(key, Counter())
            lines += [
                f"{system}, {', '.join(key)}: {decided[what]} {what}, known are {there[what]}"
                for what in sorted(there | decided)
                if decided[what] != there[what]
            ]
    return lines


def _is_in(group: str, sound: PlantedSound) -> bool:
    if group in (SEEN, UNSEEN):
        return sound.seen == (group == SEEN)
    return group in (ALL, sound.kind)
