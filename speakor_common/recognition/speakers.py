"""Who speaks when, in a recording of several people: the voices apart, before one is assessed.

Speech is found (Silero), cut where nobody speaks, and every quarter of a second a window of it
becomes a speaker vector (resemblyzer's encoder). Vectors of up to a second and a half are clustered
by their average angle, into as many voices as are known to speak or as stay unlike each other
(``voice_clusters``). A stretch of speech may change voices inside, but rather does in a pause.

One voice is heard at a time: where two speak at once, the louder one has the turn.

Legend: S samples at 16 kHz, W windows of all stretches of speech.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from speakor_common.audio import RATE
from speakor_common.models import speaker_encoder
from speakor_common.models.voice_activity import WINDOW, speech_probabilities
from speakor_common.recognition.voice_clusters import MOST_VOICES, VoiceWindows, voices_of

LEAST_SPEECH_S = 1.0  # below which nothing can be said of how many speak

_SPEAKING = 0.5  # probability at which a stretch of speech begins
_STILL_SPEAKING = 0.35  # and below which it ends
_LEAST_WINDOWS = 3  # of 32 ms, of a stretch
_PAUSE_WINDOWS = 3  # shorter pauses do not end one
_LATE_WINDOWS = 1  # that the detector is late by, at both ends
_STEP = 25  # frames of 10 ms from one window to the next
_LOUDNESS_DB = -30.0  # RMS the encoder was trained at
_GROUP = 64  # stretches whose windows are held at a time
_SAME_TURN_S = 0.3  # a speaker's pause that does not end a turn
_NEAR_S = 0.3  # around a change of voices, where both may be heard
_SAMPLE_S = 8.0  # of a voice to hear, at most

Status = Literal["ok", "one_voice", "no_speech", "too_short"]


class Turn(NamedTuple):
    """A speaker's stretch of speech.

    Attributes:
        speaker: from 1, in the order in which they are first heard.
        start_s, end_s: seconds from the beginning of the recording.
    """

    speaker: int
    start_s: float
    end_s: float


class Voice(NamedTuple):
    """One of the voices of a recording.

    Attributes:
        speaker: as in its turns.
        speech_s: seconds it speaks in all.
        sample: the longest stretch without anybody else near, to hear who it is; 8 s at most.
    """

    speaker: int
    speech_s: float
    sample: Turn


@dataclass(frozen=True)
class Separation:
    """Who speaks when.

    Attributes:
        status: ``ok``: several voices; ``one_voice``: only one is heard, however many were asked
            for; ``too_short``: under a second of speech, which is called one voice, untested;
            ``no_speech``: nobody speaks.
        turns: in the order of time, without overlap; empty only where nobody speaks.
        voices: in the order in which they are first heard.
    """

    status: Status
    turns: tuple[Turn, ...] = ()
    voices: tuple[Voice, ...] = ()

    def only(self, samples: np.ndarray, speaker: int) -> np.ndarray:
        """The recording with one speaker left in it: what is not in its turns is silence.

        Times stay those of the recording.

        Args:
            samples: float32, shape = (S,), those that were separated.
            speaker: from 1.

        Raises:
            ValueError: there is no such speaker.
        """
        own = [turn for turn in self.turns if turn.speaker == speaker]
        if not own:
            raise ValueError(f"there is no speaker {speaker}; {len(self.voices)} were found")
        left = np.zeros_like(samples)
        for turn in own:
            part = slice(round(turn.start_s * RATE), round(turn.end_s * RATE))
            left[part] = samples[part]
        return left


def separate_speakers(samples: np.ndarray, speakers: int | None = None) -> Separation:
    """Find the voices of a recording and their turns.

    Args:
        samples: float32, shape = (S,), 16 kHz, as loud as recorded.
        speakers: how many speak, 1 to 8, if it is known; else it is estimated. A voice that says
            less than some five seconds is then not told from the others.

    Raises:
        CheckpointError: the package with the weights of the encoder or the detector is missing.
        ValueError: ``speakers`` is not 1 to 8.
    """
    if speakers is not None and not 1 <= speakers <= MOST_VOICES:
        raise ValueError(f"speakers is {speakers}, expected 1 to {MOST_VOICES}, or none if unknown")

    # Where anybody speaks, and whether that is enough to tell voices apart.
    stretches = speech_stretches(samples)
    if not stretches:
        return Separation("no_speech")
    speech_s = sum(end - start for start, end in stretches) / RATE
    if speech_s < LEAST_SPEECH_S or speakers == 1:
        turns = _joined([Turn(1, start / RATE, end / RATE) for start, end in stretches])
        status: Status = "too_short" if speech_s < LEAST_SPEECH_S else "one_voice"
        return Separation(status, turns, _voices(turns))

    # Each window's voice, numbered as they are first heard.
    windows, edges = _listen(samples, stretches)
    labels = voices_of(windows, speakers)
    _, firsts, numbers = np.unique(labels, return_index=True, return_inverse=True)
    order = firsts.argsort().argsort() + 1
    spoken = [
        Turn(int(speaker), float(start), float(end))
        for speaker, (start, end) in zip(order[numbers], edges, strict=True)
        if end > start
    ]
    turns = _joined(spoken)
    voices = _voices(turns)
    return Separation("ok" if len(voices) > 1 else "one_voice", turns, voices)


def speech_stretches(samples: np.ndarray) -> list[tuple[int, int]]:
    """First sample and the one after the last of each stretch of speech between two pauses.

    Args:
        samples: float32, shape = (S,), 16 kHz, as loud as recorded.
    """
    # A stretch begins at a higher probability than it ends at.
    speaking = False
    active = []
    for probability in speech_probabilities(samples):
        speaking = bool(probability >= (_STILL_SPEAKING if speaking else _SPEAKING))
        active.append(speaking)
    changes = np.flatnonzero(np.diff(np.array([False, *active, False]).astype(int)))

    # Short pauses are none, nor are short stretches.
    found: list[list[int]] = []
    for first, after in changes.reshape(-1, 2):
        if found and first - found[-1][1] < _PAUSE_WINDOWS:
            found[-1][1] = int(after)
        else:
            found.append([int(first), int(after)])
    return [
        (
            max(0, first - _LATE_WINDOWS) * WINDOW,
            min(len(samples), (after - _LATE_WINDOWS) * WINDOW),
        )
        for first, after in found
        if after - first >= _LEAST_WINDOWS
    ]


def _listen(
    samples: np.ndarray, stretches: list[tuple[int, int]]
) -> tuple[VoiceWindows, np.ndarray]:
    """Speaker vectors, and the seconds each stands for: float64, shape = (W, 2), start and end."""
    vectors: list[np.ndarray] = []
    for first in range(0, len(stretches), _GROUP):
        clips = [
            _loud_and_long(samples[slice(*each)]) for each in stretches[first : first + _GROUP]
        ]
        vectors += speaker_encoder.window_vectors(clips, _STEP)

    # A window stands for what is nearer to its middle than to others' of its stretch.
    edges = []
    for (start, end), each in zip(stretches, vectors, strict=True):
        between = np.arange(1, len(each)) - 0.5
        moments = start / RATE + (speaker_encoder.WINDOW / 2 + between * _STEP) / 100
        bounds = np.array([start / RATE, *np.minimum(moments, end / RATE), end / RATE])
        edges.append(np.stack([bounds[:-1], bounds[1:]], axis=1))

    seconds = np.concatenate(edges)
    numbers = np.repeat(np.arange(len(vectors)), [len(each) for each in vectors])
    length = seconds[:, 1] - seconds[:, 0]
    return VoiceWindows(np.concatenate(vectors), numbers, length), seconds


def _loud_and_long(stretch: np.ndarray) -> np.ndarray:
    """A stretch as loud as the encoder knows speech, repeated until it fills a window."""
    rms = max(float(np.sqrt(np.mean(np.square(stretch, dtype=np.float64)))), 1e-5)
    levelled = stretch * np.float32(10 ** (_LOUDNESS_DB / 20) / rms)
    window = speaker_encoder.WINDOW * RATE // 100
    return np.resize(levelled, window) if len(stretch) < window else levelled


def _joined(turns: list[Turn]) -> tuple[Turn, ...]:
    """Turns of which those of one speaker are one, if no more than a short pause is between."""
    joined: list[Turn] = []
    for turn in turns:
        last = joined[-1] if joined else None
        if last and last.speaker == turn.speaker and turn.start_s - last.end_s < _SAME_TURN_S:
            joined[-1] = Turn(turn.speaker, last.start_s, turn.end_s)
        else:
            joined.append(turn)
    return tuple(joined)


def _voices(turns: tuple[Turn, ...]) -> tuple[Voice, ...]:
    """Each voice with the sample to hear."""
    # The edges of a turn that touches another's may hold both.
    clean: list[Turn] = []
    for position, turn in enumerate(turns):
        before = turns[position - 1].end_s if position else float("-inf")
        after = turns[position + 1].start_s if position + 1 < len(turns) else float("inf")
        start = max(turn.start_s, before + _NEAR_S)
        end = min(turn.end_s, after - _NEAR_S)
        clean.append(Turn(turn.speaker, start, end) if end - start > _NEAR_S else turn)

    voices = []
    for speaker in range(1, max(turn.speaker for turn in turns) + 1):
        speech_s = sum(turn.end_s - turn.start_s for turn in turns if turn.speaker == speaker)
        own = [turn for turn in clean if turn.speaker == speaker]
        longest = max(own, key=lambda turn: turn.end_s - turn.start_s)
        end = min(longest.end_s, longest.start_s + _SAMPLE_S)
        voices.append(Voice(speaker, speech_s, longest._replace(end_s=end)))
    return tuple(voices)
