"""Whisper that recognises, stock or with a PEFT adapter, prompted for Korean transcription."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from transformers import GenerationMixin
from transformers.modeling_outputs import BaseModelOutput

from speakor_common.audio import RATE
from speakor_common.decoding.text_features import TextRescorer, read_decoder
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

# Hypotheses of the beam search, all of which are scored again; five is what Whisper's authors use.
BEAMS = 5
_PROMPT = ("<|startoftranscript|>", "<|ko|>", "<|transcribe|>", "<|notimestamps|>")

T = TypeVar("T")
ScoredTexts = list[tuple[str, float]]  # what Whisper wrote, and its natural log probability


class WhisperRecogniser:
    """Whisper with its encoder as long as the clips; its hypotheses have no word times.

    It writes the most probable token after each other. Where the directory holds language models,
    the best texts of a beam search are scored again, which takes about three times as long.

    Attributes:
        full_context: compute all 30 s instead of the clip and subsampled padding
            (:mod:`speakor_common.models.short_context`); several times slower.
    """

    # Whisper takes 30 s of time for any segment, so its segments are long.
    segment_lengths = SegmentLengths(20.0, 30.0)

    def __init__(self, directory: Path, device: str, full_context: bool = False) -> None:
        """Load a model directory onto a device of PyTorch.

        Raises:
            CheckpointError: an adapter's base cannot be found, or not all language models.
            SpeakorError: it asks for language models, and flashlight-text is not installed.
        """
        self.model, self.processor = load_whisper(directory)
        self.model.eval().to(device, precision.dtype())
        self.full_context = full_context
        decoder = read_decoder(directory)
        self._rescorer = TextRescorer(directory, decoder[1]) if decoder else None

    def recognise(self, waves: Sequence[np.ndarray]) -> list[Hypothesis]:
        """Hypotheses of levelled waveforms (float32, 16 kHz) of any length, order kept."""
        return recognise_by_segments(waves, self.segment_lengths, self.recognise_segments)

    def recognise_segments(self, segments: Sequence[np.ndarray]) -> list[Hypothesis]:
        """:meth:`recognise` without cutting or trimming, for audio of at most 30 s."""
        if self._rescorer:
            return [self._best(texts) for texts in self.nbest_texts(segments)]
        texts = self._in_batches(segments, self._generate, 1)
        return [Hypothesis(normalise_hypothesis(text), raw=text) for text in texts]

    def nbest_texts(self, segments: Sequence[np.ndarray]) -> list[ScoredTexts]:
        """Of each segment of at most 30 s the :data:`BEAMS` best texts, best first."""
        return self._in_batches(segments, self._search, BEAMS)

    def _best(self, scored: ScoredTexts) -> Hypothesis:
        """The text that language models and Whisper together find best."""
        texts = [normalise_hypothesis(text) for text, _ in scored]
        best = self._rescorer.best(texts, [score for _, score in scored])
        return Hypothesis(texts[best], raw=scored[best][0])

    def _in_batches(
        self,
        segments: Sequence[np.ndarray],
        decode: Callable[[list[np.ndarray], int], list[T]],
        hypotheses: int,
    ) -> list[T]:
        """What ``decode`` makes of each segment, with so many hypotheses of each at a time."""
        # Clips of one batch share their context, so that no clip's text depends on another's.
        members: dict[int, list[int]] = defaultdict(list)
        for index, segment in enumerate(segments):
            members[positions_for(len(segment) / RATE)].append(index)

        results: dict[int, T] = {}
        for positions, indices in sorted(members.items()):
            clips = _DECODED // (hypotheses * positions_with_padding(self._context(positions)))
            size = max(1, clips)
            for start in range(0, len(indices), size):
                batch = indices[start : start + size]
                decoded = decode([segments[i] for i in batch], positions)
                results.update(zip(batch, decoded, strict=True))
        return [results[index] for index in range(len(segments))]

    def _context(self, positions: int) -> int:
        return FULL_POSITIONS if self.full_context else positions

    @torch.inference_mode()
    def _generate(self, waves: list[np.ndarray], positions: int) -> list[str]:
        """Raw Whisper output for clips that fit into so many encoder positions."""
        with shortened_context(self.model, self._context(positions)) as frames:
            ids = self.model.generate(
                encoder_outputs=self._encoded(waves, frames),
                language="ko",
                task="transcribe",
                max_new_tokens=_most_tokens(positions),
            )
        return self.processor.batch_decode(ids, skip_special_tokens=True)

    @torch.inference_mode()
    def _search(self, waves: list[np.ndarray], positions: int) -> list[ScoredTexts]:
        """The best texts of a beam search, for clips that fit into so many encoder positions."""
        prompt = self.processor.tokenizer.convert_tokens_to_ids(list(_PROMPT))
        start = torch.tensor([prompt], device=self.model.device).expand(len(waves), -1)
        with shortened_context(self.model, self._context(positions)) as frames:
            # Whisper's own generate() gives one text a clip; without it the prompt is ours to give.
            found = GenerationMixin.generate(
                self.model,
                encoder_outputs=self._encoded(waves, frames),
                decoder_input_ids=start,
                num_beams=BEAMS,
                num_return_sequences=BEAMS,
                length_penalty=0.0,  # the score is then the log probability
                max_new_tokens=_most_tokens(positions),
                return_dict_in_generate=True,
                output_scores=True,
            )
        texts = self.processor.batch_decode(found.sequences, skip_special_tokens=True)
        scored = list(zip(texts, found.sequences_scores.tolist(), strict=True))
        return [scored[first : first + BEAMS] for first in range(0, len(scored), BEAMS)]

    def _encoded(self, waves: list[np.ndarray], frames: int) -> BaseModelOutput:
        """The encoder's output for so many mel frames, a few clips at a time."""
        features = self.processor.feature_extractor(
            waves, sampling_rate=RATE, return_tensors="pt"
        ).input_features
        shortened = features[:, :, :frames].to(self.model.device, self.model.dtype)
        encoder = self.model.get_encoder()
        encoded = [
            encoder(some).last_hidden_state for some in shortened.split(2 * _ENCODED // frames)
        ]
        return BaseModelOutput(torch.cat(encoded))


def _most_tokens(positions: int) -> int:
    """Text tokens that clips of so many encoder positions may have."""
    tokens = _TOKENS_PER_SECOND * positions // POSITIONS_PER_SECOND
    return min(_MOST_TOKENS, max(_FEWEST_TOKENS, tokens))
