"""Audio → text with any model of this project: ``transcribe_audio`` and :class:`Transcriber`.

Clips are sorted by length and batched, long files are streamed in pieces that end where it is quiet, and the
same class serves CTC directories, Whisper directories and PEFT adapters on Whisper.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from speakor_common.audio import (
    RATE,
    Source,
    blocks,
    decode,
    describe,
    duration,
    level_gain,
    level_peak,
)
from speakor_common.decoding.words import Hypothesis, Word
from speakor_common.errors import CheckpointError
from speakor_common.models.checkpoints import resolve
from speakor_common.recognition.recognisers import CTCRecogniser, Recogniser, WhisperRecogniser
from speakor_common.recognition.segments import segments
from speakor_common.storage import read_json

_FILES = 256  # decoded at a time
_LONG_S = 120.0  # beyond, a file is streamed
_PIECES = 16  # recognised at a time


@dataclass(frozen=True)
class Transcript:
    """What was heard in one source.

    Attributes:
        source: the source as given, for messages and tables.
        words: with times and confidence; empty for Whisper models.
    """

    source: str
    text: str
    duration_s: float
    words: tuple[Word, ...] = ()


class Transcriber:
    """A recogniser loaded once and used many times.

    Threads may share one: files are decoded side by side, and one call at a time is recognised, because a beam search
    and a shortened Whisper encoder hold state (a single call already uses all cores).
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self.recogniser = recogniser
        self._one_at_a_time = threading.Lock()

    @classmethod
    def from_pretrained(cls, model: str | Path, device: str | None = None) -> Transcriber:
        """Load a model directory, a project model name (``exp05``) or a Hub id.

        Raises:
            CheckpointError: not found, or neither CTC nor Whisper.
        """
        directory = resolve(model)
        device = device or (
            f"cuda:{os.environ.get('LOCAL_RANK', 0)}" if torch.cuda.is_available() else "cpu"
        )
        if (directory / "adapter_config.json").is_file():
            return cls(WhisperRecogniser(directory, device))
        kind = read_json(directory / "config.json").get("model_type")
        if kind == "wav2vec2":
            return cls(CTCRecogniser(directory, device))
        if kind == "whisper":
            return cls(WhisperRecogniser(directory, device))
        raise CheckpointError(f"{directory}: model type {kind!r}; expected wav2vec2 or whisper")

    def transcribe(self, sources: Sequence[Source]) -> list[Transcript]:
        """Transcribe any number of sources of any length; order kept.

        Raises:
            AudioError: a source cannot be decoded; names it.
        """
        found: list[Transcript | None] = [
            self._streamed(source) if _is_long(source) else None for source in sources
        ]
        rest = [position for position, transcript in enumerate(found) if transcript is None]
        for start in range(0, len(rest), _FILES):
            group = rest[start : start + _FILES]
            waves = [level_peak(decode(sources[position])) for position in group]
            for position, wave, hypothesis in zip(
                group, waves, self._recognise(waves), strict=True
            ):
                found[position] = _transcript(sources[position], hypothesis, len(wave) / RATE)
        return found

    def _streamed(self, source: Source) -> Transcript:
        """A long file piece by piece, in flat memory."""
        gain = np.float32(
            level_gain(max(float(np.abs(block).max(initial=0.0)) for block in blocks(source)))
        )
        whole, group = Hypothesis(""), []
        for start, piece in segments(
            (block * gain for block in blocks(source)), self.recogniser.pieces
        ):
            group.append((start, piece))
            if len(group) == _PIECES:
                whole, group = self._follow(whole, group), []
        return _transcript(source, self._follow(whole, group), duration(source))

    def _follow(self, whole: Hypothesis, pieces: list[tuple[int, np.ndarray]]) -> Hypothesis:
        for (start, _), found in zip(
            pieces, self._recognise([piece for _, piece in pieces]), strict=True
        ):
            whole = whole.followed_by(found, start / RATE)
        return whole

    def _recognise(self, waves: list[np.ndarray]) -> list[Hypothesis]:
        with self._one_at_a_time:
            return self.recogniser.recognise(waves)


def _transcript(source: Source, found: Hypothesis, seconds: float) -> Transcript:
    return Transcript(describe(source), found.text, round(seconds, 3), found.words)


def _is_long(source: Source) -> bool:
    """A file on its own that lasts longer than is decoded at once."""
    if isinstance(source, (bytes, tuple)) or not Path(source).is_file():
        return False
    return duration(source) > _LONG_S


def transcribe_audio(path: Source, model: str | Path = "exp05") -> str:
    """Text of one recording: what the learner meant, in standard Korean.

    Args:
        path: audio file, bytes, or ``(array, rate)``.
        model: model directory, project model name or Hub id; loaded once a process.

    Raises:
        AudioError: no readable audio. CheckpointError: no such model, or one that cannot be loaded.
    """
    with _loading:  # threads that ask first wait for one load
        transcriber = _cached(str(model))
    return transcriber.transcribe([path])[0].text


_loading = threading.Lock()


@lru_cache(maxsize=2)
def _cached(model: str) -> Transcriber:
    return Transcriber.from_pretrained(model)
