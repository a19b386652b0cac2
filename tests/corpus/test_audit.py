"""Leakage and coverage."""

import pandas as pd
import pytest

from speakor_common.corpus import aihub
from speakor_common.corpus.audit import audit
from speakor_common.corpus.splits import AsDelivered, SplitPolicy, assign_splits
from speakor_common.errors import CorpusError
from tests.builders import seed_layout
from tests.corpus.test_voice_audit import APART, clips, heard

POLICY = SplitPolicy(valid_speakers=0.3, test_speakers=0.3)
NONE = {"train-valid": 0, "train-test": 0, "valid-test": 0}


@pytest.fixture
def table(tmp_path):
    delivered = aihub.read(seed_layout(tmp_path, speakers=6, items=2)).manifest
    return assign_splits(delivered, POLICY)


def first_of(table, split):
    return table.index[table["split"] == split][0]


def test_shared_prompts_are_counted_without_failing(table):
    report = audit(table, POLICY)
    assert report["shared"]["speakers"] == report["shared"]["audio"] == NONE
    assert report["shared"]["prompts"]["train-test"] == 2
    # The same two sentences are read by all.
    assert report["text_overlap"]["families"]["test"]["identical"] == 1
    assert report["voices"] == {"not_compared": "nobody listened"}
    assert report["coverage"]["words"]["unseen_distinct"] == 0
    assert report["policy"] == {"name": "SplitPolicy"} | vars(POLICY)


def test_a_speaker_in_two_splits_is_an_error_unless_the_splits_were_delivered(table):
    table.loc[first_of(table, "test"), "speaker_id"] = table["speaker_id"][first_of(table, "train")]
    with pytest.raises(CorpusError, match="1 speakers in train-test"):
        audit(table, POLICY)
    report = audit(table, AsDelivered())
    assert report["shared"]["speakers"]["train-test"] == 1
    assert report["policy"] == {"name": "AsDelivered"}


@pytest.mark.parametrize("policy", [POLICY, AsDelivered()])
def test_identical_audio_is_an_error(table, policy):
    table.loc[first_of(table, "test"), "audio"] = table["audio"][first_of(table, "train")]
    with pytest.raises(CorpusError, match="1 audio in train-test"):
        audit(table, policy)


def test_digests_stand_for_the_files(table):
    digests = pd.Series([f"{number}" for number in table.index], index=table.index)
    audit(table.assign(audio="nowhere"), POLICY, digests)
    digests[first_of(table, "test")] = digests[first_of(table, "valid")]
    with pytest.raises(CorpusError, match="1 audio in valid-test"):
        audit(table, POLICY, digests)


def test_shared_prompts_are_an_error_if_none_were_promised(table):
    with pytest.raises(CorpusError, match="prompts in"):
        audit(table, SplitPolicy(prompt_disjoint=True))


def test_unknown_speakers_and_prompts_are_shared_by_nobody(table):
    report = audit(table.assign(speaker_id="", prompt_id=""), SplitPolicy(prompt_disjoint=True))
    assert report["shared"]["speakers"] == report["shared"]["prompts"] == NONE
    assert {size["speakers"] for size in report["splits"].values()} == {0}


def test_coverage_counts_what_training_never_shows():
    table = pd.DataFrame(
        {
            "split": ["train", "valid", "test"],
            "text": ["가나 다", "가", "가나 라 라"],
            "speaker_id": ["a", "b", "c"],
            "prompt_id": "",
            "l1": "VN",
            "audio": "",
            "duration_s": 1.0,
        }
    )
    digests = pd.Series(["1", "2", "3"])
    coverage = audit(table, POLICY, digests)["coverage"]
    assert coverage["words"] == {
        "test_distinct": 2,
        "unseen_distinct": 1,
        "unseen_running_share": 0.6667,
    }
    assert coverage["jamo"]["unseen_distinct"] == 1  # only ㄹ is new


def test_one_voice_in_two_splits_is_an_error_if_none_was_promised(table):
    leak = heard(*APART, clips("S9", person=7, split="train"))
    report = audit(table, POLICY, voices=leak)
    assert report["voices"]["between"]["train-test"]["same_voice"] == 1
    strict = SplitPolicy(valid_speakers=0.3, test_speakers=0.3, voice_disjoint=True)
    with pytest.raises(
        CorpusError, match=r"leak: 1 pairs of speakers in train-test with one voice"
    ):
        audit(table, strict, voices=leak)
    audit(table, strict, voices=heard(*APART))
