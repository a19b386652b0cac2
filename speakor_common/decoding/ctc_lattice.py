"""How probable label sequences are over all their alignments: the CTC forward score of many at once.

Legend: T frames, V vocabulary, N sequences, L labels of the longest, E = 2 L + 1 its states: a blank before, between and after labels.

PyTorch's loss computes one sequence after the other, each with logarithms in every state. Here all sequences take a frame together,
and probabilities are kept within range by dividing each sequence's by its largest, whose logarithms are added up (scaling, Rabiner,
1989). Double precision then holds whatever is within a factor of 1e-300 of the best in its frame.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def forward_scores(
    log_probabilities: np.ndarray,
    sequences: Sequence[Sequence[int]],
    blank: int,
    spans: Sequence[tuple[int, int]] | None = None,
) -> np.ndarray:
    """Log probability of each label sequence: float64, shape = (N,), natural logarithm; -inf where it has no alignment.

    Args:
        log_probabilities: shape = (T, V), natural logarithm.
        spans: first frame and the one after the last for each sequence, if not all frames.
    """
    frames, vocabulary = log_probabilities.shape
    first, end = (
        np.array([(0, frames)] * len(sequences) if spans is None else spans, np.int64)
        .reshape(-1, 2)
        .T
    )
    order = np.argsort(
        first - end, kind="stable"
    )  # the longest first: those that have a frame left are always the upper rows
    states, skips, last = alignment_states([sequences[i] for i in order], blank)
    may_skip = skips.astype(np.float64)
    cells = first[order, None] * vocabulary + states
    probabilities = np.exp(np.asarray(log_probabilities, np.float64)).ravel()
    # Two columns stand before the states. The second is where all begin: a step leads into the first blank, a skip into the first label.
    inside, scores = np.zeros((len(sequences), states.shape[1] + 2)), np.zeros(len(sequences))
    inside[:, 1] = 1.0
    for step in range(int((end - first).max(initial=0))):
        count = int((end - first > step).sum())
        now = inside[:count]
        entered = now[:, 2:] + now[:, 1:-1]
        entered += may_skip[:count] * now[:, :-2]
        entered *= probabilities.take(cells[:count])
        largest = entered.max(axis=1)
        largest[largest == 0] = 1.0  # no alignment
        np.divide(entered, largest[:, None], out=now[:, 2:])
        now[:, 1] = 0.0
        scores[:count] += np.log(largest)
        cells += vocabulary
    rows = np.arange(len(sequences))
    with np.errstate(divide="ignore"):
        scores += np.log(inside[rows, last + 2] + inside[rows, last + 1])
    found = np.empty_like(scores)
    found[order] = scores
    return found


def alignment_states(
    sequences: Sequence[Sequence[int]], blank: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What an alignment goes through, a blank before, between and after labels (Graves et al., 2006).

    Returns:
        symbols, int64 (N, E); whether a state may follow the one two before it, bool (N, E): a first label, and labels unlike
        their neighbour; and each sequence's last state, int64 (N,).
    """
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    symbols = np.full((len(sequences), 2 * int(lengths.max(initial=0)) + 1), blank)
    for row, sequence in zip(symbols, sequences, strict=True):
        row[1 : 2 * len(sequence) : 2] = sequence
    skips = np.zeros(symbols.shape, bool)
    skips[:, 1:2] = True
    skips[:, 3::2] = symbols[:, 3::2] != symbols[:, 1:-2:2]
    return symbols, skips, 2 * lengths
