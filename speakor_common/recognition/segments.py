"""Cut long audio where nobody speaks, so that any length is recognised segment by segment.

A beam search over an hour, or Whisper beyond its 30 s, is out of the question. Segments of fixed
length cut words in two, and a model trained on sentences makes more errors on several at once
(benchmarks/inference.py). So long audio is cut in its pauses, and where there is none for too
long, at the quietest moment. Segments do not overlap, so no word is recognised twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from speakor_common.audio import RATE
from speakor_common.decoding.words import Hypothesis

_STEP_S = 0.02  # energy is measured every so often
_STEP = int(_STEP_S * RATE)

# Pauses to cut in, the longest looked for first: between sentences; within one; and, longer than
# the closure of a stop consonant, between words. The first is long because a part of a sentence
# is recognised worse than all of it.
_PAUSES_S = (0.5, 0.25, 0.16)

# Energy of a pause at most, relative to the loud parts of speech around it; and of silence,
# whatever is around it.
_PAUSE = 10 ** (-30 / 10)
_SILENCE = 10 ** (-70 / 10)

_EDGE_STEPS = 8  # of silence that stay at both ends of a segment
_SEARCH_S = 5.0  # without a pause, the quietest moment of so many last seconds


@dataclass(frozen=True)
class SegmentLengths:
    """Seconds of a segment.

    Attributes:
        shortest: no pause is taken that comes sooner.
        longest: no segment is longer.
    """

    shortest: float
    longest: float


class Piece(NamedTuple):
    """A segment of a wave, for a recogniser.

    Attributes:
        wave: position of the wave among those that were cut.
        start: sample of it that the segment begins at.
        samples: float32, 16 kHz.
    """

    wave: int
    start: int
    samples: np.ndarray


def cut_waves(waves: Sequence[np.ndarray], lengths: SegmentLengths) -> list[Piece]:
    """Waves of any length (levelled, float32, 16 kHz) in segments; short ones are only trimmed."""
    pieces = []
    for index, wave in enumerate(waves):
        is_long = len(wave) > lengths.longest * RATE
        found = segments([wave], lengths) if is_long else trimmed(0, wave)
        pieces += [Piece(index, start, samples) for start, samples in found]
    return pieces


def join_pieces(
    count: int, pieces: Sequence[Piece], hypotheses: Sequence[Hypothesis]
) -> list[Hypothesis]:
    """A hypothesis of each of ``count`` waves from those of its pieces, with times in the wave."""
    joined = [Hypothesis("") for _ in range(count)]
    for piece, hypothesis in zip(pieces, hypotheses, strict=True):
        joined[piece.wave] = joined[piece.wave].followed_by(hypothesis, piece.start / RATE)
    return joined


def recognise_by_segments(
    waves: Sequence[np.ndarray],
    lengths: SegmentLengths,
    recognise: Callable[[Sequence[np.ndarray]], list[Hypothesis]],
) -> list[Hypothesis]:
    """Recognise waves of any length by their segments, and join what belongs together.

    Args:
        waves: levelled, float32, 16 kHz.
        recognise: takes segments, returns a hypothesis of each.

    Returns:
        A hypothesis of each wave, with word times from its beginning.
    """
    pieces = cut_waves(waves, lengths)
    return join_pieces(len(waves), pieces, recognise([piece.samples for piece in pieces]))


def trimmed(start: int, samples: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Samples without the silence around them and where they begin, if they hold anything else.

    Silence a model was not trained with costs words: a fifth of a second of it at both ends
    nearly doubles the errors of the shipped base (benchmarks/inference.py). A sixth of a second
    stays.
    """
    energy = _step_energy(samples)
    if not len(energy):
        return
    loud = np.flatnonzero(energy > max(_PAUSE * np.quantile(energy, 0.9), _SILENCE))
    if len(loud):
        first = max(0, (loud[0] - _EDGE_STEPS) * _STEP)
        last = (loud[-1] + 1 + _EDGE_STEPS) * _STEP
        yield start + int(first), samples[first:last]


def segments(
    blocks: Iterable[np.ndarray], lengths: SegmentLengths
) -> Iterator[tuple[int, np.ndarray]]:
    """Segments, each with the sample it begins at.

    Silence at their edges is left out, everything else is in exactly one of them.

    Args:
        blocks: consecutive samples, float32, 16 kHz, in arrays of any length. At most one block
            and one segment are held.
    """
    limit = int(lengths.longest * RATE)
    start = 0
    rest = np.zeros(0, np.float32)

    # While more is there than a segment may hold, cut it, in the longest pause there is.
    for block in blocks:
        rest = np.concatenate([rest, block])
        while len(rest) > limit:
            pauses = (_pause(rest[:limit], lengths.shortest, seconds) for seconds in _PAUSES_S)
            cut = next(filter(None, pauses), 0) or _quietest(rest[:limit])
            yield from trimmed(start, rest[:cut])
            start += cut
            rest = rest[cut:]

    # What is left is cut between sentences only.
    while cut := _pause(rest, lengths.shortest, _PAUSES_S[0]):
        yield from trimmed(start, rest[:cut])
        start += cut
        rest = rest[cut:]
    yield from trimmed(start, rest)


def _pause(samples: np.ndarray, shortest_s: float, pause_s: float) -> int:
    """Sample in the middle of the first pause of ``pause_s``, 0 if there is none.

    Looked for from ``shortest_s`` after the start until ``shortest_s`` before the end.
    """
    energy = _pause_energy(samples, pause_s)
    first = int(shortest_s / _STEP_S)
    last = len(energy) - first
    if last <= first:
        return 0

    silent = energy <= _PAUSE * np.quantile(energy, 0.9)
    inside = np.flatnonzero(silent[first:last])
    if not len(inside):
        return 0

    # Silence may go on after a pause's length: its middle is what counts.
    begin = first + int(inside[0])
    length = int(np.argmin(silent[begin:])) or len(silent) - begin
    return _middle(min(begin + length // 2, last), pause_s)


def _quietest(samples: np.ndarray) -> int:
    energy = _pause_energy(samples, _PAUSES_S[-1])
    first = max(0, len(energy) - int(_SEARCH_S / _STEP_S))
    return _middle(first + int(energy[first:].argmin()), _PAUSES_S[-1])


def _pause_energy(samples: np.ndarray, pause_s: float) -> np.ndarray:
    """Mean energy over the length of a pause, every 20 ms: float64."""
    energy = _step_energy(samples)
    width = int(pause_s / _STEP_S)
    if len(energy) < width:
        return energy[:0]
    return np.convolve(energy, np.full(width, 1 / width), "valid")


def _step_energy(samples: np.ndarray) -> np.ndarray:
    """Mean energy of each 20 ms: float64."""
    whole_steps = samples[: len(samples) // _STEP * _STEP]
    return np.square(whole_steps, dtype=np.float64).reshape(-1, _STEP).mean(1)


def _middle(step: int, pause_s: float) -> int:
    """Sample in the middle of the stretch a value of :func:`_pause_energy` is about."""
    return int((step * _STEP_S + pause_s / 2) * RATE)
