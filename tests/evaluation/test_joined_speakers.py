"""Recordings of several speakers whose turns are known, because they were joined."""

import itertools

import numpy as np
import pytest

from speakor_common.evaluation.joined_speakers import TURNS, clip_of, join
from tests.builders import encoded, write


@pytest.fixture
def clips(tmp_path):
    """Of two speakers, each a clip of half a second between silence."""
    found = {}
    for speaker, frequency in (("A", 200), ("B", 300)):
        sound = 0.3 * np.sin(2 * np.pi * frequency * np.arange(8_000) / 16_000)
        samples = np.concatenate([np.zeros(8_000), sound, np.zeros(4_800)]).astype(np.float32)
        path = tmp_path / f"{speaker}.wav"
        write(path, encoded(samples))
        found[speaker] = clip_of(str(path))
    return found


def test_a_clip_is_speech_where_it_is_loud(clips, tmp_path):
    ((start, end),) = clips["A"][0].speech
    assert start == pytest.approx(0.5, abs=0.05) and end == pytest.approx(1.0, abs=0.05)
    write(tmp_path / "silence.wav", encoded(np.zeros(16_000, np.float32)))
    assert clip_of(str(tmp_path / "silence.wav")) == []


@pytest.mark.parametrize("overlap", [0.0, 0.1])
def test_turns_lie_where_the_recording_is_loud(clips, overlap):
    joined = join(clips, ("A", "B"), overlap, np.random.default_rng(0))
    turns = joined.turns
    assert {turn.speaker for turn in turns} == {1, 2} and len(turns) == 2 * TURNS
    for turn in turns:
        inside = joined.samples[int((turn.start_s + 0.05) * 16_000) : int(turn.end_s * 16_000)]
        assert np.sqrt(np.mean(inside[:4_000] ** 2)) > 0.02

    # Two at once only where it was asked for, and never one with himself.
    ordered = sorted(turns, key=lambda turn: turn.start_s)
    at_once = [(a, b) for a, b in itertools.pairwise(ordered) if b.start_s < a.end_s]
    assert bool(at_once) == bool(overlap)
    assert all(a.speaker != b.speaker for a, b in at_once)
