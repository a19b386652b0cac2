"""Splits by speaker and as delivered."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.corpus.splits import (
    SPLITS,
    TEST,
    TRAIN,
    UNUSED,
    AsDelivered,
    SplitPolicy,
    assign_splits,
    prompt_split,
    speaker_splits,
)
from speakor_common.errors import CorpusError

POLICY = SplitPolicy(valid_speakers=0.3, test_speakers=0.3)


def manifest(speakers=10, prompts=12, l1s=("VN", "JP")) -> pd.DataFrame:
    rows = []
    for l1 in l1s:
        for speaker in range(speakers):
            for prompt in range(prompts):
                rows.append(
                    (f"{l1}{speaker:04d}", l1, f"11RA{prompt:03d}", f"{l1}{speaker}-{prompt}")
                )
    table = pd.DataFrame(rows, columns=["speaker_id", "l1", "prompt_id", "utterance_id"])
    return table.assign(split="")


def test_speakers_are_disjoint_and_stratified():
    table = assign_splits(manifest(), POLICY)
    assert (table.groupby("speaker_id")["split"].nunique() == 1).all()
    per_l1 = table.drop_duplicates("speaker_id").groupby(["l1", "split"]).size().unstack()
    assert per_l1.loc["VN"].tolist() == per_l1.loc["JP"].tolist() and (per_l1 > 0).all().all()


def test_row_order_and_more_clips_move_nothing():
    table = assign_splits(manifest(), POLICY)
    shuffled = assign_splits(manifest(prompts=20).sample(frac=1, random_state=3), POLICY)
    before = dict(zip(table["utterance_id"], table["split"], strict=True))
    after = dict(zip(shuffled["utterance_id"], shuffled["split"], strict=True))
    assert all(after[utterance] == split for utterance, split in before.items())


def test_prompt_disjoint_leaves_mixed_pairs_unused():
    policy = SplitPolicy(
        valid_speakers=0.3,
        test_speakers=0.3,
        prompt_disjoint=True,
        valid_prompts=0.3,
        test_prompts=0.3,
    )
    table = assign_splits(manifest(prompts=30), policy)
    used = table[table["split"] != UNUSED]
    assert (used.groupby("prompt_id")["split"].nunique() == 1).all()
    assert set(used["split"]) == set(SPLITS) and (table["split"] == UNUSED).any()


def test_too_few_speakers_is_an_error():
    with pytest.raises(CorpusError, match=r"would be empty.*at least one L1 needs 3"):
        assign_splits(manifest(speakers=2), POLICY)


def test_small_l1_goes_to_train_as_a_whole():
    assert set(speaker_splits({"TH0001": "TH", "TH0002": "TH"}, POLICY).values()) == {TRAIN}


def test_clips_of_nobody_are_unused_and_a_corpus_of_nobody_says_what_to_do():
    table = manifest()
    table.loc[:4, "speaker_id"] = ""
    split = assign_splits(table, POLICY)["split"]
    assert set(split[:5]) == {UNUSED} and UNUSED not in set(split[5:])
    with pytest.raises(CorpusError, match=r"none of 240 clips.*AsDelivered\(\)"):
        assign_splits(table.assign(speaker_id=""), POLICY)


def test_delivered_splits_are_kept_and_what_has_none_is_unused():
    delivered = ["train", "valid", "test", "", "dev", "train"]
    table = pd.DataFrame({"split": delivered, "speaker_id": "", "l1": "KR", "prompt_id": ""})
    split = assign_splits(table, AsDelivered())["split"].tolist()
    assert split == ["train", "valid", "test", UNUSED, UNUSED, "train"]
    with pytest.raises(CorpusError, match=r"\['test'\] would be empty.*give it whole"):
        assign_splits(table[table["split"] != TEST], AsDelivered())


@pytest.mark.parametrize(
    ("policy", "promises"),
    [
        (SplitPolicy(), ("speakers", "audio")),
        (SplitPolicy(prompt_disjoint=True), ("speakers", "audio", "prompts")),
        (AsDelivered(), ("audio",)),
    ],
)
def test_what_a_policy_promises(policy, promises):
    assert policy.promises == promises


speakers = st.dictionaries(
    st.text("ABC0123", min_size=1, max_size=5), st.sampled_from(["VN", "JP", "CN"]), min_size=1
)


@given(speakers, st.integers(0, 99))
def test_every_speaker_has_one_split_and_a_large_l1_fills_all_three(l1_of, seed):
    splits = speaker_splits(l1_of, SplitPolicy(seed=seed))
    assert set(splits) == set(l1_of) and set(splits.values()) <= set(SPLITS)
    for l1 in set(l1_of.values()):
        members = [speaker for speaker in l1_of if l1_of[speaker] == l1]
        assert {splits[m] for m in members} == (set(SPLITS) if len(members) > 2 else {TRAIN})


@given(st.text(max_size=9), st.integers(0, 99))
def test_a_prompt_has_one_split(prompt, seed):
    policy = SplitPolicy(seed=seed, prompt_disjoint=True)
    assert prompt_split(prompt, policy) == prompt_split(prompt, policy) in SPLITS
