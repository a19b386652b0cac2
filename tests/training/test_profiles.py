"""Profiles: complete, found by name, and honest about what may be passed on."""

import pytest

from speakor_common.errors import SpeakorError
from speakor_common.training.preset import CTCTraining, LoraTraining
from speakor_common.training.profiles import PROFILES, get_profile


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_has_all_that_a_run_and_a_card_need(name):
    profile = get_profile(name)
    assert profile.name == name and profile.description and profile.listener
    assert set(profile.base) == {CTCTraining, LoraTraining}


def test_an_unknown_profile_is_an_error_that_lists_the_known_ones():
    with pytest.raises(SpeakorError, match=r"unknown profile 'huge'; known are \['aihub', "):
        get_profile("huge")


def test_only_the_synthetic_sample_may_be_passed_on():
    for profile in PROFILES.values():
        assert profile.redistributable is profile.on_sample
    assert PROFILES["smoke"].quick and not PROFILES["sample"].quick
