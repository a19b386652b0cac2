"""A study's tables follow from the predictions kept with them, cell by cell."""

import gzip

import pandas as pd
import pytest

from speakor_common.errors import ResultsError
from speakor_common.pipeline.study_predictions import (
    CLIPS_FILE,
    PREDICTIONS_FILE,
    RATE_COLUMNS,
    rate_cells,
    read_study,
    uncounted_studies,
    unlike_studies,
    write_study,
)
from speakor_common.pipeline.verdicts import Claim, verdicts
from tests.builders import predictions

GOOD = "저는 학생"
BAD = "저는 학교"
CLIPS = 16


def run(name, seed, wrong):
    heard = [BAD] * wrong + [GOOD] * (CLIPS - wrong)
    table = predictions([GOOD] * CLIPS, heard, name).assign(seed=seed, raw_hypothesis="")
    return table.assign(speaker_id=[f"00{clip % 8}" for clip in range(CLIPS)])


@pytest.fixture
def predicted():
    runs = [run("plain", seed, 9 + seed) for seed in (1, 2, 3)]
    return pd.concat([*runs, *(run("changed", seed, seed) for seed in (1, 2, 3))])


@pytest.fixture
def folder(tmp_path, predicted):
    """Results of a study with a stopped run."""
    claims = [Claim("plain", "", "plain"), Claim("changed", "a change", "plain")]
    verdicts(claims, predicted).to_csv(tmp_path / "trial_verdicts.csv", index=False)
    rows = [
        {"variant": name, "claim": "", "seed": seed, "steps": 5} | rate_cells(part)
        for (name, seed), part in predicted.groupby(["experiment", "seed"])
    ]
    rows.append({"variant": "broken", "seed": 1, "stopped": "loss is nan"})
    pd.DataFrame(rows).to_csv(tmp_path / "trial.csv", index=False)
    write_study(predicted, tmp_path / "studies" / "trial")
    return tmp_path


def change(path, row, column, value):
    table = pd.read_csv(path).astype(object)
    table.loc[row, column] = value
    table.to_csv(path, index=False)


def test_what_is_kept_is_small_and_read_back_as_it_was(folder, predicted):
    study = folder / "studies" / "trial"
    kept = read_study(study)
    for column in ("utterance_id", "experiment", "seed", "hypothesis", "reference", "speaker_id"):
        assert kept[column].tolist() == predicted[column].tolist()
    header = gzip.decompress((study / PREDICTIONS_FILE).read_bytes()).decode().splitlines()[0]
    assert header == "utterance_id,experiment,seed,hypothesis,raw_hypothesis"

    before = [(study / name).read_bytes() for name in (CLIPS_FILE, PREDICTIONS_FILE)]
    write_study(predicted, study)
    assert [(study / name).read_bytes() for name in (CLIPS_FILE, PREDICTIONS_FILE)] == before


def test_tables_that_follow_are_confirmed(folder):
    assert unlike_studies(folder) == [] and uncounted_studies(folder) == []


@pytest.mark.parametrize("column", RATE_COLUMNS)
def test_every_rate_of_a_run_is_counted_again(folder, column):
    change(folder / "trial.csv", 0, column, 0.125)
    assert [line.split(" is ")[0] for line in unlike_studies(folder)] == [
        f"trial.csv: changed, seed 1: {column}"
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [("difference", -0.1), ("low", 0.1), ("p_holm", 0.5), ("verdict", "hurts"), ("seeds", 2)],
)
def test_every_cell_of_a_verdict_is_counted_again(folder, column, value):
    change(folder / "trial_verdicts.csv", 0, column, value)
    lines = unlike_studies(folder)
    assert len(lines) == 1
    assert lines[0].startswith(f"trial_verdicts.csv: changed: {column} is {value}, counted ")


def test_runs_and_verdicts_that_one_side_lacks_are_named(folder, predicted):
    more = pd.concat([predicted, run("third", 1, 2), run("fourth", 1, 2)])
    write_study(more[more["seed"] < 3], folder / "studies" / "trial")
    said = "\n".join(unlike_studies(folder))
    assert "trial.csv: third, seed 1 has predictions and no rates" in said
    assert "trial.csv: plain, seed 3 has rates and no predictions" in said
    assert "trial_verdicts.csv: fourth, plain, third have no verdict" in said


def test_what_is_missing_is_named_and_stops_nothing(folder):
    (folder / "trial_verdicts.csv").unlink()
    assert "trial_verdicts.csv is missing" in unlike_studies(folder)[0]
    (folder / "studies" / "trial" / CLIPS_FILE).unlink()
    assert f"trial/{CLIPS_FILE} is missing" in unlike_studies(folder)[0]


def test_a_prediction_of_an_unknown_clip_is_refused(folder, predicted):
    study = folder / "studies" / "trial"
    clips = pd.read_csv(study / CLIPS_FILE)
    clips.iloc[1:].to_csv(study / CLIPS_FILE, index=False)
    with pytest.raises(ResultsError, match=r"speaks of 1 clips .*, such as u000;"):
        read_study(study)


def test_tables_without_predictions_are_said_to_be_uncounted(folder):
    (folder / "studies" / "trial" / PREDICTIONS_FILE).unlink()
    assert unlike_studies(folder) == []
    assert uncounted_studies(folder) == [
        "trial.csv and trial_verdicts.csv: no predictions in studies/trial"
    ]
