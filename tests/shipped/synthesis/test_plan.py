"""The plan is a pure function of the seed, and its splits are those of the policy."""

import pytest

from speakor_common.corpus.splits import SAMPLE_POLICY, prompt_split, speaker_splits
from speakor_common.shipped.synthesis.plan import CLIPS, distant_sentences, plan


@pytest.fixture(scope="module")
def clips():
    return plan()


def test_speakers_and_prompts_are_paired_by_the_split_policy(clips):
    split_of = speaker_splits({c.speaker.speaker_id: c.speaker.l1 for c in clips}, SAMPLE_POLICY)
    counts = {}
    for clip in clips:
        split = split_of[clip.speaker.speaker_id]
        assert prompt_split(clip.prompt.prompt_id, SAMPLE_POLICY) == split
        counts[clip.speaker] = counts.get(clip.speaker, 0) + 1
    for speaker, count in counts.items():
        assert count == CLIPS[split_of[speaker.speaker_id]][speaker.l1 == "KR"]


def test_no_speaker_reads_a_prompt_twice_and_names_are_unique(clips):
    assert len({clip.stem for clip in clips}) == len(clips)
    assert len({(c.speaker.speaker_id, c.prompt.prompt_id) for c in clips}) == len(clips)


def test_only_learners_hesitate_and_deviate(clips):
    natives = [clip for clip in clips if clip.speaker.l1 == "KR"]
    assert not any(clip.deviations or "+" in clip.label for clip in natives)
    learners = [clip for clip in clips if clip.speaker.l1 != "KR"]
    assert any(clip.deviations for clip in learners) and any("+" in c.label for c in learners)


def test_distant_sentences_are_different_and_refused_when_there_are_too_few():
    sentences = distant_sentences(30, "a")
    assert len(set(sentences)) == 30 and sentences == distant_sentences(30, "a")
    assert sentences != distant_sentences(30, "b")
