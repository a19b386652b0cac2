"""Forward scores are the loss's, alignments are in order, and Viterbi is the best of all paths."""

from itertools import pairwise, product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.decoding.ctc_lattice import align_labels, collapse, forward_scores, viterbi
from speakor_common.errors import AudioError
from tests.builders import jamo_labels, jamo_posteriors


def sharp_posteriors(seed, frames, vocabulary=4):
    """As sharp as a trained network's."""
    shares = np.random.default_rng(seed).dirichlet(np.full(vocabulary, 0.1), frames)
    return np.log(shares + 1e-13).astype(np.float32)


def loss(logs, sequence):
    """The score of one sequence by PyTorch."""
    value = torch.nn.functional.ctc_loss(
        torch.from_numpy(logs).double()[:, None],
        torch.tensor(sequence, dtype=torch.long),
        torch.tensor([len(logs)]),
        torch.tensor([len(sequence)]),
        reduction="none",
    )
    return -value.item()


@given(
    st.lists(st.lists(st.integers(1, 3), max_size=60), min_size=1, max_size=9),
    st.integers(0, 99),
    st.integers(1, 300),
)
def test_forward_scores_of_many_sequences_and_spans_are_those_of_the_loss(sequences, seed, frames):
    logs = sharp_posteriors(seed, frames)
    whole = [loss(logs, sequence) for sequence in sequences]
    assert forward_scores(logs, sequences, 0) == pytest.approx(whole)

    random = np.random.default_rng(seed)
    spans = np.sort(random.integers(0, frames, (len(sequences), 2)), axis=1) + np.array([0, 1])
    within = [loss(logs[a:b], sequence) for (a, b), sequence in zip(spans, sequences, strict=True)]
    assert forward_scores(logs, sequences, 0, spans) == pytest.approx(within)


@given(st.lists(st.integers(1, 3), max_size=3), st.integers(0, 99))
def test_the_forward_score_is_the_sum_over_alignments(labels, seed):
    logs = np.log(np.random.default_rng(seed).dirichlet(np.ones(4), 4)).astype(np.float32)
    total = 0.0
    for frame_symbols in product(range(4), repeat=4):
        if collapse(np.array(frame_symbols), 0) == labels:
            total += np.exp(logs[range(4), frame_symbols].sum())
    assert np.exp(forward_scores(logs, [labels, [1]], 0)[0]) == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize(
    ("frame_symbols", "labels"),
    [
        ([], []),
        ([0, 0], []),
        ([1, 1, 2], [1, 2]),
        ([1, 0, 1], [1, 1]),
        ([0, 3, 3, 0, 3, 5, 5], [3, 3, 5]),
    ],
)
def test_repeats_are_merged_before_blanks_are_dropped(frame_symbols, labels):
    assert collapse(np.array(frame_symbols, np.int64), 0) == labels


@pytest.mark.parametrize("text", ["밥", "가가", "밥을 먹어요", "아아아"])
def test_alignment_finds_where_each_label_begins(text):
    labels = jamo_labels(text)
    first_frames = align_labels(jamo_posteriors(text), labels, 0)
    assert first_frames.tolist() == [4 * position for position in range(len(labels))]


@given(st.lists(st.integers(1, 4), max_size=5), st.integers(0, 99))
def test_alignment_is_in_order_and_the_best_of_all_alignments(labels, seed):
    logs = np.log(np.random.default_rng(seed).dirichlet(np.ones(5), 12)).astype(np.float32)
    first_frames = align_labels(logs, labels, 0)
    assert (np.diff(first_frames, prepend=-1) > 0).all() and len(first_frames) == len(labels)

    # Any other place for one label is no better, with the best symbols in between.
    best = best_score(logs, labels, first_frames)
    for position in range(len(labels)):
        for shift in (-1, 1):
            moved = first_frames.copy()
            moved[position] += shift
            assert best_score(logs, labels, moved) <= best + 1e-5


def best_score(logs, labels, first_frames):
    """Best score of an alignment whose labels begin in these frames; -inf if there is none."""
    bounds = [*first_frames, len(logs)]
    if (np.diff([-1, *bounds]) <= 0).any():
        return -np.inf
    total = logs[: bounds[0], 0].sum()
    for number, label in enumerate(labels):
        first, end = bounds[number], bounds[number + 1]
        repeated = number + 1 < len(labels) and labels[number + 1] == label
        ends = [
            logs[first:last, label].sum() + logs[last:end, 0].sum()
            for last in range(first + 1, end + 1 - repeated)
        ]
        total += max(ends, default=-np.inf)
    return total


@pytest.mark.parametrize(("frames", "text"), [(0, "밥"), (2, "밥"), (7, "아아아아")])
def test_too_few_frames_are_said(frames, text):
    labels = jamo_labels(text)
    with pytest.raises(
        AudioError, match=f"{frames} frames are too few for a text of {len(labels)}"
    ):
        align_labels(jamo_posteriors(text)[:frames], labels, 0)


@given(st.integers(0, 2**32 - 1), st.integers(0, 5), st.integers(1, 4))
def test_viterbi_finds_what_trying_every_sequence_finds(seed, frames, states):
    random = np.random.default_rng(seed)
    scores = random.normal(size=(frames, states))
    allowed = random.random((states, states)) < 0.6
    start, end = random.random((2, states)) < 0.7

    best = -np.inf
    for sequence in product(range(states), repeat=frames):
        steps = pairwise(sequence)
        if not frames:
            best = 0.0 if (start & end).any() else -np.inf
        elif start[sequence[0]] and end[sequence[-1]] and all(allowed[step] for step in steps):
            best = max(best, scores[range(frames), sequence].sum())

    states_of_frames, score = viterbi(scores, allowed, start, end)
    assert score == pytest.approx(best)
    if np.isfinite(score) and frames:
        assert scores[range(frames), states_of_frames].sum() == pytest.approx(score)
        assert allowed[states_of_frames[:-1], states_of_frames[1:]].all()
        assert start[states_of_frames[0]] and end[states_of_frames[-1]]


def test_an_alignment_of_minutes_takes_no_longer_than_its_states():
    """Three minutes and 2,000 labels: a search over all pairs of states would take minutes."""
    logs = sharp_posteriors(1, 9_000, 40)
    labels = np.random.default_rng(2).integers(1, 40, 2_000).tolist()
    assert (np.diff(align_labels(logs, labels, 0)) > 0).all()
