"""``speakor``: prepare, train, transcribe, evaluate, reproduce, synthesize.

Heavy modules are imported inside commands, so that ``speakor --help`` answers at once.
Exit codes: 0 success, 1 an expected failure (message on standard error), 2 wrong usage,
130 interrupted; training saved a checkpoint before.
"""

from __future__ import annotations

import argparse
import ast
import json
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from speakor_common.errors import SpeakorError, TrainingInterrupted

if TYPE_CHECKING:
    from speakor_common.evaluation.transcribe import Transcript


FAILED, INTERRUPTED = 1, 130
FILES = 64  # transcribed together


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
    parser = argparse.ArgumentParser(prog="speakor", description="Recognisers for non-native Korean speech.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, function, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(command=function)
        return command

    def add_profile(command: argparse.ArgumentParser) -> None:
        command.add_argument("--profile", default="sample", help="smoke, sample (default) or aihub")
        command.add_argument("--seed", type=int, default=1, help="training seed (default 1)")

    prepare = add("prepare", _prepare, "Read, split, audit and store a corpus.")
    add_profile(prepare)
    prepare.add_argument("--data", default="", help="corpus root as delivered; default: the shipped sample")
    prepare.add_argument("--exclude", default="", help="review.csv of the explorer: leave out what it tags as unusable")

    train = add("train", _train, "Train an experiment on a prepared corpus.")
    train.add_argument(
        "experiment", help="exp01, exp02, exp04, exp05, exp05-as-run, exp06, whisper; base-tiny or listener-tiny make what is shipped"
    )
    train.add_argument("--set", nargs="+", default=[], metavar="FIELD=VALUE", help="change preset fields, e.g. learning_rate=1e-4 epochs=3")
    train.add_argument("--merge", action="store_true", help="whisper: also write a stock model with the adapter merged in")
    add_profile(train)

    transcribe = add("transcribe", _transcribe, "Transcribe audio files.")
    transcribe.add_argument("files", nargs="+", help="audio files")
    transcribe.add_argument("--model", default="exp05", help="model directory, name under models/, or Hub id")
    transcribe.add_argument("--json", action="store_true", help="one JSON object a file and line")
    transcribe.add_argument("--timestamps", action="store_true", help="also start, end and confidence of every word (CTC models)")

    evaluate = add("evaluate", _evaluate, "Evaluate trained models on the test split (notebook 05).")
    add_profile(evaluate)

    predict = add("predict", _predict, "Transcribe the test split with every trained model; under torchrun the processes share it.")
    add_profile(predict)

    reproduce = add("reproduce", _reproduce, "Run the notebooks 01 to 05 headless.")
    add_profile(reproduce)
    reproduce.add_argument("--data", default="", help="corpus root as delivered; default: the shipped sample")
    reproduce.add_argument("--only", nargs="+", help="numbers of notebooks, e.g. 01 05")

    _add_further(add, add_profile)
    return parser


def _add_further(add: Callable[..., argparse.ArgumentParser], add_profile: Callable[[argparse.ArgumentParser], None]) -> None:
    """Commands beside the way from corpus to report: studies, publication, and remaking what is shipped."""
    study = add("study", _study, "Compare experiments over several seeds (hours on a CPU).")
    study.add_argument("study", choices=("ablation", "presets"), help="each change from exp01 to exp05, or the other presets against exp05")
    study.add_argument("--profile", default="sample", help="smoke, sample (default) or aihub")
    study.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="training seeds (default 1 2 3)")

    verify = add("verify", _verify, "Count every published number again from the predictions; a difference is a failure.")
    verify.add_argument("folder", nargs="?", type=Path, help="results folder; default results/sample")
    verify.add_argument("--write", action="store_true", help="write the table of the README anew")

    push = add("push", _push, "Upload a trained model with its card to the Hugging Face Hub.")
    push.add_argument("experiment", help="name of a trained experiment")
    push.add_argument("repository", help="user/name on the Hub")
    push.add_argument("--public", action="store_true", help="visible to everyone; default private")
    add_profile(push)

    synthesize = add("synthesize", _synthesize, "Rebuild the sample corpus (extra 'synthesis').")
    synthesize.add_argument("--target", type=Path, help="corpus root to write; default data/sample")
    synthesize.add_argument("--limit", type=int, help="only the first clips of every speaker")
    synthesize.add_argument("--processes", type=int, help="worker processes; default one per core")


def _prepare(options: argparse.Namespace) -> None:
    from speakor_common import paths
    from speakor_common.corpus.prepare import prepare
    from speakor_common.training.experiments import profile

    scale = profile(options.profile)
    root = Path(options.data) if options.data else paths.sample_corpus()
    done = prepare(root, paths.prepared(scale.name), scale.split, scale.native_l1, scale.embed_audio, exclude=options.exclude)
    print(f"{len(done.manifest)} utterances in {paths.relative(done.directory)}, {len(done.quarantine)} quarantined")


