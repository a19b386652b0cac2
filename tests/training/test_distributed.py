"""Two gloo processes train what one does with the same global batch, and write it once."""

import subprocess
import sys

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from speakor_common import paths
from speakor_common.storage import read_json

LAUNCH = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
FROZEN = "wav2vec2.feature_extractor.conv_layers.0.conv.weight"


def launch(kind, base, folder):
    """Folders of a run with one process and batches of 4, and of one with two and batches of 2."""
    folders = []
    for name, launcher, batch in (("one", (), 4), ("two", LAUNCH, 2)):
        output = folder / name
        output.mkdir()
        script = ("-m", "tests.training.distributed_run", kind, base, output, batch)
        command = [sys.executable, *launcher, *map(str, script)]
        done = subprocess.run(
            command, cwd=paths.root(), capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr[-2000:]
        folders.append(output)
    return folders


@pytest.fixture(scope="module")
def ctc_runs(ctc_base, tmp_path_factory):
    return launch("ctc", ctc_base, tmp_path_factory.mktemp("ctc"))


@pytest.fixture(scope="module")
def whisper_runs(whisper_base, tmp_path_factory):
    return launch("whisper", whisper_base, tmp_path_factory.mktemp("whisper"))


def weights(folder, epoch, rank=0):
    return torch.load(folder / f"epoch{epoch}-rank{rank}.pt", weights_only=True)


def distance(a, b):
    return sum(float((a[key] - b[key]).square().sum()) for key in a) ** 0.5


# The feature encoder is frozen in the first epoch and trained in the second.
@pytest.mark.parametrize("epoch", [1, 2])
@pytest.mark.parametrize("kind", ["ctc", "whisper"])
def test_two_processes_train_what_one_does_and_agree(request, kind, epoch):
    one, two = request.getfixturevalue(f"{kind}_runs")
    start = weights(one, 0)
    first = weights(two, epoch, 0)
    second = weights(two, epoch, 1)
    alone = weights(one, epoch)
    assert first.keys() == second.keys() == alone.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)

    # Adam makes much of the rounding of small gradients.
    moved = distance(alone, start)
    assert moved > 0.01 and distance(first, alone) < 0.05 * moved


def test_the_encoder_moves_only_after_it_thaws(ctc_base, ctc_runs):
    start = load_file(ctc_base / "model.safetensors")[FROZEN]
    for folder in ctc_runs:
        assert torch.equal(weights(folder, 1)[FROZEN], start)
        assert not torch.equal(weights(folder, 2)[FROZEN], start)


@pytest.mark.parametrize(
    ("kind", "file"), [("ctc", "model.safetensors"), ("whisper", "adapter_model.safetensors")]
)
def test_one_process_writes_and_leaves_nothing_behind(request, kind, file):
    folders = request.getfixturevalue(f"{kind}_runs")
    for processes, folder in zip((1, 2), folders, strict=True):
        facts = read_json(folder / "model" / "run.json")
        assert facts["processes"] == processes
        written = {path.name for path in (folder / "model").iterdir()}
        assert {file, "run.json", "training_log.csv", "runs"} <= written
        names = {path.name for path in folder.iterdir() if path.is_dir()}
        assert names == {"model", "other"}
        same = [(folder / name / file).read_bytes() for name in ("model", "other")]
        assert same[0] == same[1]


def test_processes_share_predictions_and_all_hold_them_in_order(ctc_runs):
    for folder in ctc_runs:
        shared, alone = (
            pd.read_csv(folder / f"{name}.csv", keep_default_na=False)
            for name in ("shared", "alone")
        )
        pd.testing.assert_frame_equal(shared[list(alone.columns)], alone)
        assert len(alone) == 3
