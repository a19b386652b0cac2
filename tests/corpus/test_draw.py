"""A drawn part: its size, every speaker's share, the same for the same seed."""

from collections import Counter

import pytest
from datasets import Dataset

from speakor_common.corpus.draw import draw_by_kind, draw_by_speaker

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


def test_every_kind_of_clip_keeps_its_share():
    kinds = (
        [("CN", "read", "하")] * 50 + [("CN", "answer", "상")] * 40 + [("VN", "read", "하")] * 10
    )
    l1, task, level = (list(values) for values in zip(*kinds, strict=True))
    data = Dataset.from_dict({"l1": l1, "task": task, "level": level})
    drawn = draw_by_kind(data, 10, seed=0)
    found = zip(drawn["l1"], drawn["task"], drawn["level"], strict=True)
    assert Counter(found) == {kinds[0]: 5, kinds[50]: 4, kinds[90]: 1}
