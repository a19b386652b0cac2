"""Commands of ``speakor`` for models and recordings: transcribe, check-real, export, push.

See :mod:`speakor_common.cli` for exit codes and for why imports stand inside the functions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from speakor_common import paths
from speakor_common.cli_options import ExperimentName, ProfileName, complain, say
from speakor_common.errors import SpeakorError

models = typer.Typer(rich_markup_mode=None)

ModelName = Annotated[str, typer.Option(help="model directory, name under models/, or Hub id")]


@models.command()
def transcribe(
    files: Annotated[list[str], typer.Argument(help="audio files")],
    model: ModelName = "exp05",
    as_json: Annotated[
        bool, typer.Option("--json", help="one JSON object a file and line")
    ] = False,
    timestamps: Annotated[
        bool,
        typer.Option("--timestamps", help="also start, end and confidence of words (CTC models)"),
    ] = False,
) -> None:
    """Transcribe audio files.

    A file that cannot be read, or in which nobody speaks, has a row that says so; the others are
    transcribed all the same.
    """
    from transformers.utils import logging

    from speakor_common.pipeline.model_names import find_model
    from speakor_common.recognition.transcriber import Transcriber
    from speakor_common.show import transcripts

    # Advice for those who write recognisers, and a bar for a load of seconds.
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    transcriber = Transcriber.from_pretrained(find_model(model))
    show = transcripts.as_json if as_json else transcripts.as_text
    failed = 0
    for transcript in transcripts.transcribe_files(transcriber, files):
        say(show(transcript, timestamps, named=len(files) > 1))
        if transcript.problem:
            complain(transcript.problem)
        failed += transcript.status == "unreadable"
    if failed:
        raise SpeakorError(f"{failed} of {len(files)} files could not be read")


@models.command()
def check_real(
    folder: Annotated[Path, typer.Argument(help="clips, and a transcripts.tsv that names them")],
    publish: Annotated[
        bool, typer.Option("--publish", help="also write results/<folder>.json, to be committed")
    ] = False,
) -> None:
    """Measure every model on clips of people.

    The table has the columns file, speaker, seconds and text. Rates go to
    results/real/<folder>/rates.json; no text and no audio is kept in the project.
    """
    from speakor_common.pipeline import check_real
    from speakor_common.show.real_rates import rates_text

    report = check_real.check_real(folder)
    say(rates_text(report))
    if publish:
        say(f"written: {paths.relative(check_real.publish_rates(report))}")


@models.command()
def export(
    model: Annotated[str, typer.Argument(help="model directory or name under models/")],
    fp32: Annotated[
        bool, typer.Option("--fp32", help="keep the weights as they are instead of 8 bits")
    ] = False,
) -> None:
    """Write a trained CTC model as ONNX (extra 'onnx').

    It goes to <model>-onnx, beside the model.
    """
    from speakor_common.models.export import export_ctc
    from speakor_common.pipeline.model_names import find_model

    say(f"exported: {paths.relative(export_ctc(find_model(model), int8=not fp32))}")


@models.command()
def push(
    experiment: ExperimentName,
    repository: Annotated[str, typer.Argument(help="user/name on the Hub")],
    public: Annotated[
        bool, typer.Option("--public", help="visible to everyone; default private")
    ] = False,
    profile: ProfileName = "sample",
) -> None:
    """Upload a trained model with its card to the Hub."""
    from speakor_common.pipeline import publish

    say(publish.push(paths.model(experiment, profile), repository, private=not public))
