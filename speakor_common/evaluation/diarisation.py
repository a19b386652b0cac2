"""Who spoke when: the diarisation error rate (DER) of turns against those that are true.

Time is counted, not words: speech that nobody was given (missed), turns where nobody speaks (false
alarm), and speech given to somebody else (confusion), over the time speakers speak. Names of voices
mean nothing, so each true speaker is mapped to at most one voice found, and the mapping is the one
that leaves the least confusion. Where several speak at once, each counts: one turn found there is
one missed. These are the rules of NIST's Rich Transcription evaluations (``md-eval``), as Bredin
(2017, "pyannote.metrics") describes them; ``md-eval`` finds the mapping before it leaves out the
collar, here what is scored alone decides it.

Legend: R speakers of the reference, H of the hypothesis, I intervals between any two boundaries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from speakor_common.recognition.speakers import Turn

COLLAR_S = 0.25  # as NIST left out, because people do not agree on boundaries any better


@dataclass(frozen=True)
class DiarisationErrors:
    """Seconds of one recording, or of several added up with ``+``.

    Attributes:
        speech_s: that speakers speak, two at once counted twice.
        missed_s: of it that no turn found covers.
        false_alarm_s: of turns found where nobody speaks, or fewer than found.
        confused_s: of speech given to a voice that is mapped to another speaker or to none.
    """

    speech_s: float = 0.0
    missed_s: float = 0.0
    false_alarm_s: float = 0.0
    confused_s: float = 0.0

    @property
    def rate(self) -> float:
        """The DER: 0 without an error, above 1 where false alarms are longer than all speech.

        Without any speech it is 0, or infinite if a turn was found.
        """
        wrong = self.missed_s + self.false_alarm_s + self.confused_s
        if self.speech_s == 0:
            return float("inf") if wrong else 0.0
        return wrong / self.speech_s

    def __add__(self, other: DiarisationErrors) -> DiarisationErrors:
        return DiarisationErrors(
            self.speech_s + other.speech_s,
            self.missed_s + other.missed_s,
            self.false_alarm_s + other.false_alarm_s,
            self.confused_s + other.confused_s,
        )


def diarisation_errors(
    reference: Sequence[Turn], hypothesis: Sequence[Turn], collar_s: float = 0.0
) -> DiarisationErrors:
    """Seconds that turns are wrong.

    Args:
        reference: who speaks when; several may at once, and one speaker's turns may touch.
        hypothesis: what was found; its speakers are any numbers.
        collar_s: seconds before and after each start and end of a reference turn that are not
            scored; 0 scores everything.
    """
    # Between two neighbouring boundaries nothing changes.
    edges = np.array([[turn.start_s, turn.end_s] for turn in reference]).reshape(-1)
    found = [moment for turn in hypothesis for moment in (turn.start_s, turn.end_s)]
    moments = np.unique(np.concatenate([edges, edges - collar_s, edges + collar_s, found]))
    middles = (moments[:-1] + moments[1:]) / 2
    scored = np.all(np.abs(middles[:, None] - edges) >= collar_s, axis=1)
    seconds = np.diff(moments) * scored

    # Who speaks in each interval: bool, shape = (R, I) and (H, I).
    true = _active(reference, middles)
    given = _active(hypothesis, middles)
    true_count = true.sum(axis=0)
    given_count = given.sum(axis=0)

    # The mapping with most time in common; what else was found while somebody spoke is confused.
    common = (true * seconds) @ given.T
    correct = common[linear_sum_assignment(common, maximize=True)].sum()
    both = np.minimum(true_count, given_count) @ seconds
    return DiarisationErrors(
        speech_s=float(true_count @ seconds),
        missed_s=float(np.maximum(true_count - given_count, 0) @ seconds),
        false_alarm_s=float(np.maximum(given_count - true_count, 0) @ seconds),
        confused_s=max(0.0, float(both - correct)),
    )


def _active(turns: Sequence[Turn], moments: np.ndarray) -> np.ndarray:
    """Whether each speaker speaks at each moment: bool, shape = (speakers, moments)."""
    speakers = sorted({turn.speaker for turn in turns})
    active = np.zeros((len(speakers), len(moments)), bool)
    for turn in turns:
        row = speakers.index(turn.speaker)
        active[row] |= (turn.start_s <= moments) & (moments < turn.end_s)
    return active
