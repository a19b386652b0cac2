"""Laundering: what becomes in a transcript of the sounds that a learner said otherwise than meant.

A transcript **corrects** a deviation when, read aloud, it has the sound that was meant; it
**keeps** it when it has the sound that was said; anything else (another sound, none, no such word)
**mangles** it. A foreign-speaker model should correct nearly all, a listener nearly none.

Spelling is read by the standard's rules (표준발음법), transcript and speech alike, since 국물 and
궁물 sound the same and are no difference. Of a text's allowed readings the one nearest to what was
meant counts. Some deviations cannot be written at all: [학교] for [학꾜] is spelled 학교, which is
read [학꾜]. They are left out and counted (``unwritable``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Literal

import pandas as pd

from speakor_common.batching.conditions import CLEAN
from speakor_common.errors import TextError
from speakor_common.evaluation.alignment import align_sounds
from speakor_common.evaluation.number_readings import with_closest_readings
from speakor_common.evaluation.planted_sounds import (
    Planted,
    PlantedSound,
    PlantedUtterance,
    spoken_form,
)
from speakor_common.evaluation.statistics import rate_interval
from speakor_common.parallel import on_cores
from speakor_common.text import PARTS, is_syllable, split_syllable
from speakor_common.text.pronunciation import pronunciations
from speakor_common.text.spoken_text import as_pronounced, nearest_form

Fate = Literal["corrected", "kept", "mangled", "unwritable"]
FATES: tuple[Fate, ...] = ("corrected", "kept", "mangled")  # of what can be written
LISTENER = "listener"  # beside the models: what the native listener wrote
BREAKDOWNS = ("kind", "l1", "level", "seen", "sound")

_OF_OUTPUT = ("experiment", "utterance_id", "speaker_id", "l1", "level")
_SHARE = 40  # utterances a process takes at a time
_MEMORY = 2**30  # bytes of a process, most of them the analyser's

_ADDED = "added"  # beside the parts of a syllable: the syllables said after it that nobody meant

SoundPlace = tuple[int, str]  # syllable of what was meant, and its part
Sounds = Mapping[SoundPlace, str]  # "" for none
Trace = Mapping[SoundPlace, tuple[str, str]]  # where a deviation shows: what was meant, and said


def fates(utterance: PlantedUtterance, transcript: str) -> list[Fate]:
    """What a transcript makes of each deviation of an utterance, in their order."""
    return _judged(utterance, traces(utterance), transcript)


def traces(utterance: PlantedUtterance) -> list[Trace]:
    """Where each deviation shows in what was said, read aloud; nowhere if it cannot be written.

    A deviation shows at its own sound and, where that changes how a neighbour is read, there too,
    unless the neighbour deviates itself.
    """
    form = utterance.pronunciation
    meant = _sounds_of(form, form)
    said = _sounds_of(_read_aloud(spoken_form(form, utterance.sounds), form), form)
    other_than_meant = {place: heard for place, heard in said.items() if heard != meant[place]}
    found: list[Trace] = []
    for sound in utterance.sounds:
        others = [other for other in utterance.sounds if other != sound]
        elsewhere = {place for other in others for place in _places(other)}
        possible = other_than_meant.keys() - elsewhere
        if not possible:
            found.append({})  # whatever is read without it
            continue

        without = _sounds_of(_read_aloud(spoken_form(form, others), form), form)
        shown = [place for place in possible if said[place] != without[place]]
        found.append({place: (meant[place], said[place]) for place in shown})
    return found


def _places(sound: PlantedSound) -> list[SoundPlace]:
    own = (sound.syllable, sound.part)
    return [own, (sound.syllable, _ADDED)] if sound.adds_vowel else [own]


def _judged(utterance: PlantedUtterance, shown: list[Trace], transcript: str) -> list[Fate]:
    """The fate of each deviation, from where each shows."""
    form = utterance.pronunciation
    written = _sounds_of(_read_aloud(transcript, form), form)
    judged: list[Fate] = []
    for trace in shown:
        fate: Fate = "mangled"
        if not trace:
            fate = "unwritable"
        elif all(written[place] == meant for place, (meant, _) in trace.items()):
            fate = "corrected"
        elif all(written[place] == said for place, (_, said) in trace.items()):
            fate = "kept"
        judged.append(fate)
    return judged


def _read_aloud(text: str, form: str) -> str:
    """Of the allowed readings of a text that which is nearest to a pronunciation."""
    try:
        allowed = pronunciations(text)
    except TextError:
        return as_pronounced(text)
    if len(allowed) == 0:
        return ""
    pairs = align_sounds(allowed.best, form)
    return nearest_form(allowed, [pair.hypothesis for pair in pairs if pair.reference])


def _sounds_of(reading: str, form: str) -> dict[SoundPlace, str]:
    """The sounds of a reading in the places of what was meant.

    Jamo, ``""`` for no coda; ``"–"`` for all parts of a syllable that the reading lacks. What is
    added before the first syllable stands at none.
    """
    sounds: dict[SoundPlace, str] = {}
    position = -1
    for pair in align_sounds(form, reading):
        if not pair.reference:
            if position >= 0:
                sounds[position, _ADDED] += pair.hypothesis
            continue
        position += 1
        for part, jamo in zip(PARTS, _parts(pair.hypothesis), strict=True):
            sounds[position, part] = jamo
        sounds[position, _ADDED] = ""
    return sounds


@lru_cache(maxsize=20_000)  # there are 11,172 syllables
def _parts(character: str) -> tuple[str, ...]:
    return split_syllable(character) if is_syllable(character) else ("–",) * len(PARTS)


# Tables


def with_listener(predictions: pd.DataFrame, planted: Planted) -> pd.DataFrame:
    """Clean predictions, and below them what the native listener wrote, as :data:`LISTENER`.

    Only utterances with a known deviation; the listener only where it was asked.
    """
    clean = predictions[predictions["condition"] == CLEAN]
    deviating = [name for name, utterance in planted.items() if utterance.sounds]
    clean = clean[clean["utterance_id"].isin(deviating)]
    heard = clean.drop_duplicates("utterance_id").assign(experiment=LISTENER, raw_hypothesis="")
    heard["hypothesis"] = [planted[identifier].heard for identifier in heard["utterance_id"]]
    asked = any(utterance.heard for utterance in planted.values())
    return pd.concat([clean, heard], ignore_index=True) if asked else clean


def fate_table(predictions: pd.DataFrame, planted: Planted) -> pd.DataFrame:
    """What every model makes of every deviation of clean speech.

    Args:
        predictions: see :mod:`speakor_common.recognition.predict`.
        planted: what was said; utterances of which nothing is known are left out.

    Returns:
        a row a model and deviation: columns ``experiment, utterance_id, speaker_id``, those of
        :data:`BREAKDOWNS`, and ``fate``.
    """
    table = with_closest_readings(with_listener(predictions, planted))
    written: dict[str, dict[str, list[Fate]]] = {}
    for identifier, hypothesis in zip(table["utterance_id"], table["hypothesis"], strict=True):
        written.setdefault(identifier, {})[hypothesis] = []

    # Reading aloud takes long: what several models wrote is read once, and all cores read.
    names = list(written)
    jobs = [
        ([(planted[name], list(written[name])) for name in names[start : start + _SHARE]],)
        for start in range(0, len(names), _SHARE)
    ]
    judged = on_cores(_fates_of, jobs, len(jobs), memory=_MEMORY)
    for name, of_utterance in zip(names, chain.from_iterable(judged), strict=True):
        written[name] = dict(zip(written[name], of_utterance, strict=True))

    # A row a model and deviation, utterance by utterance.
    order = {name: number for number, name in enumerate(names)}
    table = table.sort_values("utterance_id", key=lambda of: of.map(order), kind="stable")
    rows = []
    for output in table[[*_OF_OUTPUT, "hypothesis"]].itertuples(index=False):
        of_output = tuple(getattr(output, name) for name in _OF_OUTPUT)
        found = written[output.utterance_id][output.hypothesis]
        sounds = planted[output.utterance_id].sounds
        for sound, fate in zip(sounds, found, strict=True):
            seen = "seen" if sound.seen else "unseen"
            rows.append((*of_output, sound.kind, seen, sound.name, fate))
    table = pd.DataFrame(rows, columns=[*_OF_OUTPUT, "kind", "seen", "sound", "fate"])
    return table[["experiment", "utterance_id", "speaker_id", *BREAKDOWNS, "fate"]]


def _fates_of(
    utterances: Sequence[tuple[PlantedUtterance, Sequence[str]]],
) -> list[list[list[Fate]]]:
    """Fates in each of the transcripts of each utterance."""
    found = []
    for utterance, transcripts in utterances:
        shown = traces(utterance)
        found.append([_judged(utterance, shown, transcript) for transcript in transcripts])
    return found


def summarise_fates(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Shares of every model with intervals over speakers, and of groups of deviations.

    Args:
        table: of :func:`fate_table`.

    Returns:
        by model: ``n`` deviations, ``unwritable`` ones beside them, ``speakers``, each of
        :data:`FATES` as a share of ``n`` and ``<fate>_95``, and ``breakdowns``: the same, without
        intervals for single sounds, by each of :data:`BREAKDOWNS`.
    """
    summary = {}
    for experiment, rows in table.groupby("experiment", sort=True):
        entry = _shares(rows)
        entry["breakdowns"] = {
            column: [
                {column: value} | _shares(group, with_intervals=column != "sound")
                for value, group in rows.groupby(column, sort=True)
            ]
            for column in BREAKDOWNS
        }
        summary[experiment] = entry
    return summary


def _shares(rows: pd.DataFrame, with_intervals: bool = True) -> dict[str, Any]:
    written = rows[rows["fate"] != "unwritable"]
    n = len(written)
    result: dict[str, Any] = {"n": n, "unwritable": len(rows) - n}
    result["speakers"] = int(written["speaker_id"].nunique())
    speakers = written["speaker_id"].tolist()
    for fate in FATES:
        of_fate = (written["fate"] == fate).astype(int).tolist()
        result[fate] = sum(of_fate) / n if n else None
        if with_intervals:
            interval = rate_interval(of_fate, [1] * n, speakers) if n else None
            result[f"{fate}_95"] = interval.bounds if interval else None
    return result
