"""The acoustic half of a CTC recogniser, waveforms in and frame posteriors out: by PyTorch, or by ONNX Runtime.

A clip's posteriors do not depend on what it is batched with.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC, Wav2Vec2Processor

from speakor_common.audio import RATE
from speakor_common.errors import CheckpointError
from speakor_common.models.cpu_convolutions import ProductFeatureEncoder, use_products

ONNX_FILE = "model.onnx"
ONNX_INPUT = "input_values"


class Acoustic(Protocol):
    """A loaded network: levelled waveforms (float32, 16 kHz) in, natural log posteriors (float32, (T, V)) of each out."""

    config: Wav2Vec2Config

    def log_probabilities(self, waves: Sequence[np.ndarray]) -> list[np.ndarray]: ...


def load(directory: Path, processor: Wav2Vec2Processor, device: str) -> Acoustic:
    """The network of a model directory: its ``model.onnx`` if there is one, which runs on the CPU, or its weights."""
    if (directory / ONNX_FILE).is_file():
        return OnnxAcoustic(directory, processor)
    return TorchAcoustic(directory, processor, device)


class TorchAcoustic:
    """wav2vec2 in PyTorch; clips of one call are a batch."""

    def __init__(self, directory: Path, processor: Wav2Vec2Processor, device: str) -> None:
        self._features = processor.feature_extractor
        self.model = Wav2Vec2ForCTC.from_pretrained(directory)
        use_products(self.model)
        self.model.eval().to(device)
        self.config = self.model.config

    @torch.inference_mode()
    def log_probabilities(self, waves: Sequence[np.ndarray]) -> list[np.ndarray]:
        if isinstance(self.model.wav2vec2.feature_extractor, ProductFeatureEncoder):
            logits = self._logits_of_each_alone(waves)
        elif self.config.feat_extract_norm == "group" and len(waves) > 1:
            return [logs for wave in waves for logs in self.log_probabilities([wave])]
        else:
            inputs = self._features(
                list(waves), sampling_rate=RATE, return_tensors="pt", padding=True
            ).to(self.model.device)
            logits = self.model(**inputs).logits
        logs = logits.float().log_softmax(-1).cpu().numpy()
        lengths = self.model._get_feat_extract_output_lengths(
            torch.tensor([len(wave) for wave in waves])
        )
        return [row[:length] for row, length in zip(logs, lengths.tolist(), strict=True)]

    def _logits_of_each_alone(self, waves: Sequence[np.ndarray]) -> torch.Tensor:
        """Logits (B, T, V) of a group-norm model whose statistics leave padding out.

        Stock wav2vec2 counts it, so that in a padded batch a clip's transcript would depend on its neighbours.
        """
        encoder = self.model.wav2vec2
        normal = [
            self._features(wave, sampling_rate=RATE, return_tensors="pt").input_values[0]
            for wave in waves
        ]
        samples = torch.tensor([len(wave) for wave in waves])
        batch = torch.nn.utils.rnn.pad_sequence(normal, batch_first=True).to(self.model.device)
        padded = encoder.feature_extractor(batch, samples).transpose(1, 2)
        frames = self.model._get_feat_extract_output_lengths(samples).to(padded.device)
        mask = torch.arange(padded.shape[1], device=padded.device)[None] < frames[:, None]
        hidden, _ = encoder.feature_projection(padded)
        return self.model.lm_head(encoder.encoder(hidden, attention_mask=mask)[0])


class OnnxAcoustic:
    """An exported network (:mod:`speakor_common.models.export`) in ONNX Runtime; every clip by itself, one a core side by side.

    Raises:
        CheckpointError: ONNX Runtime is not installed, or does not take the file.
    """

    def __init__(self, directory: Path, processor: Wav2Vec2Processor) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise CheckpointError(
                f"{directory} is an ONNX model, and ONNX Runtime is missing: pip install '.[onnx]'"
            ) from error
        self._features, self.config = (
            processor.feature_extractor,
            Wav2Vec2Config.from_pretrained(directory),
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a clip is short: cores are used better by a clip each
        self._pool = ThreadPoolExecutor(torch.get_num_threads())
        try:
            self.session = onnxruntime.InferenceSession(
                str(directory / ONNX_FILE), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's own errors have no common class below Exception
            raise CheckpointError(
                f"{directory / ONNX_FILE} cannot be loaded by ONNX Runtime ({str(error)[:160]})"
            ) from error

    def log_probabilities(self, waves: Sequence[np.ndarray]) -> list[np.ndarray]:
        return list(self._pool.map(self._one, waves))

    def _one(self, wave: np.ndarray) -> np.ndarray:
        values = self._features(wave, sampling_rate=RATE, return_tensors="np").input_values
        return self.session.run(None, {ONNX_INPUT: values.astype(np.float32)})[0][0]
