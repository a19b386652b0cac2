"""Work dealt to processes, one a core.

A network as small as the sample's, a beam search and an aligner each keep one core busy, whatever the machine has; several clips at
a time keep all of them busy.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import psutil

_MEMORY = (
    3 * 2**30
)  # bytes of a process: libraries, a model as large as those of AI Hub's profile, a batch


def executor(workers: int, module: str, threads: int | None = None) -> ProcessPoolExecutor:
    """Processes that do not inherit this one's threads and locks, as forked ones would.

    Args:
        module: imported once for all of them where the system allows.
        threads: of PyTorch in each; its own choice if not given.
    """
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if "forkserver" in methods:
        context.set_forkserver_preload([module])
    return ProcessPoolExecutor(
        workers, context, initializer=partial(_use_threads, threads) if threads else None
    )


def _use_threads(count: int) -> None:
    import torch

    torch.set_num_threads(count)


def on_cores(function: Callable[..., Any], jobs: Sequence[tuple], most: int) -> Iterator[Any]:
    """Results of ``function(*job)`` in the order of ``jobs``, by as many processes as cores and memory allow; by this one if that is one.

    Args:
        function: of a module's top level, so that other processes find it.
        most: processes, whatever the machine has.
    """
    cores = os.cpu_count() or 1
    workers = min(cores, most, len(jobs), psutil.virtual_memory().available // _MEMORY)
    if workers <= 1:
        yield from (function(*job) for job in jobs)
        return
    with executor(workers, function.__module__, max(1, cores // workers)) as pool:
        yield from pool.map(function, *zip(*jobs, strict=True))
