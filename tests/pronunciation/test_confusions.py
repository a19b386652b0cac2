"""What learners say for what: counts, odds, and the file beside a listener."""

import math

import pytest

from speakor_common.errors import CheckpointError
from speakor_common.pronunciation.confusions import (
    CONFUSIONS_FILE,
    SOUND_ONLY,
    Confusions,
    EvidenceWeights,
    count_confusions,
    load_confusions,
    save_confusions,
)
from tests.builders import write

# What a learner was heard to say for ㄱ and ㅓ: ㅋ often, ㄲ never.
COUNTED = count_confusions(
    [("onset", "ᄀ", "ᄀ")] * 6
    + [("onset", "ᄀ", "ᄏ")] * 4
    + [("vowel", "ᅥ", "ᅥ")] * 9
    + [("vowel", "ᅥ", "ᅩ")]
)


def test_sounds_are_counted_by_part_in_compatibility_letters():
    assert COUNTED == {
        "onset": {"ㄱ": {"ㄱ": 6, "ㅋ": 4}},
        "vowel": {"ㅓ": {"ㅓ": 9, "ㅗ": 1}},
    }


def test_odds_follow_the_counts_and_a_prior():
    known = Confusions(COUNTED)
    often = known.log_odds("onset", "ᄀ", "ᄏ")
    never = known.log_odds("onset", "ᄀ", "ᄁ")
    unknown = known.log_odds("coda", "ᆸ", "")
    assert often == pytest.approx(math.log(4.025 / 6.475))
    assert never < unknown < often


def test_evidence_is_weighed():
    assert EvidenceWeights().combined(2.0, -5.0) == 2.0
    assert EvidenceWeights(0.5, 2.0, 1.0).combined(2.0, -5.0) == -8.0


def test_confusions_travel_with_a_listener_and_a_broken_file_is_said(tmp_path):
    assert load_confusions(tmp_path) is SOUND_ONLY
    known = Confusions(COUNTED, EvidenceWeights(0.3, 1.2, 2.7, 0.4))
    save_confusions(known, tmp_path)
    assert load_confusions(tmp_path) == known

    write(tmp_path / CONFUSIONS_FILE, b'{"weights": {"heard": 1}}')
    with pytest.raises(CheckpointError, match=r"confusions.json: KeyError\('counts'\)"):
        load_confusions(tmp_path)
