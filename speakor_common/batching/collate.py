"""Prepared rows → tensors: decode, level, augment, extract features, pad.

Legend: B utterances, S samples, L labels, M mel bins, T feature frames.

Rows come from a prepared dataset (columns ``audio``, ``text``, ``utterance_id``). Decoding
happens here, lazily, so that no waveform is ever stored as floats. Label padding is always
-100, the index every loss ignores: padding with the tokenizer's pad id, which is the CTC
blank, makes the loss learn blanks as labels and can drive it below zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from transformers import Wav2Vec2Processor, WhisperProcessor

from speakor_common.audio import RATE, Transform, decode, level_peak
from speakor_common.models.short_context import frames_for, positions_for
from speakor_common.text import ONSETS, to_jamo, to_nfc

IGNORED_LABEL = -100
_SAMPLES_PER_FRAME = 160  # of Whisper's mel features


def load_audio(row: dict[str, Any], transform: Transform | None = None) -> np.ndarray:
    """Waveform of a prepared row: float32, shape = (S,), 16 kHz, peak-levelled."""
    samples = level_peak(decode(row["audio"]))
    return samples if transform is None else level_peak(transform(samples))


def to_label_form(text: str, vocabulary: dict[str, int] | Sequence[str]) -> str:
    """Write a text in a CTC vocabulary's units: jamo (NFD) if it holds jamo, else syllables (NFC)."""
    return to_jamo(text) if ONSETS[0] in vocabulary else to_nfc(text)


@dataclass
class CTCCollator:
    """Batch for ``Wav2Vec2ForCTC``.

    Returns a dict with ``input_values`` float32 (B, S), ``attention_mask`` int64 (B, S) where
    the feature extractor uses one, ``labels`` int64 (B, L) padded with -100 and, if asked,
    ``utterance_id`` (list of B strings, for error messages).

    Attributes:
        label_padding: anything but -100 is wrong; the ablation shows what it does.
    """

    processor: Wav2Vec2Processor
    transform: Transform | None = None
    keep_ids: bool = False
    label_padding: int = IGNORED_LABEL

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        waves = [load_audio(row, self.transform) for row in rows]
        batch = dict(self.processor(waves, sampling_rate=RATE, return_tensors="pt", padding=True))
        if rows and "text" in rows[0]:
            vocabulary = self.processor.tokenizer.get_vocab()
            texts = [to_label_form(row["text"], vocabulary) for row in rows]
            batch["labels"] = pad_labels(
                self.processor.tokenizer(texts).input_ids, self.label_padding
            )
        if self.keep_ids:
            batch["utterance_id"] = [row["utterance_id"] for row in rows]
        return batch


@dataclass
class Seq2SeqCollator:
    """Batch for ``WhisperForConditionalGeneration``.

    Returns ``input_features`` float32 (B, M, T), for :func:`.short_context.shortened_context` around the longest clip, and ``labels``
    int64 (B, L) padded with -100. The decoder start token is left out of the labels because
    the model itself shifts them right; the end token is kept, although it equals the pad id.

    Attributes:
        max_labels: labels longer than this are an error; filter them before training.
    """

    processor: WhisperProcessor
    decoder_start_token_id: int
    max_labels: int = 448
    transform: Transform | None = None

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        waves = [load_audio(row, self.transform) for row in rows]
        samples = _SAMPLES_PER_FRAME * frames_for(positions_for(max(map(len, waves)) / RATE))
        features = self.processor.feature_extractor(
            waves, sampling_rate=RATE, return_tensors="pt", max_length=samples
        )
        batch = {"input_features": features.input_features}
        if rows and "text" in rows[0]:
            labels = [
                self._strip_start(ids)
                for ids in self.processor.tokenizer([row["text"] for row in rows]).input_ids
            ]
            longest = max(map(len, labels))
            if longest > self.max_labels:
                raise ValueError(
                    f"a label has {longest} tokens, at most {self.max_labels} fit; filter long texts first"
                )
            batch["labels"] = pad_labels(labels)
        return batch

    def _strip_start(self, ids: list[int]) -> list[int]:
        return ids[1:] if ids and ids[0] == self.decoder_start_token_id else ids


def pad_labels(labels: Sequence[Sequence[int]], padding: int = IGNORED_LABEL) -> torch.Tensor:
    """int64 (B, L), padded with -100 on the right.

    >>> pad_labels([[5, 6], [7]]).tolist()
    [[5, 6], [7, -100]]
    """
    return torch.nn.utils.rnn.pad_sequence(
        [torch.tensor(ids, dtype=torch.long) for ids in labels],
        batch_first=True,
        padding_value=padding,
    )


def frames_needed(label_ids: Sequence[int]) -> int:
    """CTC frames a label needs at least: one per label and one blank between equal neighbours."""
    return len(label_ids) + sum(a == b for a, b in pairwise(label_ids))
