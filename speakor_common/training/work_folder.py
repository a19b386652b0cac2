"""The folder a run works in, and continues from after an interruption: whose run it holds.

A checkpoint goes on with whatever settings it meets, and says nothing of those it came from. So
beside the checkpoints lies what decides the run, and another run does not continue it. The number
of processes is among that: it multiplies the clips of a step, and decides which clip comes when.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from accelerate import PartialState

from speakor_common import paths
from speakor_common.errors import SpeakorError
from speakor_common.storage import read_json, write_json

IDENTITY_FILE = "identity.json"
_CHECKPOINTS = "checkpoint-*"  # as the Trainer calls them


def work_folder(output: Path) -> Path:
    """Where a run with this model directory keeps its checkpoints and logs."""
    return output.with_name(f"{output.name}.work")


def claim_work_folder(output: Path, identity: dict[str, Any]) -> None:
    """Find that a work folder holds this run, or make it this run's where no run can go on.

    What a run left behind that was stopped before its first checkpoint is removed. Under
    ``torchrun`` every process calls this; the first one writes.

    Args:
        identity: what decides the run; values that JSON can hold, also in objects.

    Raises:
        SpeakorError: the folder holds a checkpoint of another run, or of nobody knows which. (No
            TrainingError, which a study takes for the result of a run.)
    """
    work = work_folder(output)
    goes_on = any(work.glob(_CHECKPOINTS))
    if goes_on:
        _refuse_another_run(work, identity)

    # All have looked before one of them writes, and none goes on before it has.
    processes = PartialState()
    processes.wait_for_everyone()
    if not goes_on and processes.is_main_process:
        shutil.rmtree(work, ignore_errors=True)
        write_json(work / IDENTITY_FILE, identity)
    processes.wait_for_everyone()


def _refuse_another_run(work: Path, identity: dict[str, Any]) -> None:
    place = paths.relative(work)
    anew = f"delete {place} to start anew"
    file = work / IDENTITY_FILE
    if not file.is_file():
        raise SpeakorError(
            f"{place} holds an interrupted run, but no {IDENTITY_FILE} that says which; {anew}"
        )
    held = read_json(file)
    wanted = json.loads(json.dumps(identity))  # as it would be read again
    if held != wanted:
        raise SpeakorError(
            f"{place} holds an interrupted run that is not this one: "
            f"{'; '.join(_differences(held, wanted))}. "
            f"Run it as it was to continue it, or {anew}"
        )


def _differences(held: dict[str, Any], wanted: dict[str, Any]) -> Iterator[str]:
    """Each value that differs, as it was and as it is; those in objects under their own names."""
    for key in dict.fromkeys((*held, *wanted)):
        before = held.get(key)
        now = wanted.get(key)
        if isinstance(before, dict) and isinstance(now, dict):
            yield from _differences(before, now)
        elif before != now:
            yield f"{key} was {before}, is {now}"
