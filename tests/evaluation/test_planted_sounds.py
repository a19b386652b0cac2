"""What was said otherwise than meant: as Hangul, and as a file."""

import pytest

from speakor_common.errors import ResultsError
from speakor_common.evaluation.planted_sounds import (
    PlantedSound,
    PlantedUtterance,
    read_planted_sounds,
    spoken_form,
    write_planted,
)
from speakor_common.storage import write_text

LAX = PlantedSound(1, "onset", "substitution", "ㄲ", "ㄱ", True)
OMITTED = PlantedSound(0, "coda", "omission", "ㄱ", "", False)


@pytest.mark.parametrize(
    ("pronunciation", "sounds", "spoken"),
    [
        ("학꾜 가요", [LAX, OMITTED], "하교 가요"),
        ("가 바", [PlantedSound(1, "onset", "omission", "ㅂ", "", True)], "가 아"),
        ("아", [PlantedSound(0, "onset", "insertion", "", "ㄱ", True)], "가"),
        ("밥 밥", [PlantedSound(1, "coda", "insertion", "", "ㅜ", True)], "밥 바부"),
        ("방", [PlantedSound(0, "coda", "insertion", "", "ㅡ", True)], "방으"),
        ("가 바", [PlantedSound(0, "coda", "insertion", "", "ㄴ", True)], "간 바"),
        ("가", [], "가"),
    ],
)
def test_sounds_are_put_into_the_pronunciation(pronunciation, sounds, spoken):
    assert spoken_form(pronunciation, sounds) == spoken


def test_a_file_holds_what_deviates_and_where_nothing_does(tmp_path):
    wrong = PlantedUtterance("학꾜 가요", (LAX, OMITTED), "하교, 가요")
    said = {"u0": wrong, "u1": PlantedUtterance("가", (), "가")}
    path = write_planted(said, tmp_path / "planted.csv")
    assert read_planted_sounds(path) == said
    assert read_planted_sounds(tmp_path / "none.csv") == {}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("utterance_id,heard\nu0,\n", r"lacks the columns \['deviations', 'pronunciation'\]"),
        ('utterance_id,pronunciation,deviations,heard\nu0,가,"[[1, 2]]",\n', r"u0 has .*\[\[1, 2"),
        ("utterance_id,pronunciation,deviations,heard\nu0,가,no,\n", "u0 has the deviations 'no'"),
    ],
)
def test_another_file_is_refused_with_what_was_found(tmp_path, content, problem):
    with pytest.raises(ResultsError, match=problem):
        read_planted_sounds(write_text(tmp_path / "planted.csv", content))
