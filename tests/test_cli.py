"""The command line: exit codes, refusals before anything starts, and rows of files."""

import json
import subprocess
import sys
from inspect import signature
from pathlib import Path

import pytest

from speakor_common import cli, cli_models, cli_options
from speakor_common.errors import ResultsError, TrainingInterrupted
from speakor_common.shipped.presets import SHIPPED_MODELS
from speakor_common.training.experiments import EXPERIMENTS
from speakor_common.training.profiles import PROFILES
from tests.builders import encoded, tiny_ctc, tone, write

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home: nothing may be found in it, and nothing may be left in it."""
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return tmp_path


def test_help_answers_without_anything_heavy():
    code = (
        "import sys; from speakor_common import cli; cli.main(['--help']); "
        "heavy = {'torch', 'pandas', 'numpy', 'transformers', 'rich', 'nbformat'}; "
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    listed = done.stdout.split("Commands:")[1]
    commands = [line.split()[0] for line in listed.splitlines() if line]
    assert {"prepare", "train", "reproduce", "transcribe", "verify"} <= set(commands)
    assert "..." not in listed  # every command says in one line what it does


def test_names_in_help_are_those_of_the_registries(capsys):
    assert cli.main(["train", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in (*EXPERIMENTS, *SHIPPED_MODELS, *PROFILES))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", "Usage: speakor"),
        ("nothing", "No such command"),
        ("transcribe", "Missing argument"),
        ("prepare --profile nope", "unknown profile 'nope'; known are smoke, sample, aihub, k"),
        ("evaluate --profile nope", "known are smoke, sample, aihub"),
        ("predict --profile nope", "known are smoke, sample, aihub"),
        ("prepare --profile aihub", "--data"),
        ("reproduce --profile aihub", "profile aihub is for a corpus of your own"),
        ("reproduce --profile aihub --only 1 5", "profile aihub is for a corpus of your own"),
        ("train exp99", "unknown experiment 'exp99'; known are exp01, exp02"),
        ("train exp05 --set lr", "takes FIELD=VALUE, not 'lr'"),
        ("train exp05 --set lr=1", "unknown preset fields ['lr']"),
        ("train exp05 --set epochs=2 learning_rate=fast", "takes float, not 'fast'"),
        ("train exp05 --merge", "no adapter"),
        ("train base-tiny --set epochs=2", "takes neither --set nor --merge"),
        ("train base-tiny --profile smoke", "nor another profile"),
        ("train exp05 --seed one", "--seed"),
        ("study nope", "unknown study 'nope'; known are ablation, presets"),
        ("push exp99 user/name", "unknown experiment 'exp99'"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_written(home, capsys, arguments, words):
    link = home / "notebooks"
    link.symlink_to(ROOT / "notebooks")
    assert cli.main(arguments.split()) == 2
    out, err = capsys.readouterr()
    assert words in " ".join((out + err).split())
    assert list(home.iterdir()) == [link]


@pytest.mark.parametrize(("number", "words"), [("07", "no notebook 07"), ("x", "no notebook 0x")])
def test_a_notebook_that_is_not_there_is_refused(home, capsys, number, words):
    (home / "notebooks").symlink_to(ROOT / "notebooks")
    assert cli.main(["reproduce", "--only", number]) == 2
    assert f"{words}; there are 01, 02, 03, 04, 05" in capsys.readouterr().err


def test_a_number_needs_no_zero_and_only_05_shows_its_result(home, capsys, monkeypatch):
    (home / "notebooks").symlink_to(ROOT / "notebooks")
    runs = []
    monkeypatch.setattr(
        "speakor_common.pipeline.notebooks.reproduce", lambda *run: runs.append(run)
    )
    write(home / "results" / "smoke" / "result.txt", b"WER: 0.160000\n")
    assert cli.main(["reproduce", "--profile", "smoke", "--only", "1", "3"]) == 0
    assert capsys.readouterr().out == ""
    assert cli.main(["evaluate", "--profile", "smoke", "--seed", "2"]) == 0
    assert capsys.readouterr().out == "WER: 0.160000\n"
    assert runs == [("smoke", 1, "", ["01", "03"], ""), ("smoke", 2, "", ["05"], "")]


def test_options_take_several_values(monkeypatch):
    studies = []

    def run_study(*arguments):
        import pandas as pd

        studies.append(arguments)
        return None, pd.DataFrame({"claim": ["none"]})

    monkeypatch.setattr("speakor_common.pipeline.study.run_study", run_study)
    assert cli.main(["study", "presets", "--seeds", "1", "2", "--profile", "smoke"]) == 0
    assert cli.main(["study", "presets", "--seeds", "1", "--seeds", "3"]) == 0
    assert cli.main(["study", "ablation"]) == 0
    assert studies == [
        ("presets", "smoke", (1, 2)),
        ("presets", "sample", (1, 3)),
        ("ablation", "sample", (1, 2, 3)),
    ]


def test_studies_are_those_there_are():
    from speakor_common.pipeline.study import STUDIES

    assert tuple(STUDIES) == cli.STUDIES


def test_a_shipped_model_says_where_it_is(home, capsys, monkeypatch):
    facts = {"steps": 1, "seconds": 1.0, "peak_memory_mib": 1}
    monkeypatch.setattr("speakor_common.shipped.base_tiny.train_base_tiny", lambda seed: facts)
    assert cli.main(["train", "base-tiny"]) == 0
    assert capsys.readouterr().out.endswith("model: models/base-tiny\n")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ResultsError("no predictions"), 1, "speakor: no predictions\n"),
        (OSError(28, "No space left on device"), 1, "No space left"),
        (KeyboardInterrupt(), 130, "speakor: stopped\n"),
        (TrainingInterrupted("SIGINT at step 3"), 130, "speakor: SIGINT at step 3\n"),
    ],
)
def test_failures_have_a_message_and_a_code(monkeypatch, capsys, error, code, words):
    def fail(*_arguments):
        raise error

    monkeypatch.setattr("speakor_common.pipeline.verify.check_numbers", fail)
    assert cli.main(["verify"]) == code
    shown = capsys.readouterr().err
    assert words in shown and "Traceback" not in shown


TALK = """
import sys
from speakor_common import cli, cli_options

