"""Audio → text with any model of this project: ``transcribe_audio`` and :class:`Transcriber`.

Clips are sorted by length and batched, long files are read in overlapping windows, and the
same class serves CTC directories, Whisper directories and PEFT adapters on Whisper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from speakor_common import paths
from speakor_common.audio import RATE, Source, decode, describe, level_peak
from speakor_common.errors import CheckpointError
from speakor_common.evaluation.ctc_decode import Hypothesis, Word, greedy
from speakor_common.evaluation.whisper_context import POSITIONS_PER_SECOND, STOCK_POSITIONS, positions_for, short_context
from speakor_common.storage import read_json
from speakor_common.text import normalize_korean

WINDOW_S, OVERLAP_S = 20.0, 2.0  # windows of a long CTC file share 2 s; the middle of the overlap is the seam
_WHISPER_WINDOW_S = 30.0
_BATCH_SECONDS = 60.0  # audio in one batch, padding included


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


class Recogniser(Protocol):
    """A loaded model: levelled waveforms (float32, 16 kHz) in, hypotheses out, order kept."""

    def recognise(self, waves: Sequence[np.ndarray]) -> list[Hypothesis]: ...


class CTCRecogniser:
    """wav2vec2 CTC with greedy decoding; files longer than a window are stitched from their logits."""

    def __init__(self, directory: Path, device: str) -> None:
        from transformers import Wav2Vec2ForCTC, Wav2Vec2Processor

        self.processor = Wav2Vec2Processor.from_pretrained(directory)
        self.model = Wav2Vec2ForCTC.from_pretrained(directory).eval().to(device)
        tokenizer = self.processor.tokenizer
        special = {tokenizer.pad_token, tokenizer.unk_token, tokenizer.bos_token, tokenizer.eos_token}
        vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
        self.symbols = ["" if symbol in special else symbol for symbol, _ in vocabulary]
        self.seconds_per_frame = self.model.config.inputs_to_logits_ratio / RATE

    def recognise(self, waves: Sequence[np.ndarray]) -> list[Hypothesis]:
        tokenizer = self.processor.tokenizer
        return [
            greedy(logs, self.symbols, tokenizer.pad_token_id, tokenizer.word_delimiter_token, self.seconds_per_frame, len(wave) / RATE)
            for wave, logs in zip(waves, self.log_probabilities(waves), strict=True)
        ]

    def log_probabilities(self, waves: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Frame posteriors of each wave: float32, shape = (T, V), natural logarithm."""
        pieces = [(index, piece) for index, wave in enumerate(waves) for piece in _windows(wave)]
        rows: list[np.ndarray | None] = [None] * len(pieces)
        for batch in _batches([len(wave) for _, (wave, _, _) in pieces]):
            for position, logs in zip(batch, self._forward([pieces[p][1][0] for p in batch]), strict=True):
                _, first, last = pieces[position][1]
                rows[position] = logs[self._frames(first) : len(logs) if last is None else self._frames(last)]
        joined: list[list[np.ndarray]] = [[] for _ in waves]
        for (index, _), row in zip(pieces, rows, strict=True):
            joined[index].append(row)
        return [np.concatenate(parts) for parts in joined]

    def _frames(self, samples: int) -> int:
        return round(samples / RATE / self.seconds_per_frame)

    @torch.inference_mode()
    def _forward(self, waves: list[np.ndarray]) -> list[np.ndarray]:
        inputs = self.processor(waves, sampling_rate=RATE, return_tensors="pt", padding=True).to(self.model.device)
        logs = self.model(**inputs).logits.float().log_softmax(-1).cpu().numpy()
        lengths = self.model._get_feat_extract_output_lengths(torch.tensor([len(wave) for wave in waves]))
        return [row[:length] for row, length in zip(logs, lengths.tolist(), strict=True)]


