"""What a CTC network on Whisper's encoder takes of a clip: mel features and thinned padding.

Stock Whisper pads every clip to 30 s. Here a clip is followed by as much padding as
:mod:`speakor_common.models.short_context` keeps, and in a batch by nothing more: features and mask
of a clip do not depend on its neighbours.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from transformers import (
    AutoFeatureExtractor,
    AutoProcessor,
    BatchFeature,
    Wav2Vec2CTCTokenizer,
    Wav2Vec2Processor,
    WhisperFeatureExtractor,
)

from speakor_common.audio import RATE
from speakor_common.errors import AudioError
from speakor_common.models.short_context import (
    FULL_POSITIONS,
    PADDING_POSITIONS,
    POSITIONS_PER_SECOND,
)
from speakor_common.models.whisper_ctc_config import WhisperCTCConfig

SAMPLES_PER_POSITION = RATE // POSITIONS_PER_SECOND
LONGEST_S = (FULL_POSITIONS - PADDING_POSITIONS) / POSITIONS_PER_SECOND


class ThinnedFeatureExtractor(WhisperFeatureExtractor):
    """Whisper's mel features, as long as the clips and their thinned padding.

    Returns ``input_features``, float32 (B, T, M), and ``attention_mask``, int64 (B, T): 1 over a
    clip and its padding.
    """

    model_input_names: ClassVar = ["input_features", "attention_mask"]

    def __call__(
        self,
        raw_speech: np.ndarray | list[np.ndarray],
        sampling_rate: int | None = None,
        return_tensors: str | None = None,
        **_: Any,
    ) -> BatchFeature:
        """Features of one clip, (S,), or of several.

        Raises:
            ValueError: another sampling rate.
            AudioError: a clip longer than :data:`LONGEST_S`.
        """
        if sampling_rate is not None and sampling_rate != self.sampling_rate:
            raise ValueError(f"features are of {self.sampling_rate} Hz, not {sampling_rate}")
        single = isinstance(raw_speech, np.ndarray) and raw_speech.ndim == 1
        waves = [raw_speech] if single else raw_speech
        mels = [self._mel(np.asarray(wave, np.float32)) for wave in waves]

        longest = max(len(mel) for mel in mels)
        features = np.zeros((len(mels), longest, self.feature_size), np.float32)
        mask = np.zeros((len(mels), longest), np.int64)
        for row, mel in enumerate(mels):
            features[row, : len(mel)] = mel
            mask[row, : len(mel)] = 1
        return BatchFeature(
            {"input_features": features, "attention_mask": mask}, tensor_type=return_tensors
        )

    def _mel(self, wave: np.ndarray) -> np.ndarray:
        """Of a clip and its padding: float32, shape = (T, M)."""
        positions = math.ceil(len(wave) / SAMPLES_PER_POSITION) + PADDING_POSITIONS
        if positions > FULL_POSITIONS:
            raise AudioError(
                f"a clip of {len(wave) / RATE:.1f} s; at most {LONGEST_S:.1f} s fit, cut it first"
            )
        padded = np.zeros(positions * SAMPLES_PER_POSITION, np.float32)
        padded[: len(wave)] = wave
        return self._torch_extract_fbank_features(padded).T


class WhisperCTCProcessor(Wav2Vec2Processor):
    """:class:`ThinnedFeatureExtractor` and a tokenizer of jamo."""

    def __init__(
        self, feature_extractor: ThinnedFeatureExtractor, tokenizer: Wav2Vec2CTCTokenizer
    ) -> None:
        super().__init__(feature_extractor, tokenizer)


AutoFeatureExtractor.register(WhisperCTCConfig, ThinnedFeatureExtractor)
AutoProcessor.register(WhisperCTCConfig, WhisperCTCProcessor)
