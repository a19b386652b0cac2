"""Which windows of a recording are one voice: clusters of speaker vectors, and a path through them.

Chunks of up to a second and a half are merged by their average angle (average linkage). A tree of
them is cut, and what comes of it settles: each window goes to the voice it is most like, on the
path through the recording that changes voices only where it gains by it, voices are averaged anew,
and those that have next to nothing are dropped (a cough is unlike everybody). How many speak, if
nobody says it, is the largest number of settled voices that are all unlike each other, and of
which each makes its windows enough more like their voice than they were without it.

What is set here was set on 12 mixtures, 8 min of speech, of the next sample's training and
validation voices, of which one has two speaking at once.

Legend: W windows, C chunks, K voices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

MOST_VOICES = 8

_CHUNK_WINDOWS = 6  # of a chunk, about as long as what a window hears
_MOST_CHUNKS = 2000  # in a tree, which grows with their square: an hour of speech and more
_MORE_CUTS = 6  # of a tree than voices, for what is dropped
_ROUNDS = 4  # of settling; more change nothing
_LEAST_S = 1.5  # of speech, of a voice
_ONE_VOICE = 0.86  # similarity at which two are one
# What one voice more has to explain: seconds of speech times how much more like it they are, and a
# share of all speech, because stray windows grow with the recording.
_LEAST_GAIN_S = 0.8
_LEAST_GAIN = 0.012
# Seconds of likeness that a change of voices costs, between stretches of speech and inside one.
_CHANGE = 0.03
_CHANGE_INSIDE = 0.15


@dataclass(frozen=True)
class VoiceWindows:
    """Windows of all stretches of speech in a recording, in the order of time.

    Attributes:
        vectors: float32, shape = (W, 256), of length 1.
        stretches: int64, shape = (W,): which stretch of speech a window is of; never falls.
        seconds: float64, shape = (W,): speech that a window stands for.
    """

    vectors: np.ndarray
    stretches: np.ndarray
    seconds: np.ndarray


def voices_of(windows: VoiceWindows, count: int | None = None) -> np.ndarray:
    """Voice of each window.

    Args:
        count: how many voices there are; estimated if it is not known.

    Returns:
        int64, shape = (W,): 0 to K - 1. There are fewer voices than asked for only where there are
        fewer windows, or where windows are the same.
    """
    chunks = _chunks(windows)
    means = _directions(windows, chunks, chunks.max() + 1)
    drawn = np.unique(np.linspace(0, len(means) - 1, min(len(means), _MOST_CHUNKS)).astype(int))
    if len(drawn) == 1:
        return np.zeros(len(chunks), int)
    tree = linkage(means[drawn], "average", "cosine")

    def cut(clusters: int) -> np.ndarray:
        """Directions of so many clusters of chunks: shape = (K, 256)."""
        labels = fcluster(tree, clusters, "maxclust") - 1
        seconds = np.bincount(chunks, windows.seconds)[drawn]
        return _mean_directions(means[drawn], seconds, labels, labels.max() + 1)

    # From each cut of the tree, and from the finest one voice less at a time.
    found = [_settled(windows, cut(clusters)) for clusters in range(1, MOST_VOICES + _MORE_CUTS)]
    merged = found[-1]
    while merged.max() > 0:
        merged = _settled(windows, _merged(windows, merged))
        found.append(merged)
    best: dict[int, np.ndarray] = {}
    for labels in sorted(found, key=lambda each: _explained_s(windows, each)):
        best[int(labels.max()) + 1] = labels

    if count is None:
        return _most_unlike(windows, best)
    if count in best:
        return best[count]
    return _settled(windows, cut(count), least_s=0.0)


def _most_unlike(windows: VoiceWindows, best: dict[int, np.ndarray]) -> np.ndarray:
    """The labels of the most voices, each of which explains enough, and no two of which are one.

    Args:
        best: labels by number of voices, 1 among them.
    """
    enough_s = max(_LEAST_GAIN_S, _LEAST_GAIN * float(windows.seconds.sum()))
    kept = best[1]
    for count in sorted(best.keys() - {1}):
        voices = _directions(windows, best[count], count)
        likeness = (voices @ voices.T)[np.triu_indices(count, 1)].max()
        gain_s = _explained_s(windows, best[count]) - _explained_s(windows, kept)
        more = count - (int(kept.max()) + 1)
        if count <= MOST_VOICES and likeness < _ONE_VOICE and gain_s >= more * enough_s:
            kept = best[count]
    return kept


def _chunks(windows: VoiceWindows) -> np.ndarray:
    """Chunk of each window: int64, shape = (W,). Stretches are cut in chunks of like length."""
    _, lengths = np.unique(windows.stretches, return_counts=True)
    chunks: list[np.ndarray] = []
    first = 0
    for length in lengths:
        parts = max(1, round(length / _CHUNK_WINDOWS))
        chunks.append(first + np.arange(length) * parts // length)
        first += parts
    return np.concatenate(chunks)


def _settled(windows: VoiceWindows, voices: np.ndarray, least_s: float = _LEAST_S) -> np.ndarray:
    """Voice of each window, after windows and voices have found each other; see the module.

    Args:
        voices: float, shape = (K, 256), directions to begin with.
        least_s: speech below which a voice is dropped; the one that speaks most never is.
    """
    labels = _path(windows, voices)
    for _ in range(_ROUNDS):
        spoken = np.bincount(labels, windows.seconds, minlength=len(voices))
        kept = np.flatnonzero((spoken >= least_s) & (spoken > 0))
        kept = kept if len(kept) else np.array([spoken.argmax()])
        voices = _directions(windows, labels, len(voices))[kept]
        before, labels = labels, _path(windows, voices)
        if len(kept) == len(spoken) and np.array_equal(before, labels):
            break

    # Numbered without gaps.
    return np.unique(labels, return_inverse=True)[1]


def _path(windows: VoiceWindows, voices: np.ndarray) -> np.ndarray:
    """The sequence of voices most like the windows, changes paid for (Viterbi): shape = (W,)."""
    likeness = windows.vectors @ voices.T * windows.seconds[:, None]
    inside = np.diff(windows.stretches, prepend=-1) == 0
    costs = np.where(inside, _CHANGE_INSIDE, _CHANGE)

    # Best sum up to each window by voice, and the voice before it.
    count = len(voices)
    best = likeness[0].astype(float)
    before = np.zeros((len(likeness), count), int)
    for i in range(1, len(likeness)):
        leader = int(best.argmax())
        changes = best[leader] - costs[i] > best
        before[i] = np.where(changes, leader, np.arange(count))
        best = np.maximum(best, best[leader] - costs[i]) + likeness[i]

    # Back from the end.
    path = np.zeros(len(likeness), int)
    path[-1] = best.argmax()
    for i in range(len(path) - 1, 0, -1):
        path[i - 1] = before[i, path[i]]
    return path


def _merged(windows: VoiceWindows, labels: np.ndarray) -> np.ndarray:
    """Directions of voices of which the two most alike have become one: shape = (K - 1, 256)."""
    count = int(labels.max()) + 1
    voices = _directions(windows, labels, count)
    likeness = voices @ voices.T - 2 * np.eye(count)
    one, other = np.unravel_index(likeness.argmax(), likeness.shape)
    joined = np.where(labels == max(one, other), min(one, other), labels)
    return _directions(windows, np.unique(joined, return_inverse=True)[1], count - 1)


def _explained_s(windows: VoiceWindows, labels: np.ndarray) -> float:
    """Seconds of speech, each times how like its voice it is."""
    voices = _directions(windows, labels, int(labels.max()) + 1)
    return float(np.sum(windows.vectors * voices[labels], axis=1) @ windows.seconds)


def _directions(windows: VoiceWindows, labels: np.ndarray, count: int) -> np.ndarray:
    return _mean_directions(windows.vectors, windows.seconds, labels, count)


def _mean_directions(
    vectors: np.ndarray, seconds: np.ndarray, labels: np.ndarray, count: int
) -> np.ndarray:
    """Direction of each label's vectors, longer ones counting more: float64, shape = (K, 256)."""
    sums = np.zeros((count, vectors.shape[1]))
    np.add.at(sums, labels, vectors * seconds[:, None])
    return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
