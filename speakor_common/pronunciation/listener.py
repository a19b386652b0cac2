"""As spoken against as intended: the Speakor comparison of two recognisers.

The foreign-speaker model's transcript tells what was meant, the native listener what a Korean would hear.
The intended side is passed through the standard pronunciation rules (국물 is [궁물]), so following the
rules is no error. A listener that writes jamo is asked about every sound (:mod:`.alternatives`); of any other only
its transcript is compared (:func:`compare`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from speakor_common.decoding.rescoring import SPEEDS
from speakor_common.decoding.words import Word
from speakor_common.errors import AudioError
from speakor_common.evaluation.alignment import Pair, align_syllables
from speakor_common.pronunciation import confusions
from speakor_common.pronunciation.alternatives import Alternative, best_alternatives
from speakor_common.recognition.recognisers import CTCRecogniser
from speakor_common.text import ONSETS, PARTS, compatibility, is_syllable, split_syllable
from speakor_common.text.g2p import standard_pronunciation


@dataclass(frozen=True)
class Deviation:
    """One difference between intended and heard pronunciation.

    Attributes:
        syllable: position in the intended pronunciation, from 0, spaces not counted.
        part: onset, vowel or coda.
        kind: substitution, omission or insertion (a vowel after a coda counts as inserted at that coda).
        intended, heard: compatibility jamo, ``""`` where there is none.
        confidence: 0-1; from posteriors, the probability that it was said, by what was heard and what learners are known to
            say; from transcripts, the confidence of the word it was heard in.
        start_s, end_s: of the syllable, or of the word where only transcripts are compared. Starts are good to about a
            frame (20 ms), ends are the start of what follows.
    """

    syllable: int
    part: str
    kind: str
    intended: str
    heard: str
    confidence: float
    start_s: float
    end_s: float

    def to_dict(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class Heard:
    """What the native listener wrote down, and how it deviates from what was intended."""

    text: str
    deviations: tuple[Deviation, ...]


class NativeListener:
    """A CTC model that stands for a Korean's ear.

    Args:
        directory: best a model trained on labels as pronounced, such as ``models/listener-tiny``. One trained on spelling
            hides broken rules: it writes 합니다 also for [합니다].
        minimum: confidence above which a deviation is reported, else the directory's own; higher reports less and errs less.
        known: how often learners say which sound for which, else what the directory holds.
    """

    def __init__(
        self,
        directory: Path,
        device: str = "cpu",
        minimum: float | None = None,
        known: confusions.Confusions | None = None,
    ) -> None:
        self.recogniser = CTCRecogniser(directory, device)
        self.writes_sounds = ONSETS[0] in self.recogniser.symbols
        self.known = confusions.load(directory) if known is None else known
        self.minimum = self.known.weights.minimum if minimum is None else minimum

    def listen(self, waves: Sequence[np.ndarray], intended: Sequence[str]) -> list[Heard]:
        """Compare recordings (float32, 16 kHz, levelled) with the texts their speakers meant."""
        found, views = [], self.recogniser.views(waves, SPEEDS if self.writes_sounds else ())
        for text, of_one, heard in zip(
            intended, views, self.recogniser.hypotheses([v[:1] for v in views], waves), strict=True
        ):
            deviations = (
                self._by_sound(text, of_one)
                if self.writes_sounds
                else compare(text, heard.text, heard.words)
            )
            found.append(Heard(heard.text, tuple(deviations)))
        return found

    def _by_sound(self, intended: str, views: Sequence[np.ndarray]) -> list[Deviation]:
        found = (
            _from_alternative(a, self.recogniser.seconds_per_frame)
            for a in self.alternatives(intended, views)
        )
        return [deviation for deviation in found if deviation.confidence > self.minimum]

    def alternatives(self, intended: str, views: Sequence[np.ndarray]) -> list[Alternative]:
        """What was most probably said instead at each sound of a text, from :meth:`CTCRecogniser.views`; none where the text
        cannot have been said in so short a time."""
        r, pronunciation = self.recogniser, standard_pronunciation(intended)
        try:
            found = best_alternatives(
                pronunciation, views, r.symbols, r.blank, r.delimiter, self.known
            )
        except AudioError:
            return []
        return [alternative for alternative in found if not is_allowed(alternative, pronunciation)]


def is_allowed(found: Alternative, pronunciation: str) -> bool:
    """Whether the standard allows the sound too (표준 발음법 §5): ㅢ as ㅣ but at a word's start, and the particle 의 as 에."""
    if found.part != "vowel" or found.intended != "ᅴ":
        return False
    places = [
        (number, position, len(word))
        for number, word in enumerate(pronunciation.split())
        for position in range(len(word))
    ]
    _, position, length = places[found.syllable]
    return position > 0 and (found.heard == "ᅵ" or (found.heard == "ᅦ" and position == length - 1))


def _from_alternative(found: Alternative, seconds_per_frame: float) -> Deviation:
    kind = (
        "substitution"
        if found.intended and found.heard
        else "omission"
        if found.intended
        else "insertion"
    )
    intended, heard = (_letter(jamo, found.part) for jamo in (found.intended, found.heard))
    if kind == "substitution" and found.part == "onset" and not (intended and heard):
        kind = "omission" if intended else "insertion"
    start, end = (round(frame * seconds_per_frame, 3) for frame in (found.frame, found.next_frame))
    return Deviation(
        found.syllable,
        found.part,
        kind,
        intended,
        heard,
        round(confusions.probability(found.log_odds), 4),
        start,
        end,
    )


def _letter(jamo: str, part: str) -> str:
    """Compatibility letter; the silent ㅇ before a vowel is no sound."""
    letter = compatibility(jamo)
    return "" if part == "onset" and letter == "ㅇ" else letter


def compare(intended: str, heard: str, heard_words: Sequence[Word] = ()) -> list[Deviation]:
    """Deviations of one transcript from another, both spelled: what can be said without posteriors of jamo.

    The heard side is passed through the pronunciation rules as well, because a model trained on spelling writes 합니다 for
    [함니다]; broken rules stay hidden.

    Args:
        intended: foreign-speaker model's text (or a known script).
        heard: native listener's text.
        heard_words: the listener's words with times, in order; without them times are 0.
    """
    places = [word for word in heard_words for _ in word.text]
    found: list[Deviation] = []
    position, heard_position = 0, 0
    for pair in align_syllables(standard_pronunciation(intended), standard_pronunciation(heard)):
        word = places[min(heard_position, len(places) - 1)] if places else Word("", 0.0, 0.0, 1.0)
        found += [_deviation(position, *item, word) for item in _jamo_differences(pair)]
        position += pair.reference != ""
        heard_position += pair.hypothesis != ""
    return found


def _deviation(position: int, part: str, intended: str, heard: str, word: Word) -> Deviation:
    kind = "substitution" if intended and heard else "omission" if intended else "insertion"
    return Deviation(
        position, part, kind, intended, heard, word.confidence, word.start_s, word.end_s
    )


def _jamo_differences(pair: Pair) -> list[tuple[str, str, str]]:
    """Differing parts of an aligned syllable pair as ``(part, intended, heard)``."""
    left, right = _parts(pair.reference), _parts(pair.hypothesis)
    return [(part, a, b) for part, a, b in zip(PARTS, left, right, strict=True) if a != b]


def _parts(syllable: str) -> tuple[str, str, str]:
    if not is_syllable(syllable):
        return "", "", ""
    onset, vowel, coda = (
        _letter(jamo, part) for jamo, part in zip(split_syllable(syllable), PARTS, strict=True)
    )
    return onset, vowel, coda
