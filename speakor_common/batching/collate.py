"""Prepared rows → tensors: decode, level, augment, extract features, pad.

Rows come from a prepared dataset (columns ``audio``, ``text``, ``utterance_id``). Decoding
happens here, lazily, so that no waveform is ever stored as floats. Label padding is always
-100, the index every loss ignores: padding with the tokenizer's pad id, which is the CTC
blank, makes the loss learn blanks as labels and can drive it below zero.

Legend: B utterances, S samples, L labels, M mel bins, T feature frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from transformers import ProcessorMixin, WhisperProcessor

from speakor_common.audio import RATE, Transform, decode, level_speech
from speakor_common.models.short_context import frames_for, positions_for
from speakor_common.text import ONSETS, to_jamo, to_nfc

IGNORED_LABEL = -100
_SAMPLES_PER_FRAME = 160  # of Whisper's mel features


def load_audio(row: dict[str, Any], transform: Transform | None = None) -> np.ndarray:
    """Waveform of a prepared row: float32, shape = (S,), 16 kHz, levelled."""
    samples = level_speech(decode(row["audio"]))
    return samples if transform is None else level_speech(transform(samples))


def to_label_form(text: str, vocabulary: dict[str, int] | Sequence[str]) -> str:
    """A text in a CTC vocabulary's units: jamo (NFD) if it holds jamo, else syllables (NFC)."""
    return to_jamo(text) if ONSETS[0] in vocabulary else to_nfc(text)


@dataclass
class CTCCollator:
    """Batch for an ``AutoModelForCTC`` network.

    Returns a dict with what the network takes: ``input_values`` float32 (B, S) or
    ``input_features`` float32 (B, T, M), and ``attention_mask`` int64 where its feature extractor
    makes one. Besides ``labels`` int64 (B, L), padded with -100, where rows have a text, and
    ``utterance_id``, B strings for error messages, where asked.

    Attributes:
        processor: feature extractor and tokenizer of the network.
        transform: augmentation of the waveforms.
        keep_ids: whether the batch holds the utterance ids.
        label_padding: anything but -100 is wrong; the ablation shows what it does.
    """

    processor: ProcessorMixin
    transform: Transform | None = None
    keep_ids: bool = False
    label_padding: int = IGNORED_LABEL

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Batch of prepared rows."""
        # Audio.
        waves = [load_audio(row, self.transform) for row in rows]
        batch = dict(self.processor(waves, sampling_rate=RATE, return_tensors="pt", padding=True))

        # Labels, in the vocabulary's units.
        if rows and "text" in rows[0]:
            tokenizer = self.processor.tokenizer
            vocabulary = tokenizer.get_vocab()
            texts = [to_label_form(row["text"], vocabulary) for row in rows]
            batch["labels"] = pad_labels(tokenizer(texts).input_ids, self.label_padding)

        if self.keep_ids:
            batch["utterance_id"] = [row["utterance_id"] for row in rows]
        return batch


@dataclass
class Seq2SeqCollator:
    """Batch for ``WhisperForConditionalGeneration``.

    Returns ``input_features`` float32 (B, M, T), for :func:`.short_context.shortened_context`
    around the longest clip, and ``labels`` int64 (B, L), padded with -100. The decoder's start
    token is left out of the labels because the model itself shifts them right. The end token is
    kept, although it equals the pad id.

    Attributes:
        processor: of the model.
        decoder_start_token_id: of the model.
        max_labels: labels longer than this are an error; filter them before training.
        transform: augmentation of the waveforms.
    """

    processor: WhisperProcessor
    decoder_start_token_id: int
    max_labels: int = 448
    transform: Transform | None = None

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Batch of prepared rows; raises ``ValueError`` where labels are too long."""
        # Mel features as long as the longest clip and the padding that is computed after it.
        waves = [load_audio(row, self.transform) for row in rows]
        longest_s = max(len(wave) for wave in waves) / RATE
        features = self.processor.feature_extractor(
            waves,
            sampling_rate=RATE,
            return_tensors="pt",
            max_length=_SAMPLES_PER_FRAME * frames_for(positions_for(longest_s)),
        )
        batch = {"input_features": features.input_features}

        # Labels.
        if rows and "text" in rows[0]:
            tokens = self.processor.tokenizer([row["text"] for row in rows]).input_ids
            labels = [self._without_start(ids) for ids in tokens]
            longest = max(len(ids) for ids in labels)
            if longest > self.max_labels:
                raise ValueError(
                    f"a label has {longest} tokens, at most {self.max_labels} fit; "
                    "filter long texts first"
                )
            batch["labels"] = pad_labels(labels)
        return batch

    def _without_start(self, ids: list[int]) -> list[int]:
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
