"""Where in a clip each symbol of a known text is said: CTC forced alignment.

Legend: T frames, V vocabulary, L labels.

CTC marks where a sound begins better than where it ends, so a label is given its first frame only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from speakor_common.decoding.ctc_lattice import alignment_states
from speakor_common.errors import AudioError


def first_frames(log_probabilities: np.ndarray, labels: Sequence[int], blank: int) -> np.ndarray:
    """First frame of each label on the most probable alignment (Graves et al., 2006): int64, shape = (L,).

    Args:
        log_probabilities: float32, shape = (T, V), natural logarithm.
        labels: indices, none of them the blank.

    Raises:
        AudioError: the clip has too few frames for the labels.
    """
    states, skips, _ = (rows[0] for rows in alignment_states([labels], blank))
    scores = np.full(len(states), -np.inf)
    scores[:2] = log_probabilities[0, states[:2]]
    back = np.zeros((len(log_probabilities), len(states)), np.int8)
    for frame in range(1, len(log_probabilities)):
        before = np.full((3, len(states)), -np.inf)
        before[0], before[1, 1:], before[2, 2:] = scores, scores[:-1], scores[:-2]
        before[2, ~skips] = -np.inf
        back[frame] = before.argmax(axis=0)
        scores = before.max(axis=0) + log_probabilities[frame, states]
    last = len(states) - 1 if len(states) == 1 or scores[-1] >= scores[-2] else len(states) - 2
    if not np.isfinite(scores[last]):
        raise AudioError(
            f"{len(log_probabilities)} frames are too few for a text of {len(labels)} symbols"
        )
    return _first_visits(back, last, len(labels))


def _first_visits(back: np.ndarray, last: int, count: int) -> np.ndarray:
    found, state = np.zeros(count, np.int64), last
    for frame in range(len(back) - 1, -1, -1):
        if state % 2:
            found[state // 2] = frame
        state -= int(back[frame, state])
    return found
