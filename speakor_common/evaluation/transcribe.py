"""Audio → text with any model of this project: ``transcribe_audio`` and :class:`Transcriber`.

Clips are sorted by length and batched, long files are read in overlapping windows, and the
same class serves CTC directories, Whisper directories and PEFT adapters on Whisper.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

from speakor_common.audio import RATE, Source, decode, describe, level_peak
from speakor_common.checkpoints import resolve
from speakor_common.errors import CheckpointError
from speakor_common.evaluation.ctc_decode import Word
from speakor_common.evaluation.recognisers import CTCRecogniser, Recogniser, WhisperRecogniser
from speakor_common.storage import read_json


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
        device = device or (f"cuda:{os.environ.get('LOCAL_RANK', 0)}" if torch.cuda.is_available() else "cpu")
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
        waves = [level_peak(decode(source)) for source in sources]
        with self._one_at_a_time:
            hypotheses = self.recogniser.recognise(waves)
        return [
            Transcript(describe(source), found.text, round(len(wave) / RATE, 3), found.words)
            for source, wave, found in zip(sources, waves, hypotheses, strict=True)
        ]


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
