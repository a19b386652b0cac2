"""The plan is a pure function of the seed, and its splits are those of the policy."""

from collections import Counter

import pytest

from speakor_common.corpus.splits import TEST, TRAIN, prompt_split, speaker_splits
from speakor_common.shipped.synthesis.accents import RULES
from speakor_common.shipped.synthesis.phonology import to_hangul
from speakor_common.shipped.synthesis.plan import CLIPS, POLICY, plan
from speakor_common.shipped.synthesis.shipped_plan import SHIPPED_HASH, plan_hash
from speakor_common.shipped.synthesis.voices import BASE, voices_of
from speakor_common.text import compatibility, normalize_korean
from speakor_common.text.pronunciation import pronunciations


@pytest.fixture(scope="module")
def clips():
    return plan()


@pytest.fixture(scope="module")
def split_of(clips):
    return speaker_splits({c.speaker.speaker_id: c.speaker.l1 for c in clips}, POLICY)


def learners(clips):
    return [clip for clip in clips if clip.speaker.l1 != "KR"]


def test_speakers_and_prompts_are_paired_by_the_split_policy(clips, split_of):
    counts = Counter(clip.speaker.speaker_id for clip in clips)
    for clip in clips:
        split = split_of[clip.speaker.speaker_id]
        assert prompt_split(clip.prompt.prompt_id, POLICY) == split
        is_native = clip.speaker.l1 == "KR"
        assert clip.speaker.part == (BASE if is_native and split == TRAIN else split)
        assert counts[clip.speaker.speaker_id] == CLIPS[split][is_native]


def test_the_plan_is_the_one_whose_clips_are_shipped(clips):
    """Another Kiwi, text or rule makes another sample, whose clips are to be rendered anew."""
    assert plan_hash(clips) == SHIPPED_HASH


def test_the_sample_is_as_large_as_promised(clips, split_of):
    sizes = Counter(split_of[clip.speaker.speaker_id] for clip in learners(clips))
    assert sizes["train"] >= 1500 and sizes["valid"] >= 300 and sizes["test"] >= 800

    speakers = {(c.speaker.speaker_id, c.speaker.l1 == "KR") for c in clips}
    tested = [native for name, native in speakers if split_of[name] == TEST]
    assert tested.count(False) >= 40 and tested.count(True) >= 12
    assert len({c.speaker.speaker_id for c in learners(clips)}) >= 80


def test_no_speaker_reads_a_prompt_twice_and_names_are_unique(clips):
    assert len({clip.stem for clip in clips}) == len(clips)
    assert len({(c.speaker.speaker_id, c.prompt.prompt_id) for c in clips}) == len(clips)


def test_a_clip_has_the_voices_of_its_part_only(clips):
    for clip in clips:
        mixed = {name for name, _ in clip.speaker.timbre + clip.speaker.prosody}
        assert mixed <= set(voices_of(clip.speaker.part))


def test_only_learners_hesitate_and_deviate(clips):
    natives = [clip for clip in clips if clip.speaker.l1 == "KR"]
    assert not any(clip.deviations or "+" in clip.label for clip in natives)
    assert any(clip.deviations for clip in learners(clips))
    for mark in ("+", "어/", "n/"):
        assert any(mark in clip.label for clip in learners(clips))


def test_a_fifth_of_the_tests_deviations_are_of_kinds_that_training_never_has(clips, split_of):
    known = {
        (rule.part, compatibility(rule.intended), compatibility(rule.spoken + rule.epenthesis)[-1:])
        for rules in RULES.values()
        for rule in rules
        if not rule.epenthesis
    }
    seen, unseen = 0, 0
    for clip in learners(clips):
        for deviation in clip.deviations:
            if deviation.kind == "insertion":
                continue
            kind = (deviation.part, deviation.intended, deviation.heard)
            if split_of[clip.speaker.speaker_id] != TEST:
                assert kind in known
            seen += kind in known and split_of[clip.speaker.speaker_id] == TEST
            unseen += kind not in known
    assert unseen / (seen + unseen) >= 0.2


def test_what_is_intended_is_allowed_and_what_is_planted_is_not(clips):
    for clip in clips[::40]:
        allowed = pronunciations(normalize_korean(clip.label))
        assert allowed.allows(to_hangul(list(clip.intended)))
        if clip.deviations:
            assert not allowed.allows(to_hangul(list(clip.spoken)))


def test_the_hash_of_a_sound_changes_with_the_sound(clips):
    assert clips[0].sound_hash != clips[1].sound_hash
    assert len(clips[0].sound_hash) == 8
