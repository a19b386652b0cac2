"""Systems: every reading of every model once, in the order people read them, with a title."""

import pytest

from speakor_common.decoding.output_readings import Reading
from speakor_common.training.experiments import BASE, EXPERIMENTS, UNTUNED, ZERO_SHOT
from speakor_common.training.systems import (
    LEAD,
    all_systems,
    compared_pairs,
    in_order,
    is_primary,
    plainest,
    system_title,
    systems_of,
    with_absent,
)


def test_every_reading_of_every_model_is_a_system_of_its_own():
    found = [(system.model, system.reading) for system in all_systems().values()]
    expected = [(name, reading) for name, e in EXPERIMENTS.items() for reading in e.readings]
    expected += [(name, reading) for name, kind in UNTUNED.items() for reading in kind.readings]
    assert sorted(found) == sorted(expected) and len(set(found)) == len(found)


def test_a_model_s_own_reading_has_its_name():
    assert [system.name for system in systems_of("exp05")] == ["exp05 plain", "exp05"]
    assert systems_of("exp06")[0].name == "exp06"
    assert systems_of("exp06")[0].reading is Reading.LANGUAGE_MODELS
    assert plainest(BASE).name == "base plain" and plainest(ZERO_SHOT).name == ZERO_SHOT


def test_tables_begin_with_the_lead_read_plainly_and_end_with_what_is_not_tuned():
    names = list(all_systems())
    assert names[0] == plainest(LEAD).name
    given = ["whisper zero-shot", "mine", "base", "whisper", "exp06", "exp05", "exp01", names[0]]
    ordered = in_order(given)
    assert ordered[:3] == ["exp05 plain", "exp05", "exp06"]
    assert ordered[3:] == ["exp01", "whisper", "base", "whisper zero-shot", "mine"]


def test_readings_that_were_not_measured_are_named():
    assert with_absent(["exp05", "whisper"]) == ["exp05 plain", "exp05", "whisper"]
    assert with_absent(["base plain", "mine"]) == ["base plain", "base", "mine"]


def test_models_are_compared_in_the_plainest_reading_both_have():
    pairs = compared_pairs()
    assert {("exp05 plain", "exp01 plain"), ("exp05 plain", "base plain")} < set(pairs)
    assert {("exp06", "exp05"), ("whisper", ZERO_SHOT), ("whisper-lm", "whisper")} < set(pairs)
    assert ("exp06", "whisper-lm") in pairs  # never with a Whisper that has no language models
    assert {name for pair in pairs for name in pair} <= set(all_systems())
    assert len({*pairs, *(pair[::-1] for pair in pairs)}) == 2 * len(pairs), "compared twice"


def test_only_what_was_measured_is_compared():
    measured = ["exp05", "exp05 plain", "exp01", "exp06", "whisper", "base plain"]
    expected = (("exp05", "exp01"), ("exp05 plain", "base plain"), ("exp06", "exp05"))
    assert compared_pairs(measured) == expected


@pytest.mark.parametrize(
    ("name", "profile", "title"),
    [
        ("exp05", "sample", "exp05, whole syllables"),
        ("exp05 plain", "sample", "exp05, read plainly"),
        ("exp06", "sample", "exp06: exp05's weights, with language models"),
        ("base", "sample", "`base-tiny`, not tuned, whole syllables"),
        (
            "whisper zero-shot",
            "aihub",
            "`ghost613/whisper-large-v3-turbo-korean`, not tuned, read plainly",
        ),
        ("base plain", "of another project", "base, read plainly"),
        ("somebody else's", "sample", "somebody else's"),
    ],
)
def test_titles(name, profile, title):
    assert system_title(name, profile) == title


def test_one_comparison_is_primary_and_it_is_read_plainly():
    primary = [pair for pair in compared_pairs() if is_primary(*pair)]
    assert primary == [("exp05 plain", "base plain")]
    assert not is_primary("exp05", "base") and not is_primary("base plain", "exp05 plain")
    assert not is_primary("mine", "base plain")
    declared = [name for name, each in EXPERIMENTS.items() if each.primary_against]
    assert declared == ["exp05"]
