"""As spoken against as intended: the Speakor comparison of two recognisers.

The foreign-speaker model's transcript tells what was meant, the native listener what a Korean
would hear. The intended side is passed through the standard pronunciation rules (국물 is [궁물]),
so following the rules is no error. A listener that writes jamo is asked about every sound
(:mod:`.alternatives`); of any other only the transcript is compared
(:mod:`.transcript_deviations`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speakor_common.decoding.rescoring import SPEEDS
from speakor_common.errors import AudioError
from speakor_common.pronunciation.alternatives import Alternative, best_alternatives
from speakor_common.pronunciation.confusions import Confusions, load_confusions, probability
from speakor_common.pronunciation.deviations import Deviation, kind_of
from speakor_common.pronunciation.transcript_deviations import compare_transcripts, sound_letter
from speakor_common.recognition.ctc_recogniser import CTCRecogniser
from speakor_common.text import ONSETS
from speakor_common.text.g2p import standard_pronunciation


@dataclass(frozen=True)
class Heard:
    """What the native listener wrote down, and how it deviates from what was intended."""

    text: str
    deviations: tuple[Deviation, ...]


class NativeListener:
    """A CTC model that stands for a Korean's ear.

    Args:
        directory: best a model trained on labels as pronounced, such as ``models/listener-tiny``.
            One trained on spelling hides broken rules: it writes 합니다 also for [합니다].
        minimum: confidence above which a deviation is reported, else the directory's own; higher
            reports less and errs less.
        confusions: how often learners say which sound for which, else what the directory holds.
    """

    def __init__(
        self,
        directory: Path,
        device: str = "cpu",
        minimum: float | None = None,
        confusions: Confusions | None = None,
    ) -> None:
        self.recogniser = CTCRecogniser(directory, device)
        self.writes_sounds = ONSETS[0] in self.recogniser.symbols
        self.confusions = load_confusions(directory) if confusions is None else confusions
        self.minimum = self.confusions.weights.minimum if minimum is None else minimum

    def listen(self, waves: Sequence[np.ndarray], intended: Sequence[str]) -> list[Heard]:
        """Compare recordings (float32, 16 kHz, levelled) with the texts their speakers meant."""
        posteriors = self.recogniser.posteriors_by_speed(
            waves, SPEEDS if self.writes_sounds else ()
        )
        as_spoken = [by_speed[:1] for by_speed in posteriors]
        hypotheses = self.recogniser.decode(as_spoken, waves)

        results = []
        for text, by_speed, hypothesis in zip(intended, posteriors, hypotheses, strict=True):
            if self.writes_sounds:
                deviations = self.deviations(text, by_speed)
            else:
                deviations = compare_transcripts(text, hypothesis.text, hypothesis.words)
            results.append(Heard(hypothesis.text, tuple(deviations)))
        return results

    def deviations(
        self, intended: str, posteriors_by_speed: Sequence[np.ndarray]
    ) -> list[Deviation]:
        """Sounds of a text that were probably said otherwise, see :meth:`alternatives`."""
        seconds_per_frame = self.recogniser.seconds_per_frame
        alternatives = self.alternatives(intended, posteriors_by_speed)
        deviations = [as_deviation(item, seconds_per_frame) for item in alternatives]
        return [deviation for deviation in deviations if deviation.confidence > self.minimum]

    def alternatives(
        self, intended: str, posteriors_by_speed: Sequence[np.ndarray]
    ) -> list[Alternative]:
        """What was most probably said instead at each sound of a text.

        Nothing where the text cannot have been said in so short a time.

        Args:
            posteriors_by_speed: see :func:`best_alternatives`.
        """
        recogniser = self.recogniser
        pronunciation = standard_pronunciation(intended)
        try:
            alternatives = best_alternatives(
                pronunciation,
                posteriors_by_speed,
                recogniser.symbols,
                recogniser.blank,
                recogniser.delimiter,
                self.confusions,
            )
        except AudioError:
            return []
        return [item for item in alternatives if not is_allowed(item, pronunciation)]


def is_allowed(alternative: Alternative, pronunciation: str) -> bool:
    """Whether the standard allows the sound too (표준 발음법 §5).

    ㅢ may be ㅣ but at a word's start, and the particle 의 may be 에.
    """
    if alternative.part != "vowel" or alternative.intended != "ᅴ":
        return False

    # Where in its word the syllable stands.
    places = [
        (position, len(word)) for word in pronunciation.split() for position in range(len(word))
    ]
    position, length = places[alternative.syllable]
    if position == 0:
        return False
    return alternative.heard == "ᅵ" or (alternative.heard == "ᅦ" and position == length - 1)


def as_deviation(alternative: Alternative, seconds_per_frame: float) -> Deviation:
    """An alternative as what is reported: compatibility letters, probability, seconds."""
    part = alternative.part
    intended = sound_letter(alternative.intended, part)
    heard = sound_letter(alternative.heard, part)
    return Deviation(
        syllable=alternative.syllable,
        part=part,
        kind=kind_of(intended, heard),
        intended=intended,
        heard=heard,
        confidence=round(probability(alternative.log_odds), 4),
        start_s=round(alternative.frame * seconds_per_frame, 3),
        end_s=round(alternative.next_frame * seconds_per_frame, 3),
    )
