"""What learners are known to have said otherwise than they meant, as evaluation needs it.

A corpus may know it because it was made that way or because somebody annotated it. ``planted.csv``
holds it beside the predictions of a profile, and what the native listener wrote, so that everything
counted from it can be counted again. It has a row an utterance of which it is known, with an empty
list where all was said as meant: an utterance without a row is one that nobody annotated.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

import pandas as pd

from speakor_common.errors import ResultsError
from speakor_common.storage import write_text
from speakor_common.text import PARTS, conjoining, from_jamo, split_syllable
from speakor_common.text.jamo import VOWEL_LETTERS

_COLUMNS = ("utterance_id", "pronunciation", "deviations", "heard")
_SILENT = "ᄋ"  # the onset of a syllable that begins with its vowel
_NASAL = "ᆼ"  # the one coda that cannot begin a syllable


@dataclass(frozen=True)
class PlantedSound:
    """One sound that was not said as meant; letters are compatibility jamo.

    Attributes:
        syllable: position in the pronunciation, from 0, spaces not counted.
        part: onset, vowel or coda.
        kind: substitution, omission or insertion.
        intended: ``""`` for an insertion.
        spoken: ``""`` for an omission.
        seen: whether training speech holds the same deviation.
    """

    syllable: int
    part: str
    kind: str
    intended: str
    spoken: str
    seen: bool

    @property
    def adds_vowel(self) -> bool:
        """Whether a vowel was added after a coda (밥 → 바부), not a coda to a syllable without."""
        is_inserted = self.kind == "insertion" and self.part == "coda"
        return is_inserted and self.spoken != "" and self.spoken in VOWEL_LETTERS

    @property
    def name(self) -> str:
        """As tables show it.

        >>> PlantedSound(0, "onset", "substitution", "ㄲ", "ㄱ", True).name
        'onset ㄲ→ㄱ'
        """
        return f"{self.part} {self.intended or '–'}→{self.spoken or '–'}"


@dataclass(frozen=True)
class PlantedUtterance:
    """What was said in one utterance.

    Attributes:
        pronunciation: what was meant, as pronounced in Hangul, words separated by spaces.
        sounds: what was said otherwise; none where all was said as meant.
        heard: what the native listener wrote of it, ``""`` if it was not asked.
    """

    pronunciation: str
    sounds: tuple[PlantedSound, ...]
    heard: str = ""


Planted = Mapping[str, PlantedUtterance]  # by utterance id; all of which it is known


def spoken_form(pronunciation: str, sounds: Collection[PlantedSound]) -> str:
    """What was said, in Hangul with the words of ``pronunciation``.

    >>> spoken_form("밥 머거요", [PlantedSound(0, "coda", "insertion", "", "ㅜ", True)])
    '바부 머거요'
    """
    said = []
    position = 0
    for character in pronunciation:
        if character == " ":
            said.append(character)
            continue
        here = [sound for sound in sounds if sound.syllable == position]
        said.append(_said_for(character, here))
        position += 1
    return "".join(said)


def _said_for(character: str, sounds: Collection[PlantedSound]) -> str:
    """What was said for one syllable: one syllable, or two where a vowel was added."""
    syllable = list(split_syllable(character))
    added = ""
    for sound in sounds:
        if sound.adds_vowel:
            added = conjoining(sound.spoken, "vowel")
            continue
        silent = _SILENT if sound.part == "onset" else ""
        jamo = conjoining(sound.spoken, sound.part) or silent
        syllable[PARTS.index(sound.part)] = jamo
    if not added:
        return from_jamo("".join(syllable))

    # The coda begins the added syllable, unless it is ㅇ.
    onset, vowel, coda = syllable
    stays = coda if coda == _NASAL else ""
    moved = _SILENT if coda in ("", _NASAL) else conjoining(from_jamo(coda), "onset")
    return from_jamo(onset + vowel + stays + moved + added)


def write_planted(planted: Planted, path: Path) -> Path:
    """Write ``planted.csv``."""
    rows = []
    for identifier, utterance in planted.items():
        sounds = json.dumps([astuple(sound) for sound in utterance.sounds], ensure_ascii=False)
        rows.append((identifier, utterance.pronunciation, sounds, utterance.heard))
    return write_text(path, pd.DataFrame(rows, columns=list(_COLUMNS)).to_csv(index=False))


def read_planted_sounds(path: Path) -> dict[str, PlantedUtterance]:
    """What ``planted.csv`` says; empty where there is no such file, as real speech has none.

    Raises:
        ResultsError: the file is not what :func:`write_planted` writes.
    """
    if not path.is_file():
        return {}
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if missing := sorted(set(_COLUMNS) - set(table.columns)):
        raise ResultsError(f"{path} lacks the columns {missing}; write it again with notebook 05")

    planted = {}
    for row in table.itertuples():
        try:
            sounds = tuple(PlantedSound(*fields) for fields in json.loads(row.deviations))
        except (ValueError, TypeError) as error:
            raise ResultsError(
                f"{path}: {row.utterance_id} has the deviations {row.deviations!r}; expected a "
                "list of syllable, part, kind, intended, spoken and seen; "
                "write it again with notebook 05"
            ) from error
        planted[row.utterance_id] = PlantedUtterance(row.pronunciation, sounds, row.heard)
    return planted
