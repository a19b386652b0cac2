"""Long audio is cut where nobody speaks, and nothing that is loud gets lost."""

import numpy as np
import pytest

from speakor_common.audio import RATE
from speakor_common.decoding.words import Hypothesis, Word
from speakor_common.recognition.segments import (
    SegmentLengths,
    recognise_by_segments,
    segments,
    trimmed,
)

LENGTHS = SegmentLengths(1.0, 8.0)
SILENCE = np.zeros(int(0.6 * RATE), np.float32)  # as between sentences


def voice(seconds):
    """Loud from the first to the last sample."""
    return 0.3 * np.sin(np.arange(int(seconds * RATE)) / 7).astype(np.float32)


@pytest.mark.parametrize("blocks", [1, 13])
def test_segments_end_in_pauses_and_hold_all_that_is_loud(blocks):
    wave = np.concatenate([np.concatenate([voice(3.0), SILENCE])] * 6)
    cut = list(segments(np.array_split(wave, blocks), LENGTHS))
    assert len(cut) == 6
    assert all(np.array_equal(wave[start : start + len(piece)], piece) for start, piece in cut)
    # A sixth of a second of silence stays at both ends.
    assert all(3.0 < len(piece) / RATE < 3.4 for _, piece in cut)


@pytest.mark.parametrize("blocks", [[], [SILENCE], [np.zeros(7, np.float32)]])
def test_silence_has_no_segments(blocks):
    assert list(segments(blocks, LENGTHS)) == []
    assert [piece for block in blocks for piece in trimmed(0, block)] == []


def test_without_a_pause_segments_are_cut_where_it_is_quietest():
    loudness = np.repeat([1.0, 0.9, 0.5, 0.9], 3_200)
    wave = (voice(40.0) * np.tile(loudness, 50)).astype(np.float32)
    cut = list(segments([wave], LENGTHS))
    assert np.array_equal(np.concatenate([piece for _, piece in cut]), wave)
    assert max(len(piece) for _, piece in cut) <= 8 * RATE
    # The quiet quarter of each 0.8 s is from 0.4 to 0.6 s.
    assert all(abs((start % 12_800) - 8_000) < 1_600 for start, _ in cut[1:])


def test_hypotheses_of_segments_are_joined_with_times_of_the_whole():
    given = []

    def recognise(pieces):
        given.extend(len(piece) / RATE for piece in pieces)
        return [Hypothesis("네", (Word("네", 0.1, 0.5, 1.0),)) for _ in pieces]

    long = np.concatenate([voice(3.0), SILENCE] * 3)
    joined = recognise_by_segments([SILENCE, voice(2.0), long], LENGTHS, recognise)
    assert [hypothesis.text for hypothesis in joined] == ["", "네", "네 네 네"]
    assert given == pytest.approx([2.0, 3.16, 3.32, 3.32], abs=0.05)
    # Word times count from the beginning of the whole; a segment begins 0.16 s before its voice.
    starts = [word.start_s for word in joined[2].words]
    assert starts == pytest.approx([0.1, 3.6 - 0.16 + 0.1, 7.2 - 0.16 + 0.1], abs=0.05)
