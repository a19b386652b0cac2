"""Prepared rows → tensors: decode, level, augment, extract features, pad.

Rows come from a prepared dataset (columns ``audio``, ``text``, ``utterance_id``). Decoding
happens here, lazily, so that no waveform is ever stored as floats. Label padding is always
-100, the index every loss ignores: padding with the tokenizer's pad id, which is the CTC
blank, makes the loss learn blanks as labels and can drive it below zero.

Legend: B utterances, S samples, L labels, M mel bins, T feature frames.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from transformers import ProcessorMixin, WhisperProcessor

from speakor_common.audio import RATE, Transform, decode, level_speech
from speakor_common.errors import AudioError
from speakor_common.models.short_context import frames_for, positions_for
from speakor_common.models.whisper_ctc_processor import WhisperCTCProcessor
from speakor_common.text import ONSETS, to_jamo, to_nfc

logger = logging.getLogger(__name__)

IGNORED_LABEL = -100
_SAMPLES_PER_FRAME = 160  # of Whisper's mel features
_FAILED_BATCHES = 10  # in a row that hold no readable clip, before a run stops


def load_audio(row: dict[str, Any], transform: Transform | None = None) -> np.ndarray:
    """Waveform of a prepared row: float32, shape = (S,), 16 kHz, levelled."""
    samples = level_speech(decode(row["audio"]))
    return samples if transform is None else level_speech(transform(samples))


class ReadableClips:
    """Decodes the clips of a batch; what cannot be decoded is left out, logged and counted.

    Every clip was decoded when the corpus was prepared. What fails later is a disk or a network
    that falters, and one clip of thousands must not end a run of days.

    Attributes:
        skipped: clips left out so far, int64 (); in memory that loader processes share.
    """

    def __init__(self) -> None:
        self.skipped = torch.zeros((), dtype=torch.int64).share_memory_()
        self._last_row: dict[str, Any] | None = None  # stands in where a whole batch fails
        self._failed_batches = 0  # in a row

    def load(
        self, rows: Sequence[dict[str, Any]], transform: Transform | None = None
    ) -> tuple[list[dict[str, Any]], list[np.ndarray]]:
        """The rows that can be decoded, and their waveforms.

        Raises:
            AudioError: nothing could be decoded, at first or many times in a row.
        """
        readable: list[dict[str, Any]] = []
        waves: list[np.ndarray] = []
        for row in rows:
            try:
                waves.append(load_audio(row, transform))
                readable.append(row)
            except AudioError as error:
                self.skipped += 1
                logger.warning("%s is skipped: %s", row.get("utterance_id"), error)
        if readable:
            self._last_row = readable[-1]
            self._failed_batches = 0
            return readable, waves

        # A batch must hold something: the last clip that was readable, unless nothing is anymore.
        self._failed_batches += 1
        if self._last_row is None or self._failed_batches > _FAILED_BATCHES:
            raise AudioError(
                f"{self._failed_batches} batches in a row without a readable clip, "
                f"the last of {[row['utterance_id'] for row in rows]}; is the storage there?"
            )
        return [self._last_row], [load_audio(self._last_row, transform)]


def to_label_form(text: str, vocabulary: dict[str, int] | Sequence[str]) -> str:
    """A text in a CTC vocabulary's units: jamo (NFD) if it holds jamo, else syllables (NFC)."""
    return to_jamo(text) if ONSETS[0] in vocabulary else to_nfc(text)


@dataclass
class CTCCollator:
    """Batch for an ``AutoModelForCTC`` network.

    Returns a dict with what the network takes: ``input_values`` float32 (B, S) or
    ``input_features`` float32 (B, T, M), and ``attention_mask`` int64 where its feature extractor
    makes one. Besides ``labels`` int64 (B, L), padded with -100, where rows have a text, and
    ``utterance_id``, B strings for error messages, where asked. A network that also writes what
    was heard (:mod:`speakor_common.models.whisper_ctc`) gets ``spoken_labels`` int64 (B, L) of
    rows' ``pronounced``; a row that does not say holds nothing but -100.

    Attributes:
        processor: feature extractor and tokenizer of the network.
        transform: augmentation of the waveforms.
        keep_ids: whether the batch holds the utterance ids.
        label_padding: anything but -100 is wrong; the ablation shows what it does.
        clips: decodes them, and counts those it cannot.
    """

    processor: ProcessorMixin
    transform: Transform | None = None
    keep_ids: bool = False
    label_padding: int = IGNORED_LABEL
    clips: ReadableClips = field(default_factory=ReadableClips)

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Batch of prepared rows, without those whose audio cannot be read."""
        rows, batch = self.sound(rows)

        # Labels, in the vocabulary's units.
        if rows and "text" in rows[0]:
            batch["labels"] = self._labels(rows, "text")
        if rows and "pronounced" in rows[0] and isinstance(self.processor, WhisperCTCProcessor):
            batch["spoken_labels"] = self._labels(rows, "pronounced")

        if self.keep_ids:
            batch["utterance_id"] = [row["utterance_id"] for row in rows]
        return batch

    def sound(self, rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """The rows that can be heard, and what the network takes of them."""
        readable, waves = self.clips.load(rows, self.transform)
        inputs = self.processor(waves, sampling_rate=RATE, return_tensors="pt", padding=True)
        return readable, dict(inputs)

    def _labels(self, rows: Sequence[dict[str, Any]], column: str) -> torch.Tensor:
        tokenizer = self.processor.tokenizer
        vocabulary = tokenizer.get_vocab()
        texts = [to_label_form(row[column], vocabulary) for row in rows]
        return pad_labels(tokenizer(texts).input_ids, self.label_padding)


@dataclass
class KeptStatesCollator(CTCCollator):
    """Batch of encoder states computed before, see :mod:`speakor_common.shipped.kept_states`.

    Returns ``states`` float32 (layers, B, F, D), ``frames`` int64 (B,), and labels and ids as
    :class:`CTCCollator`. Rows hold the path of a file of states in ``states``.
    """

    def sound(self, rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """All rows, and their states."""
        states = [torch.from_numpy(np.load(row["states"])).float() for row in rows]
        padded = torch.nn.utils.rnn.pad_sequence(
            [each.transpose(0, 1) for each in states], batch_first=True
        )
        frames = torch.tensor([each.shape[1] for each in states])
        return list(rows), {"states": padded.permute(2, 0, 1, 3), "frames": frames}


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
        clips: decodes them, and counts those it cannot.
    """

    processor: WhisperProcessor
    decoder_start_token_id: int
    max_labels: int = 448
    transform: Transform | None = None
    clips: ReadableClips = field(default_factory=ReadableClips)

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Batch of prepared rows; raises ``ValueError`` where labels are too long."""
        # Mel features as long as the longest clip and the padding that is computed after it.
        rows, waves = self.clips.load(rows, self.transform)
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
