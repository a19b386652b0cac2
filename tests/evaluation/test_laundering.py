"""What becomes of planted deviations in transcripts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speakor_common.evaluation.laundering import (
    FATES,
    LISTENER,
    fate_table,
    fates,
    summarise_fates,
)
from speakor_common.evaluation.planted_sounds import (
    PlantedSound,
    PlantedUtterance,
    spoken_form,
)
from speakor_common.text import PARTS, compatibility, split_syllable
from speakor_common.text.pronunciation import pronunciations
from tests.builders import predictions

TEXT = "학교 앞 식당에서 밥을 먹고 친구의 선물을 샀어요"
RULES = {  # what is said for a sound in these tests
    ("onset", "ㄲ"): "ㄱ",
    ("onset", "ㅅ"): "ㅆ",
    ("onset", "ㅊ"): "ㅈ",
    ("vowel", "ㅓ"): "ㅗ",
    ("vowel", "ㅡ"): "ㅜ",
    ("coda", "ㄱ"): "",
    ("coda", "ㄹ"): "ㄴ",
    ("coda", "ㅇ"): "ㄴ",
}


def said(form, *sounds):
    """An utterance with deviations ``(syllable, part, intended, spoken)``."""
    planted = []
    for syllable, part, intended, spoken in sounds:
        kind = "insertion" if not intended else "substitution" if spoken else "omission"
        planted.append(PlantedSound(syllable, part, kind, intended, spoken, True))
    return PlantedUtterance(form, tuple(planted))


def possible():
    """Every deviation of :data:`RULES` in the text."""
    form = pronunciations(TEXT).best
    for position, syllable in enumerate(form.replace(" ", "")):
        for part, jamo in zip(PARTS, split_syllable(syllable), strict=True):
            spoken = RULES.get((part, compatibility(jamo)))
            if spoken is not None:
                yield position, part, compatibility(jamo), spoken


@settings(max_examples=30, deadline=None)
@given(st.sets(st.sampled_from(list(possible())), min_size=1))
def test_what_was_meant_corrects_what_was_said_keeps_and_nothing_mangles(sounds):
    utterance = said(pronunciations(TEXT).best, *sorted(sounds))
    spoken = spoken_form(utterance.pronunciation, utterance.sounds)
    assert set(fates(utterance, TEXT)) <= {"corrected", "unwritable"}
    assert set(fates(utterance, spoken)) <= {"kept", "unwritable"}
    assert set(fates(utterance, "")) <= {"mangled", "unwritable"}

    # What cannot be written depends on the speech, not on the transcript.
    unwritable = [fate == "unwritable" for fate in fates(utterance, TEXT)]
    assert unwritable == [fate == "unwritable" for fate in fates(utterance, spoken)]


VOWEL = said("머거요", (0, "vowel", "ㅓ", "ㅗ"))
ADDED = said("밥 머거요", (0, "coda", "", "ㅜ"))
NASAL = said("강아지", (0, "coda", "ㅇ", "ㄴ"))
BOTH = said("학꾜", (0, "coda", "ㄱ", ""), (1, "onset", "ㄲ", "ㄱ"))


@pytest.mark.parametrize(
    ("utterance", "transcript", "expected"),
    [
        (VOWEL, "먹어요", ["corrected"]),
        (VOWEL, "머거요", ["corrected"]),  # spelled otherwise, read alike
        (VOWEL, "목어요", ["kept"]),
        (VOWEL, "무거요", ["mangled"]),
        (VOWEL, "거요", ["mangled"]),
        (VOWEL, "저는 모거요", ["kept"]),
        (VOWEL, "모거요x 3", ["kept"]),  # what cannot be read stays as it is
        (VOWEL, "x", ["mangled"]),
        (ADDED, "밥 먹어요", ["corrected"]),
        (ADDED, "바부 먹어요", ["kept"]),
        (ADDED, "밥으 먹어요", ["mangled"]),
        (ADDED, "바 먹어요", ["mangled"]),
        # A coda moves into an onset that is silent, so the neighbour is a part of it.
        (NASAL, "강아지", ["corrected"]),
        (NASAL, "간아지", ["kept"]),
        (NASAL, "가나지", ["kept"]),
        (NASAL, "가아지", ["mangled"]),
        # Each of two neighbours is judged on its own.
        (BOTH, "하교", ["kept", "kept"]),
        (BOTH, "하꾜", ["kept", "corrected"]),
        (BOTH, "학교", ["corrected", "corrected"]),
    ],
)
def test_a_transcript_is_judged_as_it_sounds(utterance, transcript, expected):
    assert fates(utterance, transcript) == expected


@pytest.mark.parametrize("transcript", ["학교", "학꾜", "하교", ""])
def test_what_no_spelling_shows_is_left_out(transcript):
    """[학교] for [학꾜] is spelled 학교, which is read [학꾜]."""
    assert fates(said("학꾜", (1, "onset", "ㄲ", "ㄱ")), transcript) == ["unwritable"]


@pytest.fixture
def planted():
    utterance = PlantedUtterance(VOWEL.pronunciation, VOWEL.sounds, "모거요")
    return {f"u{number:03d}": utterance for number in range(6)}


@pytest.fixture
def table(planted):
    """Six utterances of four speakers and a further one of which nothing is known."""
    written = ["먹어요", "먹어요", "먹어요", "모거요", "모거요", "무거요", "먹어요"]
    return predictions(["먹어요"] * 7, written)


def test_shares_are_counted_for_models_and_the_listener(table, planted):
    summary = summarise_fates(fate_table(table, planted))
    assert list(summary) == ["exp05", LISTENER]
    model = summary["exp05"]
    assert [model[fate] for fate in FATES] == pytest.approx([3 / 6, 2 / 6, 1 / 6])
    assert (model["n"], model["unwritable"], model["speakers"]) == (6, 0, 4)
    assert summary[LISTENER]["kept"] == 1.0


def test_groups_have_shares_of_their_own_that_sum_to_one(table, planted):
    groups = summarise_fates(fate_table(table, planted))["exp05"]["breakdowns"]
    assert set(groups) == {"kind", "l1", "level", "seen", "sound"}
    for column, rows in groups.items():
        assert sum(row["n"] for row in rows) == 6
        assert all(sum(row[fate] for fate in FATES) == pytest.approx(1) for row in rows)
        assert all(("kept_95" in row) == (column != "sound") for row in rows)
    assert groups["sound"][0]["sound"] == "vowel ㅓ→ㅗ"
    assert groups["seen"][0]["seen"] == "seen"


def test_degraded_audio_and_unknown_utterances_are_not_counted(table, planted):
    assert fate_table(table.assign(condition="real"), planted).empty
    assert fate_table(table, {}).empty
    assert summarise_fates(fate_table(table, {})) == {}


def test_a_listener_that_was_not_asked_has_no_shares(table):
    assert list(summarise_fates(fate_table(table, {"u000": VOWEL}))) == ["exp05"]


def test_numbers_are_read_as_the_reference_has_them():
    utterance = said("세 버눌 머거요", (3, "vowel", "ㅓ", "ㅗ"))
    table = predictions(["세 번을 먹어요"], ["삼 번을 모거요"])
    table["raw_hypothesis"] = "3번을 모거요"
    assert fate_table(table, {"u000": utterance})["fate"].tolist() == ["kept"]


def test_a_group_without_anything_writable_has_no_shares():
    planted = {"u000": said("학꾜", (1, "onset", "ㄲ", "ㄱ"))}
    entry = summarise_fates(fate_table(predictions(["학교"], ["학교"]), planted))["exp05"]
    assert (entry["n"], entry["unwritable"], entry["corrected"]) == (0, 1, None)
    assert entry["corrected_95"] is None
