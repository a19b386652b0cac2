"""Loaded models behind one face: levelled waveforms in, hypotheses out.

CTC models of any length of audio, and Whisper with or without an adapter. Clips are batched by similar length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from speakor_common import precision
from speakor_common.audio import RATE
from speakor_common.batching.augment import change_speed
from speakor_common.checkpoints import resolve
from speakor_common.evaluation import rescoring
from speakor_common.evaluation.ctc_decode import Hypothesis, read_path
from speakor_common.evaluation.segments import Lengths, segments, trimmed
from speakor_common.evaluation.syllables import path_finder, vocabulary
from speakor_common.evaluation.whisper_context import POSITIONS_PER_SECOND, STOCK_POSITIONS, positions_for, short_context
from speakor_common.storage import read_json
from speakor_common.text import normalize_korean

if TYPE_CHECKING:
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

WINDOW_S, OVERLAP_S = 20.0, 2.0  # windows of a long CTC file share 2 s; the middle of the overlap is the seam
# Longer audio is cut. Whisper takes 30 s of time for any piece, so its pieces are long.
CTC_PIECES, WHISPER_PIECES = Lengths(1.0, 8.0), Lengths(20.0, 30.0)
_TOKENS_PER_SECOND = 12  # fast Korean stays below 8
BATCH_SECONDS, WHISPER_BATCH_SECONDS = 60.0, 120.0  # audio in one batch, padding included; four times 30 s


class Recogniser(Protocol):
    """A loaded model: levelled waveforms (float32, 16 kHz) in, hypotheses out, order kept."""

    pieces: Lengths  # into which longer audio is cut

    def recognise(self, waves: Sequence[np.ndarray]) -> list[Hypothesis]: ...


class CTCRecogniser:
    """wav2vec2 CTC; files longer than a window are stitched from their logits.

    Read by the best path, with jamo the best that spells syllables, or by a beam search where the model directory
    holds a language model.
    """

    pieces = CTC_PIECES

    def __init__(self, directory: Path, device: str) -> None:
        from transformers import Wav2Vec2Processor

        from speakor_common.evaluation import acoustic

        processor = Wav2Vec2Processor.from_pretrained(directory)
        self._network = acoustic.load(directory, processor, device)
        tokenizer, config = processor.tokenizer, self._network.config
        self.symbols = vocabulary(tokenizer)
        self.blank, self.delimiter = tokenizer.pad_token_id, tokenizer.word_delimiter_token
        self.seconds_per_frame = config.inputs_to_logits_ratio / RATE
        self._shortest = _receptive_field(config.conv_kernel, config.conv_stride)
        self._rescorer = rescoring.load(directory, self.symbols, self.blank, self.delimiter)
        self._best_path = path_finder(self.symbols, self.blank)

    def recognise(self, waves: Sequence[np.ndarray]) -> list[Hypothesis]:
        return recognise_pieces(waves, self.pieces, self.recognise_uncut)

    def recognise_uncut(self, pieces: Sequence[np.ndarray]) -> list[Hypothesis]:
        """:meth:`recognise` without cutting or trimming, for audio of a sentence's length."""
        views = self.views(pieces, rescoring.SPEEDS if self._rescorer else ())
        return [self.hypothesis(of_one, piece) for of_one, piece in zip(views, pieces, strict=True)]

    def hypothesis(self, views: list[np.ndarray], wave: np.ndarray) -> Hypothesis:
        """What is read from a wave's posteriors, see :meth:`views`."""
        path = self._rescorer.path(views) if self._rescorer else self._best_path(views[0])
        return self.read(path, views[0], len(wave) / RATE)

    def views(self, waves: Sequence[np.ndarray], speeds: Sequence[float]) -> list[list[np.ndarray]]:
        """Posteriors of each wave as spoken, and of each again at other speeds."""
        changed = [self.log_probabilities([change_speed(wave, speed) for wave in waves]) for speed in speeds]
        return [list(views) for views in zip(self.log_probabilities(waves), *changed, strict=True)]

    def read(self, path: np.ndarray, logs: np.ndarray, duration_s: float) -> Hypothesis:
        """Hypothesis of a symbol path, int (T,), through posteriors (T, V)."""
        return read_path(path, logs, self.symbols, self.blank, self.delimiter, self.seconds_per_frame, duration_s)

    def log_probabilities(self, waves: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Frame posteriors of each wave: float32, shape = (T, V), natural logarithm."""
        longer = [np.pad(wave, (0, max(0, self._shortest - len(wave)))) for wave in waves]  # less than a frame is heard as silence
        pieces = [(index, piece) for index, wave in enumerate(longer) for piece in _windows(wave)]
        rows: list[np.ndarray | None] = [None] * len(pieces)
        for batch in _batches([len(wave) for _, (wave, _, _) in pieces]):
            for position, logs in zip(batch, self._network.log_probabilities([pieces[p][1][0] for p in batch]), strict=True):
                _, first, last = pieces[position][1]
                rows[position] = logs[self._frames(first) : len(logs) if last is None else self._frames(last)]
        joined: list[list[np.ndarray]] = [[] for _ in waves]
        for (index, _), row in zip(pieces, rows, strict=True):
            joined[index].append(row)
        return [np.concatenate(parts) for parts in joined]

    def _frames(self, samples: int) -> int:
        return round(samples / RATE / self.seconds_per_frame)


class WhisperRecogniser:
    """Whisper, stock or with a PEFT adapter, prompted for Korean transcription; no word times."""

    pieces = WHISPER_PIECES

    def __init__(self, directory: Path, device: str) -> None:
        self.model, self.processor = load_whisper(directory)
        self.model.eval().to(device, precision.dtype())
        # A model tuned on a short encoder context is used with it. A stock model needs the silence up to 30 s
        # it was trained with: cut to the clips, whisper-base repeats itself (WER above 1 instead of about 0.5).
        trained = directory / "run.json"
        self.positions = read_json(trained)["encoder_positions"] if trained.is_file() else STOCK_POSITIONS

    def recognise(self, waves: Sequence[np.ndarray]) -> list[Hypothesis]:
        return recognise_pieces(waves, self.pieces, self.recognise_uncut)

    def recognise_uncut(self, pieces: Sequence[np.ndarray]) -> list[Hypothesis]:
        """:meth:`recognise` without cutting or trimming, for audio of at most 30 s."""
        found: list[str] = [""] * len(pieces)
        shortest = self.positions * RATE // POSITIONS_PER_SECOND  # what any piece takes
        for batch in _batches([max(len(piece), shortest) for piece in pieces], WHISPER_BATCH_SECONDS):
            for position, text in zip(batch, self.generate([pieces[p] for p in batch]), strict=True):
                found[position] = text
        return [Hypothesis(normalize_korean(text)) for text in found]

    @torch.inference_mode()
    def generate(self, waves: list[np.ndarray]) -> list[str]:
        """Raw Whisper output for clips of at most 30 s."""
        seconds = max(map(len, waves)) / RATE
        features = self.processor.feature_extractor(waves, sampling_rate=RATE, return_tensors="pt").input_features
        tokens = min(440, max(24, int(_TOKENS_PER_SECOND * seconds)))
        with short_context(self.model, max(self.positions, positions_for(seconds))) as frames:
            ids = self.model.generate(
                features[:, :, :frames].to(self.model.device, self.model.dtype), language="ko", task="transcribe", max_new_tokens=tokens
            )
        return self.processor.batch_decode(ids, skip_special_tokens=True)


def load_whisper(directory: Path) -> tuple[WhisperForConditionalGeneration, WhisperProcessor]:
    """Model and processor of a stock directory, or of an adapter's base with the adapter merged in.

    Raises:
        CheckpointError: an adapter's base cannot be found.
    """
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

    adapter = directory / "adapter_config.json"
    base = resolve(read_json(adapter)["base_model_name_or_path"]) if adapter.is_file() else directory
    model, processor = WhisperForConditionalGeneration.from_pretrained(base), WhisperProcessor.from_pretrained(base)
    if adapter.is_file():
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, directory).merge_and_unload()
    return model, processor


def recognise_pieces(
    waves: Sequence[np.ndarray], lengths: Lengths, recognise: Callable[[Sequence[np.ndarray]], list[Hypothesis]]
) -> list[Hypothesis]:
    """Recognise waves of any length by pieces, and join what belongs together, word times shifted to the whole."""
    cut = [(index, start, piece) for index, wave in enumerate(waves) for start, piece in _cut(wave, lengths)]
    joined = [Hypothesis("") for _ in waves]
    for (index, start, _), found in zip(cut, recognise([piece for _, _, piece in cut]), strict=True):
        joined[index] = joined[index].followed_by(found, start / RATE)
    return joined


def _cut(wave: np.ndarray, lengths: Lengths) -> Iterable[tuple[int, np.ndarray]]:
    return segments([wave], lengths) if len(wave) > lengths.longest * RATE else trimmed(0, wave)


def _receptive_field(kernels: Sequence[int], strides: Sequence[int]) -> int:
    """Samples one frame is computed from, the fewest the convolutions take."""
    samples = 1
    for kernel, stride in zip(reversed(kernels), reversed(strides), strict=True):
        samples = (samples - 1) * stride + kernel
    return samples


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


def _batches(lengths: Sequence[int], seconds: float = BATCH_SECONDS) -> list[list[int]]:
    """Positions grouped by similar length, each group at most ``seconds`` with padding."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    batches: list[list[int]] = []
    for position in order:
        if batches and (len(batches[-1]) + 1) * lengths[position] <= seconds * RATE:
            batches[-1].append(position)
        else:
            batches.append([position])
    return batches
