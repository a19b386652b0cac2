"""Every recording of a corpus decoded once, by several processes, and never again.

AI Hub 505 is 340 GB, so there is one pass over it: whatever later steps need of a recording
(:class:`.Recording`) is found out while its bytes are at hand. Members of a zip are read in the
order they lie in, which is many times faster than any other on disks that turn and over networks.
What was found is kept as long as the file, or the zip around it, has the same size and time; so a
new archive costs what that archive costs, and a run that was stopped goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, fields
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from speakor_common import audio
from speakor_common.corpus.kept import file_state, fingerprint, read_kept, write_kept
from speakor_common.corpus.recording_headers import by_place, header_seconds, in_file_order
from speakor_common.corpus.recordings import Recording, check_recording
from speakor_common.parallel import on_cores

GROUP = 200  # recordings a job: some seconds of work
FOLDER = "recordings"
_VERSION = 2  # of what is checked; a change checks everything anew
_MEMORY = 2**29  # bytes of a process: libraries and one long clip
_HOUR = 3600  # seconds

State = list  # [size, time] of a file


class RecordingChecks:
    """What is known of the recordings of a corpus.

    Args:
        keep: prepared folder that keeps outcomes between calls; without it nothing is decoded,
            and only headers can be asked for.
        workers: processes at most.
    """

    def __init__(self, keep: Path | None, workers: int = 1, progress: bool = False) -> None:
        self.folder = keep / FOLDER if keep else None
        self.workers = workers
        self.progress = progress
        self._states: dict[str, State] = {}  # of files, asked for once

    def seconds(self, references: Iterable[str]) -> dict[str, float]:
        """Length by reference as headers say it, -1 where they cannot be read."""
        if self.folder is None:
            return header_seconds(references)
        return {ref: found.seconds for ref, found in self.check(references).items()}

    def table(self, references: pd.Series) -> pd.DataFrame:
        """The fields of :class:`.Recording` as columns, on the index of ``references``."""
        found = self.check(references)
        rows = [astuple(found[reference]) for reference in references]
        columns = [field.name for field in fields(Recording)]
        return pd.DataFrame(rows, index=references.index, columns=columns)

    def check(self, references: Iterable[str]) -> dict[str, Recording]:
        """What each recording is like, those that are not known decoded first.

        Raises:
            ValueError: there is no folder to keep outcomes in.
        """
        if self.folder is None:
            raise ValueError("recordings are decoded only where what they are like can be kept")

        # what is known already
        file_of = {reference: audio.split_reference(reference)[0] for reference in references}
        known = self._known()
        found = {ref: known[ref] for ref in file_of if ref in known}

        # what is new, with the state its files had before they were read
        groups = list(_groups({ref: file for ref, file in file_of.items() if ref not in found}))
        jobs = []
        for group in groups:
            states = {file_of[ref]: self._state(file_of[ref]) for ref in group}
            jobs.append((group, states, self.folder))
        for outcomes in self._done(jobs, sum(map(len, groups))):
            found.update(outcomes)
        return found

    def _done(self, jobs: list[tuple], clips: int) -> Iterator[dict[str, Recording]]:
        """Outcomes of the jobs, with a bar that says how many hours were read and what is left."""
        hours = 0.0
        with tqdm(
            total=clips, desc="recordings", unit="clip", disable=not (self.progress and clips)
        ) as bar:
            for outcomes in on_cores(_check_group, jobs, self.workers, memory=_MEMORY):
                hours += sum(max(found.seconds, 0) for found in outcomes.values()) / _HOUR
                bar.set_postfix_str(f"{hours:.1f} h of audio", refresh=False)
                bar.update(len(outcomes))
                yield outcomes

    def _known(self) -> dict[str, Recording]:
        """Kept outcomes of files that are as they were; what holds nothing else is removed."""
        known: dict[str, Recording] = {}
        for path in self.folder.glob("*.json"):
            kept = read_kept(path)
            if not isinstance(kept, dict) or kept.get("version") != _VERSION:
                path.unlink()
                continue

            same = {file for file, state in kept["files"].items() if state == self._state(file)}
            fresh = [row for row in kept["recordings"] if row[0] in same]
            known.update((file + member, Recording(*found)) for file, member, *found in fresh)
            if not fresh:
                path.unlink()
        return known

    def _state(self, file: str) -> State:
        if file not in self._states:
            self._states[file] = list(file_state(file)[1:])
        return self._states[file]


def _groups(file_of: dict[str, str]) -> Iterator[list[str]]:
    """Recordings of one zip or folder together, in the order they lie in there."""
    places = by_place(file_of)
    for place in sorted(places):
        members = in_file_order(place, places[place])
        for start in range(0, len(members), GROUP):
            yield members[start : start + GROUP]


def _check_group(
    references: list[str], states: dict[str, State], folder: Path
) -> dict[str, Recording]:
    """Check one group, and keep what it came to with the state of its files."""
    outcomes = {reference: check_recording(reference) for reference in references}
    rows = []
    for reference, found in outcomes.items():
        file = audio.split_reference(reference)[0]
        rows.append([file, reference[len(file) :], *astuple(found)])
    content = {"version": _VERSION, "files": states, "recordings": rows}
    write_kept(folder / f"{fingerprint(_VERSION, references, states)}.json", content)
    return outcomes
