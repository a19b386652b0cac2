"""Recordings of several speakers, joined from clips of one each, with who speaks when.

True turns are where a clip is loud before it is joined, by its energy. One clip is one microphone,
so a change of speakers is one of rooms as well, which is easier than people at one table.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from speakor_common import audio
from speakor_common.audio import RATE
from speakor_common.recognition.speakers import Turn

# How recordings are joined.
TURNS = 6  # of each speaker
_PAUSES_S = (0.1, 1.0)
_SAME_SPEAKER = 0.2  # share of turns after which he goes on
_SPEECH = 0.05  # RMS of speech, before a speaker's own level
_LEVELS_DB = (-4.0, 4.0)  # of a speaker
_NOISE_DB = -35.0  # of the recording, relative to speech
_EDGE_S = 0.1  # that stays around a clip's speech

# Where a clip is loud.
_STEP = RATE // 50  # samples
_LOUD_DB = -25.0  # of speech, relative to the loud parts
_ABOVE_NOISE_DB = 6.0
_SAME_TURN_S = 0.3  # shorter pauses belong to a turn
_LEAST_S = 0.1


@dataclass(frozen=True)
class Clip:
    """float32 samples and the seconds somebody speaks in them."""

    samples: np.ndarray
    speech: list[tuple[float, float]]


@dataclass(frozen=True)
class Recording:
    """Joined clips and who speaks when."""

    samples: np.ndarray
    turns: list[Turn]


def join(
    clips: dict[str, list[Clip]],
    speakers: tuple[str, ...],
    overlap: float,
    rng: np.random.Generator,
) -> Recording:
    """Clips of speakers in turn, one after the other or partly at once, in a little noise.

    Args:
        clips: of every speaker.
        speakers: who takes part.
        overlap: share of the speech that two speak at once.
    """
    said = [_pieces_of(clips[speaker], rng) for speaker in speakers]
    order = list(range(len(speakers)))
    while len(order) < TURNS * len(speakers):
        others = [number for number in range(len(speakers)) if number != order[-1]]
        order.append(order[-1] if rng.random() < _SAME_SPEAKER else int(rng.choice(others)))
    pieces = [(number, said[number][order[:i].count(number)]) for i, number in enumerate(order)]

    # Two speak at once at every change, for as long as makes the share.
    speech_s = sum(_length(piece) for _, piece in pieces)
    changes = sum(a != b for a, b in itertools.pairwise(order))
    at_once_s = overlap / (1 + overlap) * speech_s / changes
    turns: list[Turn] = []
    placed = []
    for i, (number, piece) in enumerate(pieces):
        start_s = rng.uniform(*_PAUSES_S)
        if i and overlap and order[i - 1] != number:
            start_s = -min(at_once_s, 0.4 * _length(piece), 0.4 * _length(pieces[i - 1][1]))
        start_s += turns[-1].end_s if turns else 0.0
        first = max(0, round((start_s - piece.speech[0][0]) * RATE))
        placed.append((first, piece.samples))
        turns += [Turn(number + 1, first / RATE + a, first / RATE + b) for a, b in piece.speech]

    end = max(first + len(samples) for first, samples in placed)
    joined = rng.standard_normal(end) * _SPEECH * 10 ** (_NOISE_DB / 20)
    for first, samples in placed:
        joined[first : first + len(samples)] += samples
    return Recording(joined.astype(np.float32), turns)


def _pieces_of(clips: list[Clip], rng: np.random.Generator) -> list[Clip]:
    """A speaker's clips in any order, as loud as he is, without what surrounds his speech."""
    loudness = _SPEECH * 10 ** (rng.uniform(*_LEVELS_DB) / 20)
    pieces = []
    for place in itertools.islice(itertools.cycle(rng.permutation(len(clips))), 10 * TURNS):
        clip = clips[place]
        first_s = max(0.0, clip.speech[0][0] - _EDGE_S)
        part = clip.samples[int(first_s * RATE) : int((clip.speech[-1][1] + _EDGE_S) * RATE)]
        speech = np.concatenate(
            [clip.samples[int(a * RATE) : int(b * RATE)] for a, b in clip.speech]
        )
        gain = loudness / np.sqrt(np.mean(np.square(speech)))
        pieces.append(Clip(part * gain, [(a - first_s, b - first_s) for a, b in clip.speech]))
    return pieces


def _length(clip: Clip) -> float:
    return clip.speech[-1][1] - clip.speech[0][0]


def clip_of(reference: str) -> list[Clip]:
    """The clip, or nothing where no part of it is loud."""
    samples = audio.decode(reference)
    steps = samples[: len(samples) // _STEP * _STEP].reshape(-1, _STEP)
    energy = np.convolve(np.square(steps, dtype=np.float64).mean(axis=1), np.full(3, 1 / 3), "same")
    loud = np.quantile(energy, 0.9) * 10 ** (_LOUD_DB / 10)
    noise = np.quantile(energy, 0.05) * 10 ** (_ABOVE_NOISE_DB / 10)
    active = energy > max(loud, min(noise, loud * 10))
    changes = np.flatnonzero(np.diff(np.concatenate([[0], active, [0]])))

    speech: list[tuple[float, float]] = []
    for first, after in changes.reshape(-1, 2) * (_STEP / RATE):
        if after - first < _LEAST_S:
            continue
        if speech and first - speech[-1][1] < _SAME_TURN_S:
            speech[-1] = (speech[-1][0], float(after))
        else:
            speech.append((float(first), float(after)))
    return [Clip(samples, speech)] if speech else []
