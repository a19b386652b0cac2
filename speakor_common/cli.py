"""``speakor``: one function a command, whose signature is the options.

Here is the way from a corpus to a report; what is done with a model or a recording is in
:mod:`speakor_common.cli_models`. Everything heavy is imported inside the functions, so that
``speakor --help`` answers at once. Whatever cannot work is refused before anything starts or is
written.

Exit codes: 0 success; 1 an expected failure, with a message on standard error; 2 wrong usage;
130 interrupted, where training saved a checkpoint before.
"""

from __future__ import annotations

import ast
import logging
import os
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from speakor_common import paths
from speakor_common.cli_models import models
from speakor_common.cli_options import (
    DataRoot,
    ExperimentName,
    ProfileName,
    Prompts,
    Seed,
    complain,
    one_of,
    one_value_each,
    say,
    wrong_usage,
)
from speakor_common.errors import SpeakorError, TrainingInterrupted
from speakor_common.shipped.presets import SHIPPED_MODELS
from speakor_common.training.experiments import resolve_experiment
from speakor_common.training.preset import LoraTraining
from speakor_common.training.profiles import PROFILES

FAILED = 1
INTERRUPTED = 130
_SHIPPED_IN = "sample"  # the profile whose models lie where shipped ones do
STUDIES = ("ablation", "presets", "language-models")
_CHATTY = ("httpx", "papermill", "datasets", "transformers")  # libraries that log at INFO

