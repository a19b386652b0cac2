"""Work dealt to processes, one a core.

A network as small as the sample's, a beam search, an audio decoder and an aligner each keep one
core busy, whatever the machine has; several at a time keep all of them busy. What a process
needs once, a model or a synthesiser, is loaded by an *initializer*, not with every job.
"""

from __future__ import annotations

import importlib
import itertools
import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import psutil
from tqdm import tqdm

from speakor_common.errors import SpeakorError

_MEMORY = 3 * 2**30  # bytes of a process: libraries, a model as large as AI Hub's, a batch
_PENDING = 3  # jobs a process waiting or at work; more would only hold their arguments in memory


def on_cores(
    function: Callable[..., Any],
    jobs: Sequence[tuple],
    most: int,
    initializer: Callable[..., None] | None = None,
    initargs: tuple = (),
    memory: int = 0,
    progress: str = "",
) -> Iterator[Any]:
    """Results of ``function(*job)`` in the order of the jobs, by as many processes as have room.

    With one core, little memory or a single job this process does the work itself. Few jobs are
    under way at a time, so ``jobs`` may hold data that are large together.

    Args:
        function: of a module's top level, so that other processes find it. A module that
            computes with PyTorch imports it at its top: its threads are shared out then.
        most: processes, whatever the machine has.
        initializer: called as ``initializer(*initargs)`` once in every process before its first
            job, also in this one; also of a module's top level.
        memory: bytes one process needs, 0 for a model and its batch; fewer processes start where
            not all of them fit.
        progress: what a progress bar says; without it there is none.

    Raises:
        SpeakorError: a process was ended from outside, as the system does when memory runs out.
    """
    bar = tqdm(total=len(jobs), desc=progress, disable=not progress)
    with bar:
        for result in _results(function, jobs, most, initializer, initargs, memory):
            bar.update()
            yield result


def _results(
    function: Callable[..., Any],
    jobs: Sequence[tuple],
    most: int,
    initializer: Callable[..., None] | None,
    initargs: tuple,
    memory: int,
) -> Iterator[Any]:
    cores = os.cpu_count() or 1
    room = psutil.virtual_memory().available // (memory or _MEMORY)
    workers = min(cores, most, len(jobs), room)

    # alone
    if workers <= 1:
        if initializer and jobs:
            initializer(*initargs)
        yield from itertools.starmap(function, jobs)
        return

    # together
    pool = executor(workers, function.__module__, cores // workers, initializer, initargs)
    try:
        yield from _in_order(pool, function, jobs, _PENDING * workers)
    except BrokenProcessPool as error:
        raise SpeakorError(
            f"a process running {function.__module__}.{function.__name__} was ended from outside, "
            "probably because memory ran out; close other programs or give fewer processes"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ProcessPoolExecutor,
    function: Callable[..., Any],
    jobs: Iterable[tuple],
    most_pending: int,
) -> Iterator[Any]:
    """Results in the order of the jobs, of which at most so many are handed out unfinished."""
    pending: deque[Future] = deque()
    for job in jobs:
        pending.append(pool.submit(function, *job))
        if len(pending) >= most_pending:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def executor(
    workers: int,
    module: str,
    threads: int | None = None,
    initializer: Callable[..., None] | None = None,
    initargs: tuple = (),
) -> ProcessPoolExecutor:
    """Processes that do not inherit this one's threads and locks, as forked ones would.

    Args:
        module: imported once for all of them where the system allows.
        threads: of PyTorch in each, if ``module`` imports it; PyTorch's own choice if not given.
        initializer: called as ``initializer(*initargs)`` at the start of each.
    """
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if "forkserver" in methods:
        context.set_forkserver_preload([module])
    return ProcessPoolExecutor(
        workers, context, initializer=_start, initargs=(module, threads, initializer, initargs)
    )


def _start(
    module: str,
    threads: int | None,
    initializer: Callable[..., None] | None,
    initargs: tuple,
) -> None:
    """First steps of a process: its module, its share of the threads, the caller's initializer."""
    importlib.import_module(module)
    if threads and "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(max(1, threads))
    if initializer:
        initializer(*initargs)
