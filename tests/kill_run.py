"""From corpus to report on HOME/corpus and HOME/base, in a process that is killed on the way.

    python -m tests.kill_run HOME REPORT EVENT...

An *event* is something a crash can fall between: a file or folder put in its place, or a training
step. Each EVENT starts a process that is killed by SIGKILL before its event of that number (even)
or after it (odd); the last process runs to its end. What each came to, and how many events the last
one had, is appended to REPORT. All are forked from one process that has imported everything and
computed nothing.
"""

import os
import signal
import sys
import traceback
from pathlib import Path

import torch
from transformers import TrainerCallback

from speakor_common import paths
from speakor_common.corpus import prepare
from speakor_common.corpus.splits import SplitPolicy
from speakor_common.evaluation import summary
from speakor_common.pipeline import evaluate, listening
from speakor_common.show import report
from speakor_common.show.explorer import explorer
from speakor_common.storage import write_json, write_text
from speakor_common.training import runs
from speakor_common.training.preset import CTCTraining
from speakor_common.training.profiles import PROFILES, Profile

NAME = "seconds"


def pipeline(home: Path, happened) -> None:
    """What the notebooks do, in their order."""

    class Steps(TrainerCallback):
        def on_step_end(self, *args, **kwargs) -> None:
            happened(lambda: None)

    profile = PROFILES[NAME]
    prepare.prepare(home / "corpus", paths.prepared(NAME), profile.split, workers=1, progress=False)
    for experiment in ("exp01", "exp05"):
        short = {"epochs": 2, "batch_size": 4, "gradient_accumulation": 1}
        runs.train_experiment(experiment, NAME, 1, (Steps(),), **short)
    results = paths.results(NAME)
    predictions = evaluate.predict_all(NAME)
    metrics, best = summary.summarise_predictions(predictions), evaluate.choose_experiment(NAME)
    listening.write_feedback(NAME, predictions, best)
    write_json(results / "metrics.json", metrics)
    write_text(results / "result.txt", report.result_text(metrics, NAME, "test"))
    explorer.write_html(
        predictions, evaluate.audio_by_id(NAME).__getitem__, results / "explorer.html"
    )
    report.write_report(metrics, [], results / "report.html", "test")


def child(home: Path, kill_at: int | None, report_file: Path) -> None:
    torch.set_num_threads(1)
    count, replace = 0, os.replace

    def happened(action) -> None:
        nonlocal count
        fatal = count == kill_at
        if fatal and count % 2 == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        action()
        if fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1

    os.replace = lambda source, target, **kwargs: happened(
        lambda: replace(source, target, **kwargs)
    )
    pipeline(home, happened)
    with report_file.open("a", encoding="utf-8") as file:
        file.write(f"{count}\n")


def main(home: Path, report_file: Path, events: list[int]) -> None:
    os.environ["SPEAKOR_HOME"] = str(home)
    base = str(home / "base")
    PROFILES[NAME] = Profile(
        name=NAME,
        base={CTCTraining: base},
        listener=base,
        split=SplitPolicy(valid_speakers=0.25, test_speakers=0.25),
    )
    for event in [*events, None]:
        process = os.fork()
        if process == 0:
            try:
                child(home, event, report_file)
            except BaseException:
                traceback.print_exc()  # this process ends without the interpreter's farewell
                os._exit(1)
            os._exit(0)
        status = os.waitpid(process, 0)[1]
        with report_file.open("a", encoding="utf-8") as file:
            file.write(
                "killed\n"
                if os.WIFSIGNALED(status)
                else f"ended {os.waitstatus_to_exitcode(status)}\n"
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [int(event) for event in sys.argv[3:]])
