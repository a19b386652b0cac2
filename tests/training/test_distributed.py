"""Two gloo processes train what one does with the same global batch."""

import subprocess
import sys

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from speakor_common import paths
from speakor_common.storage import read_json
from tests.builders import tiny_ctc

LAUNCH = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The base, and the folders of a run with one process and batches of 4 and one with two and batches of 2."""
    base = tiny_ctc(tmp_path_factory.mktemp("base"))
    folders = [base]
    for launch, batch in (((), 4), (LAUNCH, 2)):
        folder = tmp_path_factory.mktemp("run")
        command = [
            sys.executable,
            *launch,
            "-m",
            "tests.training.distributed_run",
            str(base),
            str(folder),
            str(batch),
        ]
        done = subprocess.run(
            command, cwd=paths.root(), capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr[-2000:]
        folders.append(folder)
    return folders


def weights(folder, epoch, rank=0):
    return torch.load(folder / f"epoch{epoch}-rank{rank}.pt", weights_only=True)


@pytest.mark.parametrize(
    "epoch", [1, 2]
)  # the feature encoder is frozen in the first and trained in the second
def test_two_processes_train_what_one_does_and_agree(runs, epoch):
    base, one, two = runs
    start = load_file(base / "model.safetensors")
    first, second, alone = weights(two, epoch, 0), weights(two, epoch, 1), weights(one, epoch)
    assert all(torch.equal(first[key], second[key]) for key in first)
    apart = sum(float((first[key] - alone[key]).square().sum()) for key in start) ** 0.5
    moved = sum(float((alone[key] - start[key]).square().sum()) for key in start) ** 0.5
    assert (
        moved > 0.01 and apart < 0.05 * moved
    )  # Adam makes much of the rounding of small gradients


def test_the_encoder_moves_only_after_it_thaws(runs):
    base, *folders = runs
    key = "wav2vec2.feature_extractor.conv_layers.0.conv.weight"
    start = load_file(base / "model.safetensors")[key]
    for folder in folders:
        assert torch.equal(weights(folder, 1)[key], start) and not torch.equal(
            weights(folder, 2)[key], start
        )
    assert [read_json(folder / "model" / "run.json")["processes"] for folder in folders] == [1, 2]


def test_processes_share_predictions_and_all_hold_them_in_order(runs):
    for folder in runs[1:]:
        shared, alone = (
            pd.read_csv(folder / f"{name}.csv", keep_default_na=False)
            for name in ("shared", "alone")
        )
        pd.testing.assert_frame_equal(shared[list(alone.columns)], alone)
        assert len(alone) == 3
