"""Whisper that recognises, stock or with a PEFT adapter, prompted for Korean transcription."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from transformers.modeling_outputs import BaseModelOutput

from speakor_common.audio import RATE
from speakor_common.decoding.words import Hypothesis
from speakor_common.models import precision
from speakor_common.models.short_context import (
    FULL_POSITIONS,
    POSITIONS_PER_SECOND,
    positions_for,
    positions_with_padding,
    shortened_context,
)
from speakor_common.models.whisper import load_whisper
from speakor_common.recognition.segments import SegmentLengths, recognise_by_segments
from speakor_common.text import normalise_hypothesis

# Text tokens a clip may have. Fast Korean stays below 8 a second.
_TOKENS_PER_SECOND = 12
_FEWEST_TOKENS = 24
_MOST_TOKENS = 440

# Encoder positions of all clips in a batch. More do not fit a processor's cache. The decoder
# reads its weights for every token of a batch, so it takes more clips at once.
_ENCODED = 4 * FULL_POSITIONS
_DECODED = 16 * FULL_POSITIONS


class WhisperRecogniser:
    """Whisper with its encoder as long as the clips; its hypotheses have no word times.

    Attributes:
        full_context: compute all 30 s instead of the clip and subsampled padding
            (:mod:`speakor_common.models.short_context`); several times slower.
    """

    # Whisper takes 30 s of time for any segment, so its segments are long.
    segment_lengths = SegmentLengths(20.0, 30.0)

    def __init__(self, directory: Path, device: str, full_context: bool = False) -> None:
        """Load a model directory onto a device of PyTorch.

        Raises:
            CheckpointError: an adapter's base cannot be found.
        """
        self.model, self.processor = load_whisper(directory)
        self.model.eval().to(device, precision.dtype())
        self.full_context = full_context

    def recognise(self, waves: Sequence[np.ndarray]) -> list[Hypothesis]:
        """Hypotheses of levelled waveforms (float32, 16 kHz) of any length, order kept."""
        return recognise_by_segments(waves, self.segment_lengths, self.recognise_segments)

    def recognise_segments(self, segments: Sequence[np.ndarray]) -> list[Hypothesis]:
        """:meth:`recognise` without cutting or trimming, for audio of at most 30 s."""
        # Clips of one batch share their context, so that no clip's text depends on another's.
        members: dict[int, list[int]] = defaultdict(list)
        for index, segment in enumerate(segments):
            members[positions_for(len(segment) / RATE)].append(index)

        texts = [""] * len(segments)
        for positions, indices in sorted(members.items()):
            size = _DECODED // positions_with_padding(self._context(positions))
            for start in range(0, len(indices), size):
                batch = indices[start : start + size]
                generated = self._generate([segments[i] for i in batch], positions)
                for index, text in zip(batch, generated, strict=True):
                    texts[index] = text
        return [Hypothesis(normalise_hypothesis(text), raw=text) for text in texts]

    def _context(self, positions: int) -> int:
        return FULL_POSITIONS if self.full_context else positions

    @torch.inference_mode()
    def _generate(self, waves: list[np.ndarray], positions: int) -> list[str]:
        """Raw Whisper output for clips that fit into so many encoder positions."""
        features = self.processor.feature_extractor(
            waves, sampling_rate=RATE, return_tensors="pt"
        ).input_features
        most_tokens = _TOKENS_PER_SECOND * positions // POSITIONS_PER_SECOND

        with shortened_context(self.model, self._context(positions)) as frames:
            # Encode, a few clips at a time.
            shortened = features[:, :, :frames].to(self.model.device, self.model.dtype)
            encoder = self.model.get_encoder()
            encoded = [
                encoder(some).last_hidden_state for some in shortened.split(2 * _ENCODED // frames)
            ]

            # Decode all of them together.
            ids = self.model.generate(
                encoder_outputs=BaseModelOutput(torch.cat(encoded)),
                language="ko",
                task="transcribe",
                max_new_tokens=min(_MOST_TOKENS, max(_FEWEST_TOKENS, most_tokens)),
            )
        return self.processor.batch_decode(ids, skip_special_tokens=True)
