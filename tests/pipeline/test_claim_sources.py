"""Numbers are found where a source says, and a wrong source is named."""

import subprocess

import pytest
import torch
from safetensors.torch import save_file

from speakor_common.errors import ResultsError
from speakor_common.pipeline import claim_sources
from speakor_common.pipeline.claim_sources import corpus_rows, value_of
from speakor_common.storage import write_json, write_text
from tests.builders import seed_layout


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    write_json(
        tmp_path / "a.json",
        {"pink noise 10 dB": {"wer": 0.25, "wer_95": [0.1, 0.4]}, "rows": [{"f1": 0.5}], "of": "x"},
    )
    write_text(tmp_path / "b.csv", "variant,seed,wer\nexp05,1,0.2\nexp05,2,0.4\nexp06,1,0.9\n")
    save_file({"a": torch.zeros(3, 5), "b": torch.zeros(7)}, tmp_path / "c.safetensors")
    return tmp_path


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("a.json:pink noise 10 dB/wer", 0.25),
        ("a.json:pink noise 10 dB/wer_95/1", 0.4),
        ("a.json:rows/0/f1", 0.5),
        ("a.json:rows/count", 1),
        ("a.json:count", 3),
        ("b.csv:[variant=exp06]/wer", 0.9),
        ("b.csv:[variant=exp05][seed=2]/wer", 0.4),
        ("b.csv:[variant=exp05]/wer/mean", 0.3),
        ("b.csv:[variant^=exp]/wer/highest", 0.9),
        ("b.csv:wer/lowest", 0.2),
        ("b.csv:wer/sum", 1.5),
        ("b.csv:variant/distinct", 2),
        ("b.csv:-1/wer", 0.9),
        ("c.safetensors:parameters", 22),
        ("speakor_common.audio:RATE", 16_000),
        ("speakor_common.training.experiments:EXPERIMENTS/exp05/training/batch_size", 2),
        ("100 * (1 - <a.json:pink noise 10 dB/wer> / <b.csv:[variant=exp05][seed=2]/wer>)", 37.5),
        ("-<a.json:rows/0/f1> + 2", 1.5),
    ],
)
def test_a_source_gives_its_number(root, source, value):
    assert value_of(source) == pytest.approx(value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("none.json:a", "none.json is missing"),
        ("a.json", "no source"),
        ("a.json:quiet/wer", "there is no 'quiet'"),
        ("a.json:of", "no single number, but 'x'"),
        ("a.json:pink noise 10 dB", "no single number"),
        ("b.csv:[variant=exp07]/wer", "no row with variant = 'exp07'"),
        ("b.csv:[variant=exp05]/wer", "no single number"),
        ("b.csv:7/wer", "there is no '7'"),
        ("speakor_common.nowhere:RATE", "no module"),
        ("speakor_common.audio:NOTHING", "there is no 'NOTHING'"),
        ("<a.json:rows/0/f1> ** 2", "numbers, \\+ - \\* / and parentheses"),
        ("__import__('os') + <a.json:count>", "numbers, \\+ - \\* / and parentheses"),
        ("<a.json:count> / 0", "cannot be calculated"),
        ("<a.json:count> +", "cannot be calculated"),
    ],
)
def test_a_wrong_source_is_named(root, source, message):
    with pytest.raises(ResultsError, match=message):
        value_of(source)


def test_a_file_that_changed_is_read_again(root):
    assert value_of("a.json:rows/0/f1") == 0.5
    write_json(root / "a.json", {"rows": [{"f1": 0.75}]})
    assert value_of("a.json:rows/0/f1") == 0.75


def test_the_corpus_is_counted_by_split(root):
    seed_layout(root / "data" / "sample", speakers=12, items=14)
    rows = {row["split"]: row for row in corpus_rows(root)}
    assert rows["all"]["utterances"] == 168 and rows["all"]["speakers"] == 12
    assert sum(row["utterances"] for name, row in rows.items() if name != "all") == 168
    assert value_of("<corpus:[split=test]/seconds> / 9") == rows["test"]["utterances"] / 9
    assert value_of("corpus:[split=all]/texts") == 7
    files = (root / "data" / "sample").rglob("*.wav")
    assert rows["all"]["bytes"] == sum(file.stat().st_size for file in files)
    assert rows["all"]["first_languages"] == 1


def git(root, *arguments):
    subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True)


def test_in_a_checkout_a_file_git_does_not_track_is_no_source(root):
    git(root, "init", "-q")
    with pytest.raises(ResultsError, match=r"a\.json is not tracked by git.*git add a\.json"):
        value_of("a.json:rows/0/f1")
    git(root, "add", "a.json")
    assert value_of("a.json:rows/0/f1") == 0.5
    with pytest.raises(ResultsError, match=r"b\.csv is not tracked"):
        value_of("<a.json:rows/0/f1> + <b.csv:wer/sum>")
    assert value_of("speakor_common.audio:RATE") == 16_000  # lies elsewhere


def test_labels_git_does_not_track_are_no_source(root):
    seed_layout(root / "data" / "sample")
    git(root, "init", "-q")
    with pytest.raises(ResultsError, match=r"data/sample/.* is not tracked"):
        value_of("corpus:[split=all]/utterances")


def test_without_git_every_file_is_a_source(root, monkeypatch):
    git(root, "init", "-q")
    claim_sources._tracked.cache_clear()
    monkeypatch.setenv("PATH", "")
    assert value_of("a.json:rows/0/f1") == 0.5
    claim_sources._tracked.cache_clear()
