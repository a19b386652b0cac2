"""Speakers: mixtures of the base voices of one part."""

import itertools

import pytest

from speakor_common.shipped.synthesis.voices import (
    BASE,
    PARTS_OF_VOICES,
    RESERVED,
    make_speaker,
    voices_of,
)


def test_every_voice_belongs_to_one_part_and_some_to_none():
    for one, other in itertools.combinations(PARTS_OF_VOICES, 2):
        assert not set(voices_of(one)) & set(voices_of(other))
    used = [name for part in PARTS_OF_VOICES for name in voices_of(part)]
    assert len(used) == 50
    assert not set(used) & set(RESERVED)


def test_names_of_one_voice_stand_in_the_same_part():
    part_of = {name: part for part in PARTS_OF_VOICES for name in voices_of(part)}
    for pair in ("ef_dora pf_dora", "em_alex pm_alex", "em_santa pm_santa"):
        first, second = pair.split()
        assert part_of[first] == part_of[second]


@pytest.mark.parametrize("part", PARTS_OF_VOICES)
@pytest.mark.parametrize("l1", ["KR", "VN", "TH", "JP"])
def test_a_speaker_is_a_mixture_of_its_parts_voices(part, l1):
    if part == BASE and l1 != "KR":
        return  # the base hears natives only
    for number in range(6):
        speaker = make_speaker(f"{l1}{number}", l1, part, number, seed=1)
        for mix in (speaker.timbre, speaker.prosody):
            assert {name for name, _ in mix} <= set(voices_of(part))
            assert sum(weight for _, weight in mix) == pytest.approx(1, abs=1e-3)
        assert (speaker.level is None) == (l1 == "KR") == (speaker.learning_months == 0)


def test_a_speaker_follows_from_name_and_seed():
    first = make_speaker("VN0001", "VN", "test", 0, seed=1)
    assert first == make_speaker("VN0001", "VN", "test", 0, seed=1)
    assert first != make_speaker("VN0001", "VN", "test", 0, seed=2)


@pytest.mark.parametrize("l1", ["CN", "JP", "EN", "VN", "TH"])
@pytest.mark.parametrize("part", ["train", "test"])
def test_each_voice_speaks_at_more_than_one_level(part, l1):
    speakers = [make_speaker(f"{l1}{n}", l1, part, n, seed=1) for n in range(9)]
    levels = [speaker.level for speaker in speakers]
    assert all(levels.count(level) == 3 for level in ("하", "중", "상"))

    of_voice = {}
    for speaker in speakers:
        of_voice.setdefault(speaker.timbre[0][0], []).append(speaker.level)
    assert all(len(set(of_one)) > 1 for of_one in of_voice.values() if len(of_one) > 1)
    assert {speaker.gender for speaker in speakers} == {"F", "M"} or (part, l1) == ("train", "JP")


def test_validation_hears_every_level():
    languages = ("CN", "JP", "EN", "VN", "TH")
    speakers = [
        make_speaker(f"{l1}{n}", l1, "valid", n, seed=1) for l1 in languages for n in (0, 1)
    ]
    assert {speaker.level for speaker in speakers} == {"하", "중", "상"}
