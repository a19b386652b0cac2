"""Work folders: a run goes on with its own checkpoints, and with nobody else's."""

import pytest

from speakor_common.errors import SpeakorError, TrainingError
from speakor_common.storage import read_json
from speakor_common.training.work_folder import IDENTITY_FILE, claim_work_folder, work_folder

RUN = {"learning_rate": 3e-4, "stages": ({"epoch": 5},), "seed": 1, "processes": 2}


@pytest.fixture
def interrupted(tmp_path):
    """A model directory to be, in whose work folder a run of two processes left a checkpoint."""
    output = tmp_path / "exp05"
    claim_work_folder(output, RUN)
    (work_folder(output) / "checkpoint-4").mkdir()
    return output


def test_a_run_goes_on_with_its_own_checkpoint(interrupted):
    claim_work_folder(interrupted, dict(RUN))
    assert (work_folder(interrupted) / "checkpoint-4").is_dir()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"processes": 1}, "processes was 2, is 1"),
        ({"learning_rate": 1e-5}, r"learning_rate was 0\.0003, is 1e-05"),
        ({"seed": 2, "processes": 1}, "seed was 1, is 2; processes was 2, is 1"),
        ({"patience": 1}, "patience was None, is 1"),
    ],
)
def test_another_run_is_refused_with_what_differs_and_nothing_is_lost(interrupted, changes, said):
    with pytest.raises(
        SpeakorError, match=rf"{said}\. Run it as it was .* delete .*exp05\.work"
    ) as e:
        claim_work_folder(interrupted, RUN | changes)
    assert not isinstance(e.value, TrainingError)  # which a study takes for a result
    claim_work_folder(interrupted, RUN)


def test_a_checkpoint_of_nobody_knows_which_run_is_refused(interrupted):
    (work_folder(interrupted) / IDENTITY_FILE).unlink()
    with pytest.raises(SpeakorError, match=r"no identity\.json that says which; delete"):
        claim_work_folder(interrupted, RUN)


def test_where_no_run_can_go_on_another_begins(tmp_path):
    output = tmp_path / "exp05"
    claim_work_folder(output, RUN)
    (work_folder(output) / "training_log.csv").write_text("of a run without a checkpoint")
    claim_work_folder(output, RUN | {"seed": 2})
    assert [path.name for path in work_folder(output).iterdir()] == [IDENTITY_FILE]
    assert read_json(work_folder(output) / IDENTITY_FILE)["seed"] == 2