class WhisperRecogniser:
    """Whisper, stock or with a PEFT adapter, prompted for Korean transcription; no word times."""

    def __init__(self, directory: Path, device: str) -> None:
        from transformers import WhisperForConditionalGeneration, WhisperProcessor

        adapter = directory / "adapter_config.json"
        base = directory
        if adapter.is_file():
            base = _adapter_base(read_json(adapter)["base_model_name_or_path"])
        self.processor = WhisperProcessor.from_pretrained(base)
        self.model = WhisperForConditionalGeneration.from_pretrained(base).eval()
        if adapter.is_file():
            from peft import PeftModel

            self.model = PeftModel.from_pretrained(self.model, directory).merge_and_unload()
        self.model.to(device)

    def recognise(self, waves: Sequence[np.ndarray]) -> list[Hypothesis]:
        texts: list[list[str]] = [[] for _ in waves]
        step = int(_WHISPER_WINDOW_S * RATE)
        pieces = [(i, wave[start : start + step]) for i, wave in enumerate(waves) for start in range(0, len(wave), step)]
        found: list[str] = [""] * len(pieces)
        for batch in _batches([len(piece) for _, piece in pieces]):
            for position, text in zip(batch, self.generate([pieces[p][1] for p in batch]), strict=True):
                found[position] = text
        for (index, _), text in zip(pieces, found, strict=True):
            texts[index].append(text)
        return [Hypothesis(normalize_korean(" ".join(parts))) for parts in texts]

    @torch.inference_mode()
    def generate(self, waves: list[np.ndarray], positions: int | None = None) -> list[str]:
        """Raw Whisper output for clips of at most 30 s; the encoder is cut to the longest (or to ``positions``)."""
        positions = positions or positions_for(max(map(len, waves)) / RATE)
        features = self.processor.feature_extractor(waves, sampling_rate=RATE, return_tensors="pt").input_features
        longest = max(16, int(12 * positions / POSITIONS_PER_SECOND))  # tokens; fast Korean is below 8 a second
        with short_context(self.model, min(positions, STOCK_POSITIONS)) as frames:
            ids = self.model.generate(
                features[:, :, :frames].to(self.model.device), language="ko", task="transcribe", max_new_tokens=min(longest, 440)
            )
        return self.processor.batch_decode(ids, skip_special_tokens=True)


class Transcriber:
    """A recogniser loaded once and used many times; safe to share between threads for reading."""

    def __init__(self, recogniser: Recogniser) -> None:
        self.recogniser = recogniser

    @classmethod
    def from_pretrained(cls, model: str | Path, device: str | None = None) -> Transcriber:
        """Load a model directory, a project model name (``exp05``) or a Hub id.

        Raises:
            CheckpointError: not found, or neither CTC nor Whisper.
        """
        directory = _locate(model)
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
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
    """
    return _cached(str(model)).transcribe([path])[0].text


@lru_cache(maxsize=2)
def _cached(model: str) -> Transcriber:
    return Transcriber.from_pretrained(model)


def _locate(model: str | Path) -> Path:
    """Directory of a model: a path, a name under ``models/``, or a Hub id."""
    for directory in (Path(model), paths.root() / "models" / str(model)):
        if any((directory / name).is_file() for name in ("config.json", "adapter_config.json")):
            return directory
    from speakor_common.checkpoints import resolve

    return resolve(model)


def _adapter_base(base: str) -> Path:
    from speakor_common.checkpoints import resolve

    return resolve(base)


def _windows(wave: np.ndarray) -> list[tuple[np.ndarray, int, int | None]]:
    """Windows of a wave with the sample range of each that is kept: ``(samples, first, last)``, last None to the end."""
    size, step = int(WINDOW_S * RATE), int((WINDOW_S - OVERLAP_S) * RATE)
    if len(wave) <= size:
        return [(wave, 0, None)]
    half = int(OVERLAP_S / 2 * RATE)
    windows = []
    for start in range(0, len(wave), step):
        last = start + size >= len(wave)
        windows.append((wave[start : start + size], 0 if start == 0 else half, None if last else size - half))
        if last:
            break
    return windows


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Positions grouped by similar length, each group at most ``_BATCH_SECONDS`` with padding."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    batches: list[list[int]] = []
    for position in order:
        if batches and (len(batches[-1]) + 1) * lengths[position] <= _BATCH_SECONDS * RATE:
            batches[-1].append(position)
        else:
            batches.append([position])
    return batches
