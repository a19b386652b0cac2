"""What each ``speakor`` command does; the parser is in :mod:`speakor_common.cli`.

Heavy modules are imported inside, so that ``speakor --help`` answers at once.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import pkgutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from speakor_common.errors import SpeakorError

if TYPE_CHECKING:
    from speakor_common.recognition.transcriber import Transcript

FILES = 64  # transcribed together


def prepare(options: argparse.Namespace) -> None:
    from speakor_common import paths
    from speakor_common.corpus.prepare import prepare
    from speakor_common.training.profiles import get_profile

    scale = get_profile(options.profile)
    root = Path(options.data) if options.data else paths.sample_corpus()
    done = prepare(
        root,
        paths.prepared(scale.name),
        scale.split,
        scale.native_l1,
        scale.embed_audio,
        exclude=options.exclude,
    )
    print(
        f"{len(done.manifest)} utterances in {paths.relative(done.directory)}, {len(done.quarantine)} quarantined"
    )


def train(options: argparse.Namespace) -> None:
    from speakor_common import paths
    from speakor_common.shipped.presets import SHIPPED_MODELS
    from speakor_common.training import runs

    changes = _changes(options.set)
    if options.experiment in SHIPPED_MODELS:
        train_shipped = pkgutil.resolve_name(SHIPPED_MODELS[options.experiment])
        facts = train_shipped(options.seed)
    else:
        facts = runs.train_experiment(options.experiment, options.profile, options.seed, **changes)
    print(
        f"{options.experiment}: {facts['steps']} steps, {facts['seconds']:.0f} s, {facts['peak_memory_mib']} MiB"
    )
    model = paths.model(options.experiment, options.profile)
    print(f"model: {paths.relative(model)}")
    if options.merge:
        from speakor_common.models.whisper import merge_adapter

        print(f"merged: {paths.relative(merge_adapter(model))}")


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


def transcribe(options: argparse.Namespace) -> None:
    from speakor_common.errors import AudioError
    from speakor_common.recognition.transcriber import Transcriber

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
    lines = (
        [f"{w['start_s']:.2f}\t{w['end_s']:.2f}\t{w['confidence']:.2f}\t{w['text']}" for w in words]
        if timestamps
        else []
    )
    return "\n".join([transcript.text, *lines])


def evaluate(options: argparse.Namespace) -> None:
    options.data, options.only = "", ["05"]
    reproduce(options)


def predict(options: argparse.Namespace) -> None:
    from speakor_common import paths
    from speakor_common.pipeline import evaluate

    folder = paths.results(options.profile) / "predictions"
    rows = evaluate.predict_all(options.profile, progress=True)
    if os.environ.get("RANK", "0") == "0":
        print(
            f"{len(rows)} predictions in {paths.relative(folder)}; notebook 05 takes them as they are"
        )


def reproduce(options: argparse.Namespace) -> None:
    from speakor_common import paths
    from speakor_common.pipeline import notebooks

    if options.profile == "aihub" and not options.data and "01" in (options.only or ["01"]):
        raise SpeakorError(
            "profile aihub needs the corpus: make reproduce PROFILE=aihub DATA=/path/to/131.인공지능…"
        )
    notebooks.reproduce(options.profile, options.seed, options.data, options.only)
    print((paths.results(options.profile) / "result.txt").read_text(encoding="utf-8"), end="")


def study(options: argparse.Namespace) -> None:
    from speakor_common.pipeline import study

    _, verdicts = study.run_study(options.study, options.profile, tuple(options.seeds))
    print(verdicts.to_string(index=False))


def verify(options: argparse.Namespace) -> None:
    from speakor_common import paths
    from speakor_common.errors import ResultsError
    from speakor_common.pipeline import verify

    folder = (options.folder or paths.results("sample")).resolve()
    readmes = (
        (paths.root() / "README.md", paths.root() / "README.ko.md")
        if folder == paths.results("sample").resolve()
        else ()
    )
    for readme in readmes if options.write else ():
        verify.write_table(readme, folder)
    if found := verify.differences(folder, readmes):
        raise ResultsError(
            f"{len(found)} numbers in {paths.relative(folder)} do not follow from its predictions:\n"
            + "\n".join(found[:20])
        )
    print(
        f"all numbers of {', '.join(['metrics.json', 'result.txt', *(r.name for r in readmes)])} follow from the predictions"
    )


def export(options: argparse.Namespace) -> None:
    from speakor_common import paths
    from speakor_common.models import checkpoints
    from speakor_common.models.export import export_ctc

    print(
        f"exported: {paths.relative(export_ctc(checkpoints.find_checkpoint(options.model), int8=not options.fp32))}"
    )


def push(options: argparse.Namespace) -> None:
    from speakor_common import paths
    from speakor_common.pipeline import publish

    print(
        publish.push(
            paths.model(options.experiment, options.profile),
            options.repository,
            private=not options.public,
        )
    )


def synthesize(options: argparse.Namespace) -> None:
    from speakor_common import paths
    from speakor_common.shipped.synthesis.build import build

    target = options.target or paths.sample_corpus()
    cache = paths.root() / "data" / "sample-clips"
    print(
        f"sample corpus written to {paths.relative(build(target, cache, options.processes, options.limit))}"
    )
