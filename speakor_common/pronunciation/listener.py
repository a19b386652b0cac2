"""As spoken against as intended: the Speakor comparison of two recognisers.

The foreign-speaker model's transcript, or a script, tells what was meant; the native listener what
a Korean would hear. A text has a set of allowed pronunciations (국물 is [궁물], 시계 [시계] or
[시게]); what was said is compared with the one that fits it best (:mod:`.allowed_form`), and what
leads to another of them is no deviation.

A listener that writes jamo is asked about every sound (:mod:`.alternatives`); of any other only
the transcript is compared (:mod:`.transcript_deviations`). What cannot be judged is not judged: an
impression says why (:data:`Status`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from rapidfuzz.distance import Levenshtein

from speakor_common.decoding.rescoring import SPEEDS
from speakor_common.decoding.words import Hypothesis
from speakor_common.errors import AudioError, TextError
from speakor_common.models.posteriors import SPOKEN
from speakor_common.models.voice_activity import somebody_speaks
from speakor_common.pronunciation.aligned_form import AlignedForm, ClipPosteriors
from speakor_common.pronunciation.allowed_form import best_fitting_form
from speakor_common.pronunciation.alternatives import Alternative, best_alternatives
from speakor_common.pronunciation.confusions import Confusions, load_confusions, probability
from speakor_common.pronunciation.deviations import Deviation, kind_of
from speakor_common.pronunciation.letter_sounds import letter_sounds
from speakor_common.pronunciation.transcript_deviations import compare_transcript, sound_letter
from speakor_common.recognition.ctc_recogniser import CTCRecogniser
from speakor_common.text import ONSETS, to_jamo
from speakor_common.text.pronunciation import Pronunciations, pronunciations
from speakor_common.text.spoken_text import as_pronounced

# ok: judged. no_speech: nobody speaks in the recording. too_short: it is shorter than the text can
# be said in. not_spoken: the listener heard something else than the text, or understood nothing.
# bad_text: the text is empty, or how it is read aloud depends on more than its letters (digits,
# Latin letters, lone jamo). unreadable: the recording cannot be decoded.
Status = Literal["ok", "no_speech", "too_short", "not_spoken", "bad_text", "unreadable"]

# A text was not spoken where more letters than this share, and than this number, are others than
# those heard. On the sample's test clips the share is at most 0.36 for what was read; for 99 % of
# other texts it is above 0.5, and the rest differ in a word or two.
_OTHER_SHARE = 0.5
_OTHER_LETTERS = 3


@dataclass(frozen=True)
class Impression:
    """What a native listener makes of one recording.

    Attributes:
        status: whether it was judged, see :data:`Status`; with any but ``ok`` nothing is reported.
        problem: what to tell people unless the status is ``ok``.
        transcript: what the listener wrote down.
        pronunciation: the allowed form that fits best, ``""`` unless the status is ``ok``.
        deviations: from that form.
        unsure_words: words of the text, from 0, whose pronunciation is not certain from spelling;
            nothing is reported for them.
    """

    status: Status
    problem: str = ""
    transcript: str = ""
    pronunciation: str = ""
    deviations: tuple[Deviation, ...] = ()
    unsure_words: tuple[int, ...] = ()


class NativeListener:
    """A CTC model that stands for a Korean's ear.

    Args:
        directory: best a model trained on labels as pronounced, such as ``models/listener-tiny``.
            One trained on spelling hides broken rules: it writes 합니다 also for [합니다].
        minimum: confidence above which a deviation is reported, else the directory's own; higher
            reports less and errs less. A listener that does not write jamo is as sure of a
            deviation as of the word it wrote (:mod:`.transcript_deviations`).
        confusions: how often learners say which sound for which, else what the directory holds.
    """

    def __init__(
        self,
        directory: Path,
        device: str = "cpu",
        minimum: float | None = None,
        confusions: Confusions | None = None,
    ) -> None:
        self.recogniser = CTCRecogniser(directory, device, SPOKEN)
        self.writes_sounds = ONSETS[0] in self.recogniser.symbols
        self.confusions = load_confusions(directory) if confusions is None else confusions
        self.minimum = self.confusions.weights.minimum if minimum is None else minimum

    def listen(self, waves: Sequence[np.ndarray], intended: Sequence[str]) -> list[Impression]:
        """Compare recordings (float32, 16 kHz, levelled) with the texts their speakers meant."""
        # Where nobody speaks nothing is listened to.
        speaking = [somebody_speaks(wave) for wave in waves]
        spoken = [wave for wave, speaks in zip(waves, speaking, strict=True) if speaks]
        posteriors = self.recogniser.posteriors_by_speed(
            spoken, SPEEDS if self.writes_sounds else ()
        )
        hypotheses = self.recogniser.decode([by_speed[:1] for by_speed in posteriors], spoken)

        heard = iter(zip(posteriors, hypotheses, strict=True))
        impressions = []
        for text, speaks in zip(intended, speaking, strict=True):
            if speaks:
                impressions.append(self.judge(text, *next(heard)))
            else:
                impressions.append(silent_impression())
        return impressions

    def judge(
        self, intended: str, posteriors_by_speed: Sequence[np.ndarray], hypothesis: Hypothesis
    ) -> Impression:
        """Compare one recording with a text.

        Args:
            posteriors_by_speed: of the recording, see :class:`ClipPosteriors`.
            hypothesis: what they spell.
        """
        # Something must have been said, and must have been meant.
        transcript = hypothesis.text
        if not transcript:
            return Impression("not_spoken", "somebody speaks, but nothing was understood")
        try:
            allowed = pronunciations(intended)
        except TextError as error:
            return Impression("bad_text", str(error), transcript)
        if len(allowed) == 0:
            return Impression("bad_text", f"no Korean in {intended!r}", transcript)

        # What was said is compared with the allowed form that is nearest to it.
        if self.writes_sounds:
            impression = self._by_sound(allowed, posteriors_by_speed, transcript)
        else:
            impression = _by_transcript(allowed, hypothesis)

        # Where spelling leaves open how a word sounds nobody is told that it was wrong, nor where
        # the listener is not sure enough.
        reported = (
            deviation
            for deviation in impression.deviations
            if deviation.syllable not in allowed.unsure_syllables
            and deviation.confidence > self.minimum
        )
        return replace(
            impression,
            deviations=tuple(reported),
            unsure_words=tuple(n for n, word in enumerate(allowed.words) if not word.sure),
        )

    def _by_sound(
        self, allowed: Pronunciations, posteriors_by_speed: Sequence[np.ndarray], transcript: str
    ) -> Impression:
        """Ask about every sound of the allowed form that fits best; all answers are given."""
        try:
            form = best_fitting_form(allowed, self.posteriors_of(posteriors_by_speed))
        except AudioError as error:
            return Impression("too_short", str(error), transcript)
        if is_something_else(form.form, transcript):
            return _other_impression(transcript)

        seconds_per_frame = self.recogniser.seconds_per_frame
        alternatives = self.alternatives(allowed, form)
        deviations = tuple(as_deviation(item, seconds_per_frame) for item in alternatives)
        return Impression("ok", "", transcript, form.form, deviations)

    def posteriors_of(self, by_speed: Sequence[np.ndarray]) -> ClipPosteriors:
        """Posteriors of one clip with what their columns mean."""
        recogniser = self.recogniser
        return ClipPosteriors(by_speed, recogniser.symbols, recogniser.blank, recogniser.delimiter)

    def alternatives(self, allowed: Pronunciations, form: AlignedForm) -> list[Alternative]:
        """What was most probably said instead at each sound of the best form of a text.

        Nothing for words whose pronunciation is not certain.
        """
        by_letter = letter_sounds(allowed.text)
        unsure = allowed.unsure_syllables
        return best_alternatives(form, allowed.allows, self.confusions, unsure, by_letter)


def _by_transcript(allowed: Pronunciations, hypothesis: Hypothesis) -> Impression:
    """Compare the transcript with the allowed form that is nearest to it."""
    transcript = hypothesis.text
    form, deviations = compare_transcript(allowed, transcript, hypothesis.words)
    if is_something_else(form, as_pronounced(transcript)):
        return _other_impression(transcript)
    return Impression("ok", "", transcript, form, tuple(deviations))


def silent_impression() -> Impression:
    return Impression("no_speech", "nobody speaks in the recording")


def _other_impression(transcript: str) -> Impression:
    return Impression("not_spoken", f"something else was heard: {transcript}", transcript)


def is_something_else(pronunciation: str, heard: str) -> bool:
    """Whether so much else was heard that a text cannot be what was spoken.

    >>> [is_something_else("바블 머거요", heard) for heard in ("바블 모거", "학꾜에 가요")]
    [False, True]
    """
    intended = to_jamo(pronunciation.replace(" ", ""))
    spoken = to_jamo(heard.replace(" ", ""))
    others = Levenshtein.distance(intended, spoken)
    return others > _OTHER_LETTERS and others > _OTHER_SHARE * max(len(intended), len(spoken))


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