app = typer.Typer(
    help="Recognisers for non-native Korean speech.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    given = one_value_each(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for library in _CHATTY:
        logging.getLogger(library).setLevel(logging.WARNING)

    # A command ends by SystemExit, its failures by an exception of ours.
    try:
        typer.main.get_command(app).main(given, prog_name="speakor")
    except SystemExit as end:
        if end.code == INTERRUPTED:
            complain("stopped")
        return int(end.code or 0)
    except (SpeakorError, OSError) as error:  # OSError: a full disk, a folder instead of a file
        complain(error)
        return INTERRUPTED if isinstance(error, TrainingInterrupted) else FAILED
    return 0


@app.command()
def prepare(
    profile: ProfileName = "sample",
    data: DataRoot = "",
    exclude: Annotated[
        str, typer.Option(help="review.csv of the explorer: leave out what it tags as unusable")
    ] = "",
    prompts: Prompts = "",
    reader: Annotated[
        str, typer.Option(help="form of the corpus, such as aihub-71479; default the profile's")
    ] = "",
) -> None:
    """Read, split, audit and store a corpus."""
    from speakor_common.pipeline.preparation import corpus_root, prepare_profile, split_policy

    with wrong_usage():
        corpus_root(PROFILES[profile], data)
        split_policy(PROFILES[profile], prompts)
    done = prepare_profile(profile, data, exclude, prompts=prompts, reader=reader)
    where = paths.relative(done.directory)
    say(f"{len(done.manifest)} utterances in {where}, {len(done.quarantine)} quarantined")


@app.command()
def train(
    experiment: ExperimentName,
    changes: Annotated[
        list[str],
        typer.Option("--set", metavar="FIELD=VALUE ...", help="e.g. learning_rate=1e-4 epochs=3"),
    ] = [],  # noqa: B006 - read only
    merge: Annotated[
        bool, typer.Option("--merge", help="also write a stock model with the adapter merged in")
    ] = False,
    profile: ProfileName = "sample",
    seed: Seed = 1,
) -> None:
    """Train an experiment on a prepared corpus.

    Or make again what is shipped: base-tiny, listener-tiny.
    """
    values = _values(changes)
    if experiment in SHIPPED_MODELS:
        if values or merge or profile != _SHIPPED_IN:
            raise typer.BadParameter(
                f"{experiment} is shipped; it takes neither --set nor --merge, nor another profile"
            )
        run = pkgutil.resolve_name(SHIPPED_MODELS[experiment])(seed)
    else:
        with wrong_usage():
            used, _, _ = resolve_experiment(experiment, profile, **values)
        if merge and not isinstance(used.training, LoraTraining):
            raise typer.BadParameter(f"{experiment} has no adapter that --merge could merge")
        from speakor_common.training.runs import train_experiment

        run = train_experiment(experiment, profile, seed, **values)

    # What it took, and where it is.
    model = paths.model(experiment, profile)
    took = f"{run['steps']} steps, {run['seconds']:.0f} s, {run['peak_memory_mib']} MiB"
    say(f"{experiment}: {took}\nmodel: {paths.relative(model)}")
    if merge:
        from speakor_common.models.whisper import merge_adapter

        say(f"merged: {paths.relative(merge_adapter(model))}")


def _values(changes: Sequence[str]) -> dict[str, Any]:
    """``FIELD=VALUE`` arguments as Python values; what is no literal stays text."""
    values: dict[str, Any] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise typer.BadParameter(f"--set takes FIELD=VALUE, not {change!r}")
        try:
            values[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            values[name] = value
    return values


@app.command()
def predict(profile: ProfileName = "sample") -> None:
    """Transcribe the test split with every trained model.

    Under torchrun the processes share it.
    """
    from speakor_common.pipeline.evaluate import predict_all

    rows = predict_all(profile, progress=True)
    if os.environ.get("RANK", "0") == "0":
        folder = paths.relative(paths.results(profile) / "predictions")
        say(f"{len(rows)} predictions in {folder}; notebook 05 takes them as they are")


@app.command()
def evaluate(profile: ProfileName = "sample", seed: Seed = 1) -> None:
    """Evaluate trained models on the test split: notebook 05."""
    reproduce(profile, seed, only=["05"])


@app.command()
def reproduce(
    profile: ProfileName = "sample",
    seed: Seed = 1,
    data: DataRoot = "",
    only: Annotated[
        list[str], typer.Option(metavar="NUMBER ...", help="of notebooks, e.g. 01 05")
    ] = [],  # noqa: B006 - read only
    prompts: Prompts = "",
) -> None:
    """Run the notebooks 01 to 05 headless."""
    from speakor_common.pipeline import notebooks
    from speakor_common.pipeline.preparation import corpus_root, split_policy

    with wrong_usage():
        chosen = notebooks.choose_notebooks(only)
        if notebooks.PREPARATION in chosen:
            corpus_root(PROFILES[profile], data)
            split_policy(PROFILES[profile], prompts)
    notebooks.reproduce(profile, seed, data, list(chosen), prompts)
    if notebooks.EVALUATION in chosen:
        say((paths.results(profile) / "result.txt").read_text(encoding="utf-8").rstrip())


@app.command()
def study(
    name: Annotated[
        str, typer.Argument(callback=one_of("study", STUDIES), help=", ".join(STUDIES))
    ],
    profile: ProfileName = "sample",
    seeds: Annotated[list[int], typer.Option(metavar="SEED ...", help="of training")] = [1, 2, 3],  # noqa: B006 - read only
) -> None:
    """Compare experiments over several seeds (hours on a CPU)."""
    from speakor_common.pipeline.study import run_study

    _, verdicts = run_study(name, profile, tuple(seeds))
    say(verdicts.to_string(index=False))


@app.command()
def verify(
    folder: Annotated[Path | None, typer.Argument(help="default results/sample")] = None,
    write: Annotated[
        bool, typer.Option("--write", help="write what is counted anew, READMEs' tables too")
    ] = False,
) -> None:
    """Count every published number again from predictions.

    A number that differs is a failure.
    """
    from speakor_common.pipeline.verify import check_numbers

    say(check_numbers(folder or paths.results("sample"), write))


@app.command()
def synthesize(
    target: Annotated[
        Path | None, typer.Option(help="corpus root to write; default data/sample")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="only the first clips of speakers")] = None,
    processes: Annotated[int | None, typer.Option(help="default one a core")] = None,
) -> None:
    """Rebuild the sample corpus (extra 'synthesis')."""
    from speakor_common.shipped.synthesis.build import build

    cache = paths.root() / "data" / "sample-clips"
    written = build(target or paths.sample_corpus(), cache, processes, limit)
    say(f"sample corpus written to {paths.relative(written)}")


app.add_typer(models)

if __name__ == "__main__":
    sys.exit(main())
