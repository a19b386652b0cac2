"""Loaded models behind one face: levelled waveforms in, hypotheses out.

CTC models of any length of audio, and Whisper with or without an adapter. Clips are batched by similar length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from speakor_common.audio import RATE
from speakor_common.batching.augment import change_speed
from speakor_common.decoding import rescoring
from speakor_common.decoding.syllables import viterbi_decoder, vocabulary
from speakor_common.decoding.words import Hypothesis, to_hypothesis
from speakor_common.models import precision
from speakor_common.models.short_context import (
    POSITIONS_PER_SECOND,
    STOCK_POSITIONS,
    positions_for,
    positions_with_silence,
    shortened_context,
)
from speakor_common.models.whisper import load_whisper
from speakor_common.recognition.segments import Lengths, segments, trimmed
from speakor_common.text import normalize_korean

WINDOW_S, OVERLAP_S = (
    20.0,
    2.0,
)  # windows of a long CTC file share 2 s; the middle of the overlap is the seam
# Longer audio is cut. Whisper takes 30 s of time for any piece, so its pieces are long.
CTC_PIECES, WHISPER_PIECES = Lengths(1.0, 8.0), Lengths(20.0, 30.0)
_TOKENS_PER_SECOND = 12  # fast Korean stays below 8
_BATCH_SECONDS = 60.0  # audio in one batch, padding included
# Encoder positions of all clips in a batch. More do not fit a processor's cache; the decoder reads its weights for every token
# of a batch, so it takes more clips at once.
_ENCODED, _DECODED = 4 * STOCK_POSITIONS, 16 * STOCK_POSITIONS


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

        from speakor_common.models import ctc

        processor = Wav2Vec2Processor.from_pretrained(directory)
        self._network = ctc.load(directory, processor, device)
        tokenizer, config = processor.tokenizer, self._network.config
        self.symbols = vocabulary(tokenizer)
        self.blank, self.delimiter = tokenizer.pad_token_id, tokenizer.word_delimiter_token
        self.seconds_per_frame = config.inputs_to_logits_ratio / RATE
        self._shortest = _receptive_field(config.conv_kernel, config.conv_stride)
        self._rescorer = rescoring.load_rescorer(directory, self.symbols, self.blank, self.delimiter)
        self._decode = viterbi_decoder(self.symbols, self.blank)

    def recognise(self, waves: Sequence[np.ndarray]) -> list[Hypothesis]:
        return recognise_pieces(waves, self.pieces, self.recognise_uncut)

    def recognise_uncut(self, pieces: Sequence[np.ndarray]) -> list[Hypothesis]:
        """:meth:`recognise` without cutting or trimming, for audio of a sentence's length."""
        views = self.views(pieces, rescoring.SPEEDS if self._rescorer else ())
        return self.hypotheses(views, pieces)

    def hypotheses(
        self, views: Sequence[Sequence[np.ndarray]], waves: Sequence[np.ndarray]
    ) -> list[Hypothesis]:
        """What is read from waves' posteriors, see :meth:`views`."""
        heard = [of_one[0] for of_one in views]
        paths = (
            [self._rescorer.best_alignment(of_one) for of_one in views]
            if self._rescorer
            else [self._decode(logs) for logs in heard]
        )
        return [
            self.read(path, logs, len(wave) / RATE)
            for path, logs, wave in zip(paths, heard, waves, strict=True)
        ]

    def views(self, waves: Sequence[np.ndarray], speeds: Sequence[float]) -> list[list[np.ndarray]]:
        """Posteriors of each wave as spoken, and of each again at other speeds."""
        changed = [
            self.log_probabilities([change_speed(wave, speed) for wave in waves])
            for speed in speeds
        ]
        return [list(views) for views in zip(self.log_probabilities(waves), *changed, strict=True)]

    def read(self, path: np.ndarray, logs: np.ndarray, duration_s: float) -> Hypothesis:
        """Hypothesis of a symbol path, int (T,), through posteriors (T, V)."""
        return to_hypothesis(
            path, logs, self.symbols, self.blank, self.delimiter, self.seconds_per_frame, duration_s
        )

    def log_probabilities(self, waves: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Frame posteriors of each wave: float32, shape = (T, V), natural logarithm."""
        pieces = [
            (index, piece)
            for index, wave in enumerate(waves)
            for piece in _windows(self._at_least_a_frame(wave))
        ]
        rows: list[np.ndarray | None] = [None] * len(pieces)
        for batch in _batches([len(wave) for _, (wave, _, _) in pieces]):
            for position, logs in zip(
                batch,
                self._network.log_probabilities([pieces[p][1][0] for p in batch]),
                strict=True,
            ):
                _, first, last = pieces[position][1]
                rows[position] = logs[
                    self._frames(first) : len(logs) if last is None else self._frames(last)
                ]
        joined: list[list[np.ndarray]] = [[] for _ in waves]
        for (index, _), row in zip(pieces, rows, strict=True):
            joined[index].append(row)
        return [np.concatenate(parts) for parts in joined]

    def _at_least_a_frame(self, wave: np.ndarray) -> np.ndarray:
        """Less than a frame is heard as silence."""
        return (
            wave if len(wave) >= self._shortest else np.pad(wave, (0, self._shortest - len(wave)))
        )

    def _frames(self, samples: int) -> int:
        return round(samples / RATE / self.seconds_per_frame)


class WhisperRecogniser:
    """Whisper, stock or with a PEFT adapter, prompted for Korean transcription; no word times.

    Attributes:
        whole_context: compute all 30 s instead of the clip and thinned silence (:mod:`speakor_common.models.short_context`); several
            times slower.
    """

    pieces = WHISPER_PIECES
    whole_context = False

    def __init__(self, directory: Path, device: str) -> None:
        self.model, self.processor = load_whisper(directory)
        self.model.eval().to(device, precision.dtype())

    def recognise(self, waves: Sequence[np.ndarray]) -> list[Hypothesis]:
        return recognise_pieces(waves, self.pieces, self.recognise_uncut)

    def recognise_uncut(self, pieces: Sequence[np.ndarray]) -> list[Hypothesis]:
        """:meth:`recognise` without cutting or trimming, for audio of at most 30 s."""
        found: list[str] = [""] * len(pieces)
        lengths = [positions_for(len(piece) / RATE) for piece in pieces]
        # Clips of one batch share their context, so that what is heard in one does not depend on the others.
        for positions in sorted(set(lengths)):
            members = [index for index, length in enumerate(lengths) if length == positions]
            for batch in _chunks(
                members, _DECODED // positions_with_silence(self._context(positions))
            ):
                for index, text in zip(
                    batch, self._generate([pieces[i] for i in batch], positions), strict=True
                ):
                    found[index] = text
        return [Hypothesis(normalize_korean(text)) for text in found]

    def _context(self, positions: int) -> int:
        return STOCK_POSITIONS if self.whole_context else positions

    @torch.inference_mode()
    def _generate(self, waves: list[np.ndarray], positions: int) -> list[str]:
        """Raw Whisper output for clips that fit into so many encoder positions."""
        from transformers.modeling_outputs import BaseModelOutput

        features = self.processor.feature_extractor(
            waves, sampling_rate=RATE, return_tensors="pt"
        ).input_features
        tokens = min(440, max(24, _TOKENS_PER_SECOND * positions // POSITIONS_PER_SECOND))
        with shortened_context(self.model, self._context(positions)) as frames:
            parts = (
                features[:, :, :frames]
                .to(self.model.device, self.model.dtype)
                .split(2 * _ENCODED // frames)
            )
            encoded = torch.cat(
                [self.model.get_encoder()(part).last_hidden_state for part in parts]
            )
            ids = self.model.generate(
                encoder_outputs=BaseModelOutput(encoded),
                language="ko",
                task="transcribe",
                max_new_tokens=tokens,
            )
        return self.processor.batch_decode(ids, skip_special_tokens=True)


def recognise_pieces(
    waves: Sequence[np.ndarray],
    lengths: Lengths,
    recognise: Callable[[Sequence[np.ndarray]], list[Hypothesis]],
) -> list[Hypothesis]:
    """Recognise waves of any length by pieces, and join what belongs together, word times shifted to the whole."""
    cut = [
        (index, start, piece)
        for index, wave in enumerate(waves)
        for start, piece in _cut(wave, lengths)
    ]
    joined = [Hypothesis("") for _ in waves]
    for (index, start, _), found in zip(
        cut, recognise([piece for _, _, piece in cut]), strict=True
    ):
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
        windows.append(
            (wave[start : start + size], 0 if start == 0 else half, None if last else size - half)
        )
        if last:
            break
    return windows


def _chunks(items: list[int], size: int) -> list[list[int]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Positions grouped by similar length, each group at most :data:`_BATCH_SECONDS` with padding."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    batches: list[list[int]] = []
    for position in order:
        if batches and (len(batches[-1]) + 1) * lengths[position] <= _BATCH_SECONDS * RATE:
            batches[-1].append(position)
        else:
            batches.append([position])
    return batches
