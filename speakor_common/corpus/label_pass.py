"""Label files read by several processes, and only those that are new or changed.

What labels say takes longer to find out than to read: minutes for the 660,000 of AI Hub 505.
Neighbouring files are read together, and what a group of them came to is kept as long as its
files, or their zip, the options and the code stay the same. A zip that comes to a corpus changes
no other group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from tqdm import tqdm

from speakor_common import audio
from speakor_common.corpus.files import Entry
from speakor_common.corpus.kept import (
    code_fingerprint,
    containers,
    file_state,
    fingerprint,
    read_kept,
    write_kept,
)
from speakor_common.corpus.labelled_clips import Finding, as_row, from_row
from speakor_common.corpus.schema import ReadOptions
from speakor_common.parallel import on_cores

GROUP = 2_000  # label files a job: some seconds of work
FOLDER = "labels"
_MEMORY = 2**29  # bytes of a process: libraries and one large table

ReadFile = Callable[[Entry, ReadOptions], Sequence[Finding]]


def read_labels(
    entries: Sequence[Entry], read_file: ReadFile, options: ReadOptions, progress: bool = False
) -> Iterator[Finding]:
    """What every label file says, in the order of the files.

    Args:
        read_file: what one file says; of a module's top level, so that processes find it.
        options: with ``keep`` what was read before is taken from there, and ``workers``
            processes read what is new; without it this process reads everything.
    """
    bar = tqdm(total=len(entries), desc="labels", unit="file", disable=not progress)
    with bar:
        if options.keep is None:
            for entry in entries:
                yield from read_file(entry, options)
                bar.update()
            return

        # what is new is read, and all is taken from where it is kept
        groups = {_path(group, read_file, options): group for group in _groups(entries)}
        new = [path for path in groups if read_kept(path) is None]
        jobs = [(groups[path], read_file, options, path) for path in new]
        bar.update(len(entries) - sum(len(groups[path]) for path in new))
        for read in on_cores(_read_group, jobs, options.workers, memory=_MEMORY):
            bar.update(read)
        for path in groups:
            yield from map(from_row, read_kept(path))
    for path in set((options.keep / FOLDER).glob("*.json")) - set(groups):
        path.unlink()


def _groups(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Neighbours of one zip or folder, so that a further one changes no other group."""
    for _, members in groupby(entries, _place):
        together = list(members)
        for start in range(0, len(together), GROUP):
            yield together[start : start + GROUP]


def _place(entry: Entry) -> str:
    return entry.archive or str(Path(entry.name).parent)


def _path(entries: list[Entry], read_file: ReadFile, options: ReadOptions) -> Path:
    """Where findings of these files, in this state, read in this way, are kept."""
    references = [entry.reference for entry in entries]
    files = [audio.split_reference(references[0])[0]] if entries[0].archive else references
    way = [read_file.__module__, options.dual_form, options.fillers, options.fragments]
    states = [file_state(file) for file in containers(files)]
    name = fingerprint(code_fingerprint(), way, references, states)
    return options.keep / FOLDER / f"{name}.json"


def _read_group(entries: list[Entry], read_file: ReadFile, options: ReadOptions, path: Path) -> int:
    """Read one group, keep what it came to, and say how many files that were."""
    write_kept(
        path, [as_row(finding) for entry in entries for finding in read_file(entry, options)]
    )
    return len(entries)
