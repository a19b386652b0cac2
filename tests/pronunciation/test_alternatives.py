"""What could have been said instead of each sound, on posteriors of a perfect listener."""

import pytest

from speakor_common.errors import AudioError, TextError
from speakor_common.pronunciation.alternatives import best_alternatives
from speakor_common.pronunciation.confusions import Confusions, EvidenceWeights, count_confusions
from speakor_common.pronunciation.listener import as_deviation
from tests.builders import jamo_posteriors, jamo_symbols

SYMBOLS = jamo_symbols()
BLANK = 0


def asked(pronunciation, posteriors, **options):
    return best_alternatives(pronunciation, [posteriors], SYMBOLS, BLANK, "|", **options)


def reported(pronunciation, spoken, least_log_odds=2.0):
    alternatives = asked(pronunciation, jamo_posteriors(spoken))
    return [as_deviation(a, 0.02) for a in alternatives if a.log_odds > least_log_odds]


@pytest.mark.parametrize(
    ("pronunciation", "spoken", "expected"),
    [
        ("바블 머거요", "바블 머거요", []),
        # Nasalisation missed: hidden from a listener that spells.
        ("궁물", "국물", [(0, "coda", "substitution", "ㅇ", "ㄱ")]),
        ("머거요", "모거요", [(0, "vowel", "substitution", "ㅓ", "ㅗ")]),
        ("밥", "바", [(0, "coda", "omission", "ㅂ", "")]),
        ("밥", "바부", [(0, "coda", "insertion", "", "ㅜ")]),
        ("바다", "반다", [(0, "coda", "insertion", "", "ㄴ")]),
        ("가방", "카방", [(0, "onset", "substitution", "ㄱ", "ㅋ")]),
        ("가방", "아방", [(0, "onset", "omission", "ㄱ", "")]),
        ("우유", "누유", [(0, "onset", "insertion", "", "ㄴ")]),
        ("바다 가", "바다 카", [(2, "onset", "substitution", "ㄱ", "ㅋ")]),
    ],
)
def test_one_wrong_sound_is_named(pronunciation, spoken, expected):
    deviations = reported(pronunciation, spoken)
    assert [(d.syllable, d.part, d.kind, d.intended, d.heard) for d in deviations] == expected


def test_every_place_is_asked_about_and_times_are_those_of_the_syllable():
    alternatives = asked("밥 가", jamo_posteriors("밥 가"))
    places = {(a.syllable, a.part) for a in alternatives}
    assert places == {(s, p) for s in (0, 1) for p in ("onset", "vowel", "coda")}
    assert all(a.log_odds < 0 for a in alternatives)

    # 밥 and the space take 16 frames, 가 takes 8.
    assert {(a.frame, a.next_frame) for a in alternatives} == {(0, 16), (16, 24)}


def test_the_more_another_sound_is_heard_the_surer_the_deviation():
    log_odds = []
    for doubt in (0.5, 1.0, 4.0):
        alternatives = asked("가", jamo_posteriors("가", doubt=doubt, instead=(0, "ᄏ")))
        log_odds.append(next(a.log_odds for a in alternatives if a.heard == "ᄏ"))
    assert log_odds == sorted(log_odds)
    assert log_odds[0] < 0 < log_odds[2]


def test_what_learners_say_decides_between_sounds_heard_alike():
    """ㄲ is heard, but ㄱ is known to become ㅋ and never ㄲ."""
    counts = count_confusions([("onset", "ᄀ", "ᄀ")] * 6 + [("onset", "ᄀ", "ᄏ")] * 4)
    known = Confusions(counts, EvidenceWeights(heard=1.0, expected=20.0))
    posteriors = jamo_posteriors("가", doubt=0.5, instead=(0, "ᄁ"))
    alternatives = asked("가", posteriors, confusions=known)
    assert next(a.heard for a in alternatives if a.part == "onset") == "ᄏ"
    assert next(d.heard for d in reported("가", "까", -9.0) if d.part == "onset") == "ㄲ"


def test_gains_are_means_over_speeds():
    slow = jamo_posteriors("카", frames=4)
    fast = jamo_posteriors("가", frames=2, doubt=0.5, instead=(0, "ᄏ"))

    def gain(*posteriors):
        alternatives = best_alternatives("가", posteriors, SYMBOLS, BLANK, "|")
        return next(a.gain for a in alternatives if a.heard == "ᄏ")

    assert gain(slow, fast) == pytest.approx((gain(slow) + gain(fast)) / 2)


def test_nothing_is_asked_of_an_empty_text():
    assert asked("", jamo_posteriors("가")) == []


@pytest.mark.parametrize(
    ("pronunciation", "error"),
    [("각각각각각각", AudioError), ("1)", TextError), ("ㄱ", TextError)],
)
def test_what_cannot_be_asked_is_an_error(pronunciation, error):
    with pytest.raises(error):
        asked(pronunciation, jamo_posteriors("가"))