def _train(options: argparse.Namespace) -> None:
    from speakor_common import paths
    from speakor_common.training import base, listener, runs

    changes = _changes(options.set)
    shipped = {"base-tiny": base, listener.NAME: listener}
    if options.experiment in shipped:
        facts = shipped[options.experiment].train_from_sample(options.seed)
    else:
        facts = runs.train(options.experiment, options.profile, options.seed, **changes)
    print(f"{options.experiment}: {facts['steps']} steps, {facts['seconds']:.0f} s, {facts['peak_memory_mib']} MiB")
    model = paths.model(options.experiment, options.profile)
    print(f"model: {paths.relative(model)}")
    if options.merge:
        from speakor_common.training import whisper

        print(f"merged: {paths.relative(whisper.merge(model))}")


def _changes(pairs: list[str]) -> dict[str, object]:
    """``FIELD=VALUE`` arguments as Python values; what is no literal stays text."""
    changes: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SpeakorError(f"--set takes FIELD=VALUE, not {pair!r}")
        try:
            changes[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            changes[name] = value
    return changes


def _transcribe(options: argparse.Namespace) -> None:
    from speakor_common.errors import AudioError
    from speakor_common.evaluation.transcribe import Transcriber

    transcriber, unreadable = Transcriber.from_pretrained(options.model), 0
    groups = [options.files[start : start + FILES] for start in range(0, len(options.files), FILES)]
    while groups:
        group = groups.pop(0)
        try:
            for transcript in transcriber.transcribe(group):
                print(_shown(transcript, options.json, options.timestamps), flush=True)
        except AudioError as error:  # the other files are transcribed all the same
            if len(group) > 1:
                groups = [[file] for file in group] + groups
                continue
            print(f"speakor: {error}", file=sys.stderr)
            unreadable += 1
    if unreadable:
        raise AudioError(f"{unreadable} of {len(options.files)} files could not be transcribed")


def _shown(transcript: Transcript, as_json: bool, timestamps: bool) -> str:
    """A transcript as JSON or text; with timestamps, a line a word below it."""
    content = asdict(transcript)
    words = content.pop("words")
    if as_json:
        return json.dumps(content | ({"words": words} if timestamps else {}), ensure_ascii=False)
    lines = [f"{w['start_s']:.2f}\t{w['end_s']:.2f}\t{w['confidence']:.2f}\t{w['text']}" for w in words] if timestamps else []
    return "\n".join([transcript.text, *lines])


def _evaluate(options: argparse.Namespace) -> None:
    options.data, options.only = "", ["05"]
    _reproduce(options)


def _predict(options: argparse.Namespace) -> None:
    from speakor_common import paths, workflow

    folder = paths.results(options.profile) / "predictions"
    rows = workflow.predict_all(options.profile, folder, progress=True)
    if os.environ.get("RANK", "0") == "0":
        print(f"{len(rows)} predictions in {paths.relative(folder)}; notebook 05 takes them as they are")


def _reproduce(options: argparse.Namespace) -> None:
    from speakor_common import notebooks, paths

    if options.profile == "aihub" and not options.data and "01" in (options.only or ["01"]):
        raise SpeakorError("profile aihub needs the corpus: make reproduce PROFILE=aihub DATA=/path/to/131.인공지능…")
    notebooks.reproduce(options.profile, options.seed, options.data, options.only)
    print((paths.results(options.profile) / "result.txt").read_text(encoding="utf-8"), end="")


def _study(options: argparse.Namespace) -> None:
    from speakor_common import studies

    _, verdicts = studies.run(options.study, options.profile, tuple(options.seeds))
    print(verdicts.to_string(index=False))


def _verify(options: argparse.Namespace) -> None:
    from speakor_common import paths, verify
    from speakor_common.errors import ResultsError

    folder = (options.folder or paths.results("sample")).resolve()
    readmes = (paths.root() / "README.md", paths.root() / "README.ko.md") if folder == paths.results("sample").resolve() else ()
    for readme in readmes if options.write else ():
        verify.write_table(readme, folder)
    if found := verify.differences(folder, readmes):
        raise ResultsError(
            f"{len(found)} numbers in {paths.relative(folder)} do not follow from its predictions:\n" + "\n".join(found[:20])
        )
    print(f"all numbers of {', '.join(['metrics.json', 'result.txt', *(r.name for r in readmes)])} follow from the predictions")


def _push(options: argparse.Namespace) -> None:
    from speakor_common import paths, publish

    print(publish.push(paths.model(options.experiment, options.profile), options.repository, private=not options.public))


def _synthesize(options: argparse.Namespace) -> None:
    from speakor_common import paths
    from speakor_common.corpus.synthesis.build import build

    target = options.target or paths.sample_corpus()
    cache = paths.root() / "data" / "sample-clips"
    print(f"sample corpus written to {paths.relative(build(target, cache, options.processes, options.limit))}")


if __name__ == "__main__":
    sys.exit(main())
