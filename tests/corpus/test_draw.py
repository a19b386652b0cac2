"""A drawn part: its size, every speaker's share, the same for the same seed."""

from collections import Counter

import pytest
from datasets import Dataset

from speakor_common.corpus.draw import draw_by_speaker

SPEAKERS = ["A"] * 60 + ["B"] * 30 + ["C"] * 9 + ["D"]
DATA = Dataset.from_dict({"utterance_id": [f"{i:03d}" for i in range(100)], "speaker_id": SPEAKERS})


@pytest.mark.parametrize("count", [1, 7, 20, 50, 99])
def test_every_speaker_keeps_his_share(count):
    drawn = draw_by_speaker(DATA, count, seed=3)
    assert len(drawn) == count and len(set(drawn["utterance_id"])) == count
    kept = Counter(drawn["speaker_id"])
    for speaker, rows in Counter(SPEAKERS).items():
        assert abs(kept[speaker] - rows * count / 100) < 1


def test_rows_keep_their_order_and_follow_from_the_seed():
    first = draw_by_speaker(DATA, 20, seed=1)["utterance_id"][:]
    assert first == sorted(first) == draw_by_speaker(DATA, 20, seed=1)["utterance_id"][:]
    assert first != draw_by_speaker(DATA, 20, seed=2)["utterance_id"][:]


@pytest.mark.parametrize("count", [0, 100, 400])
def test_all_or_more_is_the_split_itself(count):
    assert draw_by_speaker(DATA, count, seed=1) is DATA
