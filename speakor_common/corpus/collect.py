"""Labels and recordings of a corpus → manifest, quarantine and what was skipped.

A reader finds labels in its corpus's own form and hands them to a :class:`Collector`, which is
the same for all corpora: it turns labels into text, joins them with audio by file name stem in
NFC, never by path, and gives every clip one outcome. What cannot be used goes to the quarantine
with file and reason; one bad item never stops a run, many do.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from speakor_common import audio
from speakor_common.corpus.files import Entry, Rejected, Skipped, walk
from speakor_common.corpus.label_pass import ReadFile, read_labels
from speakor_common.corpus.labelled_clips import (
    Finding,
    LabelledClip,
    Outcome,
    Refused,
    count_reasons,
    settle,
    unfit,
)
from speakor_common.corpus.recording_checks import RecordingChecks
from speakor_common.corpus.schema import (
    MANIFEST_COLUMNS,
    QUARANTINE_COLUMNS,
    SKIPPED_COLUMNS,
    Corpus,
    ReadOptions,
)
from speakor_common.errors import AudioError, CorpusError

_SAME_LENGTH = 0.1  # seconds; coders pad a little
_SECOND_FORM = "second form of a label"


class Collector:
    """What is known so far of one corpus: its recordings, one label a clip, what was left out."""

    def __init__(self, options: ReadOptions) -> None:
        self.options = options
        self.sounds: dict[str, Entry] = {}
        self._labels: dict[str, Outcome] = {}
        self._rejected: list[tuple[str, str]] = []
        self._lost_labels = 0  # labels that name no clip
        self._skipped: dict[str, tuple[int, str]] = {}

    # what a reader calls

    def find_labels(
        self, root: Path, is_label: Callable[[Entry], object], expected: str
    ) -> list[Entry]:
        """Label files below a root; recordings among the others are kept here.

        Args:
            is_label: whether a file holds labels, by its name.
            expected: what the corpus looks like, for messages.

        Raises:
            CorpusError: no such root, or no label in it.
        """
        if not root.is_dir():
            raise CorpusError(f"corpus root {root} is not a folder; {expected}")
        labels: list[Entry] = []
        for item in walk(root):
            if isinstance(item, Rejected):
                self.reject(item.where, item.reason)
            elif isinstance(item, Skipped):
                self.skip(item.where, item.reason)
            elif is_label(item):
                labels.append(item)
            elif item.suffix in audio.EXTENSIONS:
                self.add_sound(item)
            else:
                self.skip(item.where, "neither label nor recording")
        if not labels:
            raise CorpusError(
                f"{root}: {len(self.sounds)} audio files but no label; {expected}"
                f"{self._complaints()}"
            )
        return labels

    def reject(self, where: str, reason: str, is_label: bool = False) -> None:
        """Quarantine a file or row; ``is_label`` if it is the label of some clip."""
        self._rejected.append((where, reason))
        self._lost_labels += is_label

    def skip(self, where: str, reason: str) -> None:
        """Count a file that is not needed and whose absence would change nothing."""
        count, example = self._skipped.get(reason, (0, where))
        self._skipped[reason] = (count + 1, example)

    def add_sound(self, entry: Entry) -> None:
        """A recording; a second one of the same name is skipped if it is the same recording."""
        first = self.sounds.setdefault(entry.stem, entry)
        if first is entry:
            return
        if _same_recording(first, entry):
            self.skip(entry.where, "same recording once more")
        else:
            self.reject(entry.where, f"duplicate audio name (another is {first.where})")

    def read_labels(self, entries: list[Entry], read_file: ReadFile, progress: bool) -> None:
        """All that label files say; see :func:`.label_pass.read_labels`."""
        for finding in read_labels(entries, read_file, self.options, progress):
            self.take(finding)

    def take(self, finding: Finding) -> None:
        """What a file or row says; of several forms of one label the first usable one counts."""
        if isinstance(finding, Refused):
            self.reject(finding.where, finding.reason, finding.is_label)
        else:
            self._settle(finding)

    def add_label(self, clip: LabelledClip) -> None:
        """A label, its text taken from its marks here."""
        self.take(settle(clip, self.options))

    def add_unfit_label(self, stem: str, where: str, form: str, reason: str) -> None:
        """A label that cannot be read although it shows whose it is."""
        self.take(unfit(stem, where, form, reason))

    def has_label(self, stem: str) -> bool:
        return stem in self._labels

    def _complaints(self) -> str:
        """What was rejected so far, for the message of an error; ``""`` if nothing."""
        reasons = count_reasons(reason for _, reason in self._rejected)
        return f"; rejected so far: {reasons}" if reasons else ""

    # one outcome a clip

    def _settle(self, new: Outcome) -> None:
        first = self._labels.get(new.clip.stem)
        if first is None:
            self._labels[new.clip.stem] = new
        elif not first.text:
            # The usable one counts. If neither is, the clip stays in the quarantine once.
            kept, spare = (new, first) if new.text else (first, new)
            self._labels[new.clip.stem] = kept
            self.skip(spare.clip.where, _SECOND_FORM)

        # There is a usable one: the same again is harmless in another form only.
        elif new.clip.form == first.clip.form:
            self.reject(new.clip.where, f"duplicate id (also {first.clip.where})", is_label=True)
        elif new.text in ("", first.text):
            self.skip(new.clip.where, _SECOND_FORM)

        # One of the two is wrong, and nobody knows which.
        else:
            reason = f"two labels that differ (the other is {new.clip.where})"
            self._labels[new.clip.stem] = Outcome(first.clip, reason=reason)

    # labels → rows

    def finish(self, root: Path, progress: bool = False) -> Corpus:
        """Join labels and audio.

        Raises:
            CorpusError: more labelled clips were rejected than the options allow.
        """
        rows = []
        bad_clips = 0
        lengths = self._lengths(progress)

        # rows of clips with both
        for outcome in self._labels.values():
            try:
                rows.append(self._row(outcome, lengths))
            except CorpusError as error:
                self._rejected.append((outcome.clip.where, str(error)))
                bad_clips += 1
        self._check_share(root, bad_clips + self._lost_labels)

        # recordings nobody described
        for stem, entry in self.sounds.items():
            if stem not in self._labels:
                self._rejected.append((entry.where, "audio without label"))

        manifest = pd.DataFrame(rows, columns=list(MANIFEST_COLUMNS))
        skipped = [(reason, count, example) for reason, (count, example) in self._skipped.items()]
        return Corpus(
            manifest.sort_values("utterance_id", ignore_index=True),
            pd.DataFrame(self._rejected, columns=list(QUARANTINE_COLUMNS)),
            pd.DataFrame(skipped, columns=list(SKIPPED_COLUMNS)),
        )

    def _lengths(self, progress: bool) -> dict[str, float]:
        """Seconds by reference of all recordings with a usable label, -1 of unreadable ones."""
        usable = [stem for stem, outcome in self._labels.items() if not outcome.reason]
        references = [self.sounds[stem].reference for stem in usable if stem in self.sounds]
        checks = RecordingChecks(self.options.keep, self.options.workers, progress)
        return checks.seconds(references)

    def _row(self, outcome: Outcome, lengths: dict[str, float]) -> dict[str, Any]:
        if outcome.reason:
            raise CorpusError(outcome.reason)
        sound = self.sounds.get(outcome.clip.stem)
        if sound is None:
            raise CorpusError("missing audio")
        seconds = lengths[sound.reference]
        if reason := self._unfit_length(seconds):
            raise CorpusError(reason)

        # columns a reader may not decide
        own = {
            "utterance_id": outcome.clip.stem,
            "audio": sound.reference,
            "text": outcome.text,
            "raw_text": outcome.clip.raw_text,
            "duration_s": seconds,
        }
        return dict.fromkeys(MANIFEST_COLUMNS, "") | {"category": 0} | outcome.clip.fields | own

    def _unfit_length(self, seconds: float) -> str:
        """Why a recording of that length is not used, or ``""``."""
        if seconds < 0:
            return "undecodable audio"
        if seconds == 0:
            return "empty audio"
        if seconds < self.options.min_seconds:
            return f"shorter than {self.options.min_seconds} s"
        if seconds > self.options.max_seconds:
            return f"longer than {self.options.max_seconds} s"
        return ""

    def _check_share(self, root: Path, rejected: int) -> None:
        """Stop where so many labelled clips are bad that something else must be wrong."""
        labelled = len(self._labels) + self._lost_labels
        allowed = self.options.max_rejected
        if labelled < self.options.few_clips or rejected <= allowed * labelled:
            return
        raise CorpusError(
            f"{root}: {rejected} of {labelled} labelled clips rejected, at most {allowed:.0%} "
            f"are allowed; {count_reasons(reason for _, reason in self._rejected)}"
        )


def _same_recording(first: Entry, second: Entry) -> bool:
    """Whether two files of one name hold the same: equal bytes, or another format as long."""
    try:
        if first.suffix == second.suffix:
            return first.read() == second.read()
        lengths = audio.duration(first.reference), audio.duration(second.reference)
        return abs(lengths[0] - lengths[1]) < _SAME_LENGTH
    except AudioError:
        return False