@cli.app.command()
def talk():
    for number in range(100_000):
        cli_options.say(number)

sys.exit(cli.main(["talk"]))
"""


def talk(**streams):
    command = [sys.executable, "-c", TALK]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, **streams)


def test_a_reader_who_has_enough_ends_it_quietly():
    process = talk(stdout=subprocess.PIPE)
    assert process.stdout.readline() == "0\n"
    process.stdout.close()
    assert process.stderr.read() == "" and process.wait(60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's full device")
def test_a_full_disk_is_said():
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        process = talk(stdout=full)
        complaint = process.stderr.read()
        assert process.wait(60) == 1
    assert complaint == "speakor: [Errno 28] No space left on device\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_ctc(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def clips(tmp_path, monkeypatch):
    """A readable and a broken file; the tone in the first one passes for speech."""
    spoken = "speakor_common.recognition.transcriber.somebody_speaks"
    monkeypatch.setattr(spoken, lambda samples: True)
    good = write(tmp_path / "a.wav", encoded(tone()))
    bad = write(tmp_path / "b.wav", b"text")
    return str(good), str(bad)


def test_a_single_file_is_printed_as_its_text(model, clips, capsys):
    good, _ = clips
    command = ["transcribe", good, "--model", str(model)]
    assert cli.main([*command, "--json", "--timestamps"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["source"] == good and record["duration_s"] == 1.0

    assert cli.main([*command, "--timestamps"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == record["text"] and len(lines) == 1 + len(record["words"])


def test_of_several_files_each_is_named_and_broken_ones_too(model, clips, capsys):
    good, bad = clips
    command = ["transcribe", bad, good, "--model", str(model)]
    assert cli.main(command) == 1
    out, err = capsys.readouterr()
    broken, whole = out.splitlines()
    assert broken == f"{bad}\t[unreadable]" and whole.startswith(f"{good}\t")
    assert "b.wav" in err and "1 of 2 files" in err and "Traceback" not in err

    assert cli.main([*command, "--json"]) == 1
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["status"] for record in records] == ["unreadable", "ok"]
    assert "words" not in records[1] and "b.wav" in records[0]["problem"]


def test_that_nobody_speaks_is_no_failure(model, tmp_path, capsys):
    silent = write(tmp_path / "c.wav", encoded(0 * tone()))
    assert cli.main(["transcribe", str(silent), "--model", str(model)]) == 0
    out, err = capsys.readouterr()
    assert out == "[no_speech]\n" and "c.wav" in err


def test_a_model_that_is_not_there_is_named_with_what_to_do(home, clips, capsys):
    assert cli.main(["transcribe", clips[0]]) == 1
    shown = capsys.readouterr().err
    assert "no model in models/exp05" in shown and "speakor train exp05" in shown
    assert cli.main(["export", "exp05"]) == 1
    assert "speakor train exp05" in capsys.readouterr().err


def test_every_option_is_explained():
    for application in (cli.app, cli_models.models):
        for command in application.registered_commands:
            for parameter in signature(command.callback, eval_str=True).parameters.values():
                (option,) = parameter.annotation.__metadata__
                assert option.help, (command.callback, parameter.name)


def test_printing_goes_out_at_once(capsys):
    cli_options.say("one")
    cli_options.complain("two")
    assert capsys.readouterr() == ("one\n", "speakor: two\n")
