"""``speakor``: prepare, train, transcribe, evaluate, reproduce, synthesize. What each command does is in :mod:`speakor_common.commands`.

Exit codes: 0 success, 1 an expected failure (message on standard error), 2 wrong usage,
130 interrupted; training saved a checkpoint before.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from speakor_common import commands
from speakor_common.errors import SpeakorError, TrainingInterrupted

FAILED, INTERRUPTED = 1, 130


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for chatty in ("httpx", "papermill", "datasets", "transformers"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        options.command(options)
    except SpeakorError as error:
        print(f"speakor: {error}", file=sys.stderr)
        return INTERRUPTED if isinstance(error, TrainingInterrupted) else FAILED
    except OSError as error:  # a full or read-only disk, a folder where a file should be
        print(f"speakor: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("speakor: stopped", file=sys.stderr)
        return INTERRUPTED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="speakor", description="Recognisers for non-native Korean speech."
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, function, text: str) -> argparse.ArgumentParser:
        command = subparsers.add_parser(name, help=text, description=text)
        command.set_defaults(command=function)
        return command

    def add_profile(command: argparse.ArgumentParser) -> None:
        command.add_argument("--profile", default="sample", help="smoke, sample (default) or aihub")
        command.add_argument("--seed", type=int, default=1, help="training seed (default 1)")

    prepare = add("prepare", commands.prepare, "Read, split, audit and store a corpus.")
    add_profile(prepare)
    prepare.add_argument(
        "--data", default="", help="corpus root as delivered; default: the shipped sample"
    )
    prepare.add_argument(
        "--exclude",
        default="",
        help="review.csv of the explorer: leave out what it tags as unusable",
    )

    train = add("train", commands.train, "Train an experiment on a prepared corpus.")
    train.add_argument(
        "experiment",
        help="exp01, exp02, exp04, exp05, exp05-as-run, exp06, whisper; base-tiny or listener-tiny make what is shipped",
    )
    train.add_argument(
        "--set",
        nargs="+",
        default=[],
        metavar="FIELD=VALUE",
        help="change preset fields, e.g. learning_rate=1e-4 epochs=3",
    )
    train.add_argument(
        "--merge",
        action="store_true",
        help="whisper: also write a stock model with the adapter merged in",
    )
    add_profile(train)

    transcribe = add("transcribe", commands.transcribe, "Transcribe audio files.")
    transcribe.add_argument("files", nargs="+", help="audio files")
    transcribe.add_argument(
        "--model", default="exp05", help="model directory, name under models/, or Hub id"
    )
    transcribe.add_argument("--json", action="store_true", help="one JSON object a file and line")
    transcribe.add_argument(
        "--timestamps",
        action="store_true",
        help="also start, end and confidence of every word (CTC models)",
    )

    evaluate = add(
        "evaluate", commands.evaluate, "Evaluate trained models on the test split (notebook 05)."
    )
    add_profile(evaluate)

    predict = add(
        "predict",
        commands.predict,
        "Transcribe the test split with every trained model; under torchrun the processes share it.",
    )
    add_profile(predict)

    reproduce = add("reproduce", commands.reproduce, "Run the notebooks 01 to 05 headless.")
    add_profile(reproduce)
    reproduce.add_argument(
        "--data", default="", help="corpus root as delivered; default: the shipped sample"
    )
    reproduce.add_argument("--only", nargs="+", help="numbers of notebooks, e.g. 01 05")

    _add_further(add, add_profile)
    return parser


def _add_further(
    add: Callable[..., argparse.ArgumentParser],
    add_profile: Callable[[argparse.ArgumentParser], None],
) -> None:
    """Commands beside the way from corpus to report: studies, publication, and remaking what is shipped."""
    study = add("study", commands.study, "Compare experiments over several seeds (hours on a CPU).")
    study.add_argument(
        "study",
        choices=("ablation", "presets"),
        help="each change from exp01 to exp05, or the other presets against exp05",
    )
    study.add_argument("--profile", default="sample", help="smoke, sample (default) or aihub")
    study.add_argument(
        "--seeds", type=int, nargs="+", default=[1, 2, 3], help="training seeds (default 1 2 3)"
    )

    verify = add(
        "verify",
        commands.verify,
        "Count every published number again from the predictions; a difference is a failure.",
    )
    verify.add_argument(
        "folder", nargs="?", type=Path, help="results folder; default results/sample"
    )
    verify.add_argument("--write", action="store_true", help="write the table of the README anew")

    export = add(
        "export",
        commands.export,
        "Write a trained CTC model as ONNX, for CPUs without PyTorch's overhead (extra 'onnx').",
    )
    export.add_argument(
        "model", help="model directory or name under models/; written to <model>-onnx"
    )
    export.add_argument(
        "--fp32", action="store_true", help="keep the weights as they are instead of 8 bits"
    )

    push = add(
        "push", commands.push, "Upload a trained model with its card to the Hugging Face Hub."
    )
    push.add_argument("experiment", help="name of a trained experiment")
    push.add_argument("repository", help="user/name on the Hub")
    push.add_argument("--public", action="store_true", help="visible to everyone; default private")
    add_profile(push)

    synthesize = add(
        "synthesize", commands.synthesize, "Rebuild the sample corpus (extra 'synthesis')."
    )
    synthesize.add_argument("--target", type=Path, help="corpus root to write; default data/sample")
    synthesize.add_argument("--limit", type=int, help="only the first clips of every speaker")
    synthesize.add_argument("--processes", type=int, help="worker processes; default one per core")


if __name__ == "__main__":
    sys.exit(main())
