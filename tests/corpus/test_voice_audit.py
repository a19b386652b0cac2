"""Voices compared: a planted leak is found, voices apart pass. Vectors are made here."""

import numpy as np
import pandas as pd
import pytest

from speakor_common.corpus.voice_audit import FLOOR, audit_voices, voice_leaks
from speakor_common.corpus.voice_vectors import FEWEST_CLIPS, Voices

SIZE = 256


def voice(seed):
    """What is common to all clips of a person: nowhere negative, like the encoder's."""
    return np.maximum(np.random.default_rng(seed).standard_normal(SIZE), 0)


def clips(speaker, person, split, count=12, noise=0.25, l1="VN"):
    """Rows and vectors of one speaker's clips, spoken by a person."""
    random = np.random.default_rng([person, *speaker.encode()])
    vectors = voice(person) + noise * random.standard_normal((count, 3, SIZE))
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    ids = [f"{speaker}-{i:02d}" for i in range(count)]
    table = {"utterance_id": ids, "speaker_id": speaker, "l1": l1, "split": split}
    return pd.DataFrame(table), vectors.astype(np.float32)


def heard(*speakers, drawn=0):
    tables, vectors = zip(*speakers, strict=True)
    table = pd.concat(tables, ignore_index=True)
    return Voices(table, np.concatenate(vectors), drawn or len(table))


APART = [clips(f"S{i}", i, split) for i, split in enumerate(["train"] * 6 + ["valid", "test"])]


def test_voices_that_are_apart_pass():
    report = audit_voices(heard(*APART, drawn=100))
    assert voice_leaks(report) == []
    assert report["speakers"] == 8 and report["too_little_speech"] == 4
    assert report["own"]["lowest"] > report["between"]["train-test"]["nearest"]["highest"]
    assert report["same_split"] == {"same_voice": 0, "worst": []}


def test_a_voice_of_test_under_another_id_in_training_is_a_leak():
    report = audit_voices(heard(*APART, clips("S9", person=7, split="train")))
    (leak,) = voice_leaks(report)
    assert "1 pairs of speakers in train-test with one voice (e.g. S9 and S7" in leak
    assert report["between"]["train-valid"]["same_voice"] == 0


def test_one_voice_under_two_ids_of_a_split_is_no_leak():
    report = audit_voices(heard(*APART, clips("S9", person=0, split="train")))
    assert voice_leaks(report) == []
    assert report["same_split"]["same_voice"] == 1
    assert set(report["same_split"]["worst"][0]["speakers"]) == {"S0", "S9"}


def test_speakers_unlike_themselves_lower_the_threshold_no_further_than_the_floor():
    noisy = [clips(f"S{i}", i, split, noise=3.0) for i, split in enumerate(["train", "test"])]
    report = audit_voices(heard(*noisy))
    assert report["own"]["highest"] < FLOOR == report["threshold"]


def test_few_clips_and_few_speakers_are_counted_and_not_compared():
    few = clips("S8", 8, "test", count=FEWEST_CLIPS - 1)
    assert audit_voices(heard(*APART, few))["speakers_with_too_few_clips"] == 1
    report = audit_voices(heard(APART[0], few))
    assert "fewer than two speakers" in report["not_compared"] and voice_leaks(report) == []


def test_clips_with_a_second_voice_are_named():
    table, vectors = clips("S8", 8, "train")
    stranger = clips("X", 99, "train")[1]
    vectors[3] = stranger[3]  # somebody else's clip
    vectors[5, 2] = stranger[5, 2]  # somebody else ends it
    vectors[7, 1:] = 0  # too short to be halved
    found = audit_voices(heard(*APART, (table, vectors)))["two_voices"]
    assert [each["utterance_id"] for each in found["in_a_speaker"]["worst"]] == ["S8-03"]
    assert [each["utterance_id"] for each in found["in_a_recording"]["worst"]] == ["S8-05"]
    assert found["in_a_speaker"]["suspects"] == found["in_a_recording"]["suspects"] == 1
    assert found["in_a_recording"]["compared"] == 9 * 12 - 1


@pytest.mark.parametrize("missing", ["valid", "test"])
def test_an_empty_split_shares_nothing(missing):
    report = audit_voices(heard(*[each for each in APART if each[0]["split"][0] != missing]))
    assert report["between"][f"train-{missing}"] == {"nearest": {}, "same_voice": 0, "worst": []}
