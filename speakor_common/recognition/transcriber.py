"""Audio → text with any model of this project: ``transcribe_audio`` and :class:`Transcriber`.

Sources are decoded and recognised in groups; long files are streamed, so that they take no more
memory than short ones. What recognises is decided by the model directory
(:mod:`speakor_common.recognition.recognisers`).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from speakor_common.audio import (
    RATE,
    Source,
    blocks,
    decode,
    describe,
    duration,
    is_file,
    level_speech,
    measure_level,
)
from speakor_common.decoding.words import Hypothesis, Word
from speakor_common.errors import AudioError
from speakor_common.models.checkpoints import find_checkpoint
from speakor_common.models.voice_activity import somebody_speaks
from speakor_common.recognition.recognisers import Recogniser, load_recogniser
from speakor_common.recognition.segments import segments

_GROUP = 256  # sources decoded at a time
_STREAMED_S = 120.0  # a file that lasts longer is streamed
_SEGMENTS = 16  # of a streamed file, recognised at a time


Status = Literal["ok", "no_speech", "unreadable"]


@dataclass(frozen=True)
class Transcript:
    """What was recognised in one source.

    Attributes:
        source: the source as given, for messages and tables.
        text: normalised Korean; empty unless the status is ``ok``.
        duration_s: of the source; 0 where it is unreadable.
        words: with times and confidence; empty for Whisper models.
        status: ``ok``; ``no_speech``: nobody speaks; ``unreadable``: the audio cannot be decoded.
        problem: what to tell people unless the status is ``ok``.
    """

    source: str
    text: str = ""
    duration_s: float = 0.0
    words: tuple[Word, ...] = ()
    status: Status = "ok"
    problem: str = ""


class Transcriber:
    """A recogniser loaded once and used many times.

    Threads may share one: files are decoded side by side, and one call at a time is recognised. A
    beam search and a shortened Whisper encoder hold state, and a single call uses all cores.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self.recogniser = recogniser
        self._one_at_a_time = threading.Lock()

    @classmethod
    def from_pretrained(cls, model: str | Path, device: str | None = None) -> Transcriber:
        """Load a model directory, a project model name (``exp05``) or a Hub id.

        Args:
            device: of PyTorch; a GPU if there is one, else the CPU, if not given.

        Raises:
            CheckpointError: not found, or of a model type that is not known.
        """
        return cls(load_recogniser(find_checkpoint(model), device))

    def transcribe(self, sources: Sequence[Source]) -> list[Transcript]:
        """Transcribe any number of sources of any length; order kept.

        A source that cannot be decoded, or in which nobody speaks, has a status that says so, and
        stops none of the others.
        """
        transcripts: dict[int, Transcript] = {}
        for start in range(0, len(sources), _GROUP):
            group = range(start, min(start + _GROUP, len(sources)))
            transcripts |= self._transcribe_group({n: sources[n] for n in group})
        return [transcripts[position] for position in range(len(sources))]

    def _transcribe_group(self, sources: Mapping[int, Source]) -> dict[int, Transcript]:
        """Long files one by one, the others decoded first and recognised together."""
        transcripts: dict[int, Transcript] = {}
        waves: dict[int, np.ndarray] = {}
        for position, source in sources.items():
            try:
                if _is_long(source):
                    transcripts[position] = self._transcribe_stream(source)
                else:
                    waves[position] = level_speech(decode(source))
            except AudioError as error:
                transcripts[position] = _unreadable(source, error)

        # Where nobody speaks a recogniser would write words all the same.
        spoken = {n: wave for n, wave in waves.items() if somebody_speaks(wave)}
        hypotheses = dict(zip(spoken, self._recognise(list(spoken.values())), strict=True))
        for position, wave in waves.items():
            hypothesis = hypotheses.get(position)
            seconds = len(wave) / RATE
            transcripts[position] = _transcript(sources[position], hypothesis, seconds)
        return transcripts

    def _transcribe_stream(self, source: Source) -> Transcript:
        """A long file segment by segment, in flat memory."""
        # One level for all of it, so the file is read before it is recognised.
        level = measure_level(blocks(source))
        levelled = (level.apply(block) for block in blocks(source))

        # Segments in which nobody speaks are left out.
        joined: Hypothesis | None = None
        pending: list[tuple[int, np.ndarray]] = []
        for start, samples in segments(levelled, self.recogniser.segment_lengths):
            if somebody_speaks(samples):
                pending.append((start, samples))
            if len(pending) == _SEGMENTS:
                joined = self._followed_by(joined or Hypothesis(""), pending)
                pending = []
        if pending:
            joined = self._followed_by(joined or Hypothesis(""), pending)
        return _transcript(source, joined, duration(source))

    def _followed_by(
        self, joined: Hypothesis, pending: Sequence[tuple[int, np.ndarray]]
    ) -> Hypothesis:
        hypotheses = self._recognise([samples for _, samples in pending])
        for (start, _), hypothesis in zip(pending, hypotheses, strict=True):
            joined = joined.followed_by(hypothesis, start / RATE)
        return joined

    def _recognise(self, waves: list[np.ndarray]) -> list[Hypothesis]:
        with self._one_at_a_time:
            return self.recogniser.recognise(waves)


def transcribe_audio(path: Source, model: str | Path = "exp05") -> str:
    """Text of one recording: what the learner meant, in standard Korean; empty if nobody speaks.

    Args:
        path: audio file, bytes, or ``(array, rate)``.
        model: model directory, project model name or Hub id; loaded once a process.

    Raises:
        AudioError: no readable audio.
        CheckpointError: no such model, or one that cannot be loaded.
    """
    with _loading:  # threads that ask first wait for one load
        transcriber = _cached_transcriber(str(model))
    transcript = transcriber.transcribe([path])[0]
    if transcript.status == "unreadable":
        raise AudioError(transcript.problem)
    return transcript.text


_loading = threading.Lock()


@lru_cache(maxsize=2)
def _cached_transcriber(model: str) -> Transcriber:
    return Transcriber.from_pretrained(model)


def _transcript(source: Source, hypothesis: Hypothesis | None, seconds: float) -> Transcript:
    """A transcript of what was decoded; no hypothesis means that nobody speaks."""
    name = describe(source)
    if hypothesis is None:
        problem = f"{name}: nobody speaks in {seconds:.1f} s; is it the right microphone?"
        return Transcript(name, duration_s=round(seconds, 3), status="no_speech", problem=problem)
    return Transcript(name, hypothesis.text, round(seconds, 3), hypothesis.words)


def _unreadable(source: Source, error: AudioError) -> Transcript:
    return Transcript(describe(source), status="unreadable", problem=str(error))


def _is_long(source: Source) -> bool:
    """Whether it is a file on its own that lasts too long to be decoded at once."""
    if isinstance(source, (bytes, tuple)) or not is_file(source):
        return False
    return duration(source) > _STREAMED_S
