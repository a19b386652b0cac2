"""Clusters of voices: vectors built in code, of known voices."""

import numpy as np
import pytest

from speakor_common.recognition import voice_clusters
from speakor_common.recognition.voice_clusters import VoiceWindows, voices_of

SIZE = 32


def recording(order, spread=0.35, windows=4, seed=0):
    """A stretch of a second for each voice in ``order``, of windows around its direction."""
    rng = np.random.default_rng(seed)
    directions = np.eye(SIZE)[: max(order) + 1]
    true = np.repeat(order, windows)
    vectors = directions[true] + spread * rng.standard_normal((len(true), SIZE)) / np.sqrt(SIZE)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    stretches = np.repeat(np.arange(len(order)), windows)
    seconds = np.full(len(true), 1 / windows)
    return VoiceWindows(vectors.astype(np.float32), stretches, seconds), true


def same_partition(labels, true):
    pairs = {(int(a), int(b)) for a, b in zip(labels, true, strict=True)}
    return len(pairs) == len(set(labels.tolist())) == len(set(true.tolist()))


@pytest.mark.parametrize("voices", [1, 2, 3, 5])
def test_the_number_of_voices_is_found_and_so_are_they(voices):
    order = np.random.default_rng(voices).permutation(np.repeat(np.arange(voices), 8))
    windows, true = recording(order.tolist())
    assert same_partition(voices_of(windows), true)


def test_a_known_number_is_kept_to():
    windows, true = recording([0, 1, 2] * 6)
    assert same_partition(voices_of(windows, 3), true)
    assert voices_of(windows, 2).max() == 1
    assert voices_of(windows, 4).max() == 3


def test_a_cough_is_no_voice_of_a_known_number():
    # One stretch is unlike everybody; two voices are asked for and get the rest.
    windows, true = recording([0, 1, 0, 1, 2, 0, 1, 0, 1, 0, 1])
    labels = voices_of(windows, 2)
    speaking = true < 2
    assert same_partition(labels[speaking], true[speaking])
    assert voices_of(windows).max() == 1


def test_a_stray_window_changes_nothing_inside_a_stretch():
    windows, true = recording([0, 1] * 6, windows=8)
    strange = windows.vectors.copy()
    strange[3] = 0.55 * strange[3] + 0.6 * strange[9]
    labels = voices_of(VoiceWindows(strange, windows.stretches, windows.seconds), 2)
    assert same_partition(labels, true)


def test_a_stretch_may_hold_two_voices():
    windows, true = recording([0, 1] * 6, windows=8)
    joined = VoiceWindows(windows.vectors, windows.stretches // 2, windows.seconds)
    assert same_partition(voices_of(joined, 2), true)


def test_one_window_is_one_voice_and_two_same_ones_too():
    windows, _ = recording([0], windows=1)
    assert voices_of(windows, 2).tolist() == [0]
    twice = VoiceWindows(windows.vectors.repeat(2, 0), np.arange(2), np.ones(2))
    assert voices_of(twice).tolist() == [0, 0]


def test_a_long_recording_is_clustered_by_some_of_its_chunks(monkeypatch):
    windows, true = recording([0, 1, 1] * 10)
    monkeypatch.setattr(voice_clusters, "_MOST_CHUNKS", 9)
    assert same_partition(voices_of(windows), true)
