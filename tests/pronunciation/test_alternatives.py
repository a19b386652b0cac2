"""What could have been said instead of each sound, on posteriors of a perfect listener."""

import pytest

from speakor_common.pronunciation.aligned_form import AlignedForm, ClipPosteriors
from speakor_common.pronunciation.alternatives import best_alternatives
from speakor_common.pronunciation.confusions import Confusions, EvidenceWeights, count_confusions
from speakor_common.pronunciation.letter_sounds import letter_sounds
from speakor_common.pronunciation.listener import as_deviation
from tests.builders import jamo_posteriors, jamo_symbols


def asked(form, posteriors, **options):
    clip = ClipPosteriors([posteriors], jamo_symbols(), 0, "|")
    return best_alternatives(AlignedForm(form, clip), **options)


def reported(form, spoken, least_log_odds=2.0, **options):
    alternatives = asked(form, jamo_posteriors(spoken), **options)
    return [as_deviation(a, 0.02) for a in alternatives if a.log_odds > least_log_odds]


@pytest.mark.parametrize(
    ("form", "spoken", "expected"),
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
def test_one_wrong_sound_is_named(form, spoken, expected):
    deviations = reported(form, spoken)
    assert [(d.syllable, d.part, d.kind, d.intended, d.heard) for d in deviations] == expected


def test_every_place_is_asked_about_and_times_are_those_of_the_syllable():
    alternatives = asked("밥 가", jamo_posteriors("밥 가"))
    places = {(a.syllable, a.part) for a in alternatives}
    assert places == {(s, p) for s in (0, 1) for p in ("onset", "vowel", "coda")}
    assert all(a.log_odds < 0 for a in alternatives)

    # 밥 and the space take 16 frames, 가 takes 8.
    assert {(a.frame, a.next_frame) for a in alternatives} == {(0, 16), (16, 24)}


def test_some_syllables_are_not_asked_about():
    assert {a.syllable for a in asked("밥 가", jamo_posteriors("밥 가"), unasked={0})} == {1}
    assert asked("밥 가", jamo_posteriors("밥 가"), unasked={0, 1}) == []


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


def test_what_leads_to_another_allowed_form_is_no_alternative():
    assert reported("시계", "시게")[0].heard == "ㅔ"
    assert reported("시계", "시게", allows=lambda spoken: spoken == "시게") == []


def test_another_sound_must_explain_more_than_an_allowed_one():
    """ㅔ was said, which is allowed; ㅓ explains a little of it, more than ㅖ does."""
    posteriors = jamo_posteriors("시게", doubt=0.1, instead=(3, "ᅥ"))
    allowed = asked("시계", posteriors, allows=lambda spoken: spoken == "시게")
    vowel = next(a for a in allowed if (a.syllable, a.part) == (1, "vowel"))
    assert vowel.heard == "ᅥ"
    assert vowel.gain < 0


def test_an_allowed_sound_counts_even_where_learners_never_say_it():
    """ㅔ was said, which is allowed; by the counts ㅓ is the likelier thing to become of ㅖ."""
    counts = count_confusions([("vowel", "ᅨ", "ᅨ")] * 50 + [("vowel", "ᅨ", "ᅥ")] * 50)
    known = Confusions(counts, EvidenceWeights(heard=1.0, expected=20.0))
    posteriors = jamo_posteriors("시게", doubt=0.1, instead=(3, "ᅥ"))
    allowed = asked("시계", posteriors, allows=lambda said: said == "시게", confusions=known)
    vowel = next(a for a in allowed if (a.syllable, a.part) == (1, "vowel"))
    assert vowel.heard == "ᅥ"
    assert vowel.gain < 0
    assert vowel.log_odds == known.weights.combined(vowel.gain, vowel.expected)


def test_a_missed_rule_is_expected_however_rare_its_sounds_are():
    """ㄱ is never said for the coda ㅇ in a thousand, but 국물 is spelled so."""
    counts = count_confusions([("coda", "ᆼ", "ᆼ")] * 1000)
    known = Confusions(counts, EvidenceWeights(heard=0.3, expected=1.2, offset=2.6))
    assert reported("궁물", "국물", confusions=known) == []
    by_letter = letter_sounds("국물")
    deviations = reported("궁물", "국물", confusions=known, by_letter=by_letter)
    assert [(d.intended, d.heard) for d in deviations] == [("ㅇ", "ㄱ")]
