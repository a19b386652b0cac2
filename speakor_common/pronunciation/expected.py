"""Deviations that are reported unheard: what a prior alone finds, as a yardstick for listeners.

Who knows the text and how often learners say one sound for another can report the likely
deviations without any audio. A listener is worth what it finds beyond that, so both have to be
given the same text. The threshold is the one with the best F1 on validation speakers, as a
listener's is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from speakor_common.errors import TextError
from speakor_common.pronunciation.calibration import best_threshold
from speakor_common.pronunciation.confusions import ADDED, Confusions, probability
from speakor_common.pronunciation.deviations import Deviation, kind_of
from speakor_common.pronunciation.feedback import Record
from speakor_common.pronunciation.transcript_deviations import sound_letter
from speakor_common.pronunciation.truth import Truth
from speakor_common.text import PARTS, conjoining, split_syllable
from speakor_common.text.pronunciation import Pronunciations, pronunciations

ByLanguage = Mapping[str, Confusions]  # by first language


def expected_records(
    data: pd.DataFrame, confusions: ByLanguage, minimum: float = 0.0
) -> list[Record]:
    """The likeliest deviation at each sound of each text, from counts alone.

    Args:
        data: columns ``utterance_id, text, l1, level``; the text is what was meant, or what a
            model takes for it, as a listener is told it.
        confusions: what learners of each first language say for what.
        minimum: probability from which a deviation is reported.
    """
    records = []
    for row in data.itertuples():
        of_text = {
            "utterance_id": row.utterance_id,
            "l1": row.l1,
            "level": row.level,
            "intended": row.text,
            "heard": "",
        }
        try:
            allowed = _readable(row.text)
        except TextError as error:
            nothing = {"pronunciation": "", "unsure_words": [], "deviations": []}
            of_text |= nothing | {"status": "bad_text", "problem": str(error)}
            records.append(Record(**of_text))
            continue

        # As a listener does, nothing is said about words that are not sure.
        likeliest = _likeliest(allowed.best, confusions[row.l1])
        reported = [
            deviation
            for deviation in likeliest
            if deviation.confidence >= minimum
            and deviation.syllable not in allowed.unsure_syllables
        ]
        unsure = [number for number, word in enumerate(allowed.words) if not word.sure]
        of_text |= {"status": "ok", "pronunciation": allowed.best}
        records.append(Record(**of_text, unsure_words=unsure, deviations=reported))
    return records


def _readable(text: str) -> Pronunciations:
    """What is allowed for a text in which there is something to be said."""
    allowed = pronunciations(text)
    if len(allowed) == 0:
        raise TextError(f"no Korean in {text!r}")
    return allowed


def _likeliest(pronunciation: str, confusions: Confusions) -> list[Deviation]:
    """At each sound that learners were counted to change, what they most often make of it."""
    deviations = []
    for position, syllable in enumerate(pronunciation.replace(" ", "")):
        for part, jamo in zip(PARTS, split_syllable(syllable), strict=True):
            changes = _changes(part, jamo, confusions)
            if changes:
                log_odds, intended, heard = max(changes)
                deviations.append(
                    Deviation(
                        syllable=position,
                        part=part,
                        kind=kind_of(intended, heard),
                        intended=intended,
                        heard=heard,
                        confidence=probability(log_odds),
                    )
                )
    return deviations


def _changes(part: str, jamo: str, confusions: Confusions) -> list[tuple[float, str, str]]:
    """Log odds, intended and spoken letter of each change that was counted of one sound."""
    silent = "ㅇ" if part == "onset" else ""
    letter = sound_letter(jamo, part)
    changes = []
    for heard in confusions.counts.get(part, {}).get(letter or silent, {}):
        if heard != (letter or silent):
            spoken = "" if heard == silent else heard
            log_odds = confusions.log_odds(part, jamo, conjoining(heard, part))
            changes.append((log_odds, letter, spoken))

    # A vowel after a coda.
    if part == "coda" and jamo:
        for vowel in confusions.counts.get(ADDED, {}).get(letter, {}):
            if vowel:
                log_odds = confusions.log_odds(ADDED, jamo, conjoining(vowel, "vowel"))
                changes.append((log_odds, "", vowel))
    return changes


def expected_threshold(records: Sequence[Record], truths: Mapping[str, Truth]) -> float:
    """The probability from which reports have the best F1; 1 where nothing reported is right.

    Args:
        records: of :func:`expected_records` with no minimum, for the texts that were meant.
        truths: by utterance id; records of other utterances are left out.
    """
    scores = []
    wrong = []
    known = 0
    for record in records:
        truth = truths.get(record.utterance_id)
        if truth is None:
            continue
        places = {deviation.place for deviation in truth.deviations}
        known += len(places)
        for deviation in record.deviations:
            if deviation.place not in truth.unknown:
                scores.append(deviation.confidence)
                wrong.append(deviation.place in places)
    if not any(wrong):
        return 1.0
    return best_threshold(np.array(scores), np.array(wrong), known)
