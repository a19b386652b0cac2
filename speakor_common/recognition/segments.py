"""Cut long audio where nobody speaks, so that any length is recognised piece by piece.

A beam search over an hour, or Whisper beyond its 30 s, is out of the question; pieces of fixed length cut words in two;
and a model that learned from sentences hears more of them at once badly (benchmarks/inference.py). Long audio is
therefore cut in its pauses, and where there is none for too long, at the quietest moment. Pieces do not overlap, so no
word is heard twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from speakor_common.audio import RATE

_STEP_S = 0.02
# Between sentences; if there is none in time, within one; if there is none either, longer than the closure of a stop consonant.
# The first is long because part of a sentence is heard worse than all of it.
_PAUSES_S = (0.5, 0.25, 0.16)
_PAUSE = 10 ** (
    -30 / 10
)  # energy of a pause, at most, relative to the loud parts of speech around it
_NOTHING = 10 ** (-70 / 10)  # energy of silence, whatever is around it
_EDGE_FRAMES = 8
_SEARCH_S = 5.0  # without a pause, the quietest moment of so many last seconds


@dataclass(frozen=True)
class Lengths:
    """Seconds of a piece: no pause before ``shortest`` is taken, and no piece is longer than ``longest``."""

    shortest: float
    longest: float


def trimmed(start: int, samples: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """A piece without the silence around it, if there is anything else in it.

    Silence a model was not trained with costs words: a fifth of a second of it at both ends nearly doubles the errors of the
    shipped base (benchmarks/inference.py). A sixth of a second stays.
    """
    energy, step = _frames(samples), int(_STEP_S * RATE)
    loud = (
        np.flatnonzero(energy > max(_PAUSE * np.quantile(energy, 0.9), _NOTHING))
        if len(energy)
        else energy
    )
    if len(loud):
        first, last = max(0, (loud[0] - _EDGE_FRAMES) * step), (loud[-1] + 1 + _EDGE_FRAMES) * step
        yield start + int(first), samples[first:last]


def segments(blocks: Iterable[np.ndarray], lengths: Lengths) -> Iterator[tuple[int, np.ndarray]]:
    """Pieces, each with the sample it begins at; silence at their edges is left out, all else is in exactly one of them.

    Args:
        blocks: consecutive float32 samples at 16 kHz, in arrays of any length; at most one block and one piece are held.
    """
    limit, start, rest = int(lengths.longest * RATE), 0, np.zeros(0, np.float32)
    for block in blocks:
        rest = np.concatenate([rest, block])
        while len(rest) > limit:
            found = (_pause(rest[:limit], lengths.shortest, seconds) for seconds in _PAUSES_S)
            cut = next(filter(None, found), 0) or _quietest(rest[:limit])
            yield from trimmed(start, rest[:cut])
            start, rest = start + cut, rest[cut:]
    while cut := _pause(rest, lengths.shortest, _PAUSES_S[0]):
        yield from trimmed(start, rest[:cut])
        start, rest = start + cut, rest[cut:]
    yield from trimmed(start, rest)


def _pause(samples: np.ndarray, shortest_s: float, pause_s: float) -> int:
    """The middle of the first pause of ``pause_s`` between ``shortest_s`` from the start and from the end; 0 if there is none."""
    energy = _energy(samples, pause_s)
    first, last = int(shortest_s / _STEP_S), len(energy) - int(shortest_s / _STEP_S)
    if last <= first:
        return 0
    silent = energy <= _PAUSE * np.quantile(energy, 0.9)
    inside = np.flatnonzero(silent[first:last])
    if not len(inside):
        return 0
    begin = first + int(inside[0])
    length = int(np.argmin(silent[begin:])) or len(silent) - begin
    return _sample(min(begin + length // 2, last), pause_s)


def _quietest(samples: np.ndarray) -> int:
    energy = _energy(samples, _PAUSES_S[-1])
    first = max(0, len(energy) - int(_SEARCH_S / _STEP_S))
    return _sample(first + int(energy[first:].argmin()), _PAUSES_S[-1])


def _energy(samples: np.ndarray, pause_s: float) -> np.ndarray:
    """Mean energy over the length of a pause, every 20 ms: float64."""
    energy, width = _frames(samples), int(pause_s / _STEP_S)
    return (
        np.convolve(energy, np.full(width, 1 / width), "valid")
        if len(energy) >= width
        else energy[:0]
    )


def _frames(samples: np.ndarray) -> np.ndarray:
    """Mean energy of each 20 ms: float64."""
    step = int(_STEP_S * RATE)
    whole = samples[: len(samples) // step * step]
    return np.square(whole, dtype=np.float64).reshape(-1, step).mean(1)


def _sample(frame: int, pause_s: float) -> int:
    """Sample in the middle of the stretch that a frame of :func:`_energy` is about."""
    return int((frame * _STEP_S + pause_s / 2) * RATE)
