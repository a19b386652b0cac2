"""Frame posteriors out of waveforms: a CTC network in PyTorch, or exported in ONNX Runtime.

Both are one :class:`PosteriorModel` to their callers. A network has one head, or two that read the
same pass (:mod:`.whisper_ctc`): ``spelled``, what was meant, and ``spoken``, what was heard.
Turning posteriors into text is left to :mod:`speakor_common.decoding`.

Legend: B clips, S samples, T frames, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from transformers import AutoConfig, PreTrainedConfig, PreTrainedModel, ProcessorMixin
from transformers.modeling_outputs import ModelOutput

from speakor_common.audio import RATE
from speakor_common.errors import CheckpointError
from speakor_common.models.cpu_convolutions import MatmulFeatureEncoder
from speakor_common.models.ctc import FrameGrid, frame_grid, load_network, load_processor
from speakor_common.models.whisper_ctc_config import WHISPER_CTC

ONNX_FILE = "model.onnx"
SPELLED = "spelled"
SPOKEN = "spoken"
HEADS = {SPELLED: "logits", SPOKEN: "spoken_logits"}  # and what networks call their outputs

# Networks whose attention mask keeps padding out of a clip's posteriors. Any other is given one
# clip at a time: data2vec's stacked positional convolutions, for one, carry padding back.
_MASKED = ("hubert", "wav2vec2", "wav2vec2-bert", "wavlm", WHISPER_CTC)


class PosteriorModel(Protocol):
    """A loaded CTC network.

    Attributes:
        processor: its feature extractor and its tokenizer.
        grid: where its frames lie in a waveform.
        heads: names of its heads, of :data:`HEADS`.
    """

    processor: ProcessorMixin
    grid: FrameGrid
    heads: tuple[str, ...]

    def posteriors(self, waves: Sequence[np.ndarray]) -> list[dict[str, np.ndarray]]:
        """Posteriors of each wave by each head: float32, shape = (T, V), natural logarithm.

        A clip's posteriors do not depend on what it is given together with.

        Args:
            waves: levelled, float32, shape = (S,), 16 kHz, not shorter than ``grid.shortest``.
        """
        ...


def heads_of(config: PreTrainedConfig) -> tuple[str, ...]:
    """Names of the heads of a network with this configuration."""
    return tuple(HEADS) if config.model_type == WHISPER_CTC else (SPELLED,)


def load_posteriors(directory: Path, device: str) -> PosteriorModel:
    """The network of a model directory: its ``model.onnx`` if it holds one, or its weights.

    Args:
        device: of PyTorch; an ONNX model runs on the CPU.

    Raises:
        CheckpointError: no CTC network with its vocabulary, or one that cannot be loaded.
    """
    if (directory / ONNX_FILE).is_file():
        return OnnxPosteriors(directory)
    return TorchPosteriors(directory, device)


class TorchPosteriors:
    """A network in PyTorch; clips of one call are a batch where that changes nothing."""

    def __init__(self, directory: Path, device: str) -> None:
        self.model, self.processor, head_is_trained = load_network(directory)
        if not head_is_trained:
            raise CheckpointError(f"{directory} has no CTC head; it must be trained before use")
        self.grid = frame_grid(directory, self.model.config, self.processor)
        self.heads = heads_of(self.model.config)
        self.model.eval().to(device)
        self._batches = _keeps_clips_apart(self.model)

    @torch.inference_mode()
    def posteriors(self, waves: Sequence[np.ndarray]) -> list[dict[str, np.ndarray]]:
        """See :meth:`PosteriorModel.posteriors`."""
        if self._batches:
            return self._together(waves)
        return [self._alone(wave) for wave in waves]

    def _together(self, waves: Sequence[np.ndarray]) -> list[dict[str, np.ndarray]]:
        # Extract features; the mask says what is padding.
        inputs = self.processor.feature_extractor(
            list(waves),
            sampling_rate=RATE,
            return_tensors="pt",
            padding=True,
            return_attention_mask=True,
        ).to(self.model.device)
        lengths = inputs["attention_mask"].sum(-1)

        # A group norm's statistics leave padding out too.
        with self._counting(lengths):
            logs = self._by_head(self.model(**inputs))

        # Cut off the frames of padding.
        frames = self.model._get_feat_extract_output_lengths(lengths).tolist()
        return [
            {head: logs[head][clip, :count] for head in self.heads}
            for clip, count in enumerate(frames)
        ]

    def _alone(self, wave: np.ndarray) -> dict[str, np.ndarray]:
        values = torch.from_numpy(network_input(self.processor, wave)).to(self.model.device)
        return {head: logs[0] for head, logs in self._by_head(self.model(values)).items()}

    def _by_head(self, said: ModelOutput) -> dict[str, np.ndarray]:
        return {
            head: said[HEADS[head]].float().log_softmax(-1).cpu().numpy() for head in self.heads
        }

    def _counting(self, lengths: torch.Tensor) -> AbstractContextManager[None]:
        encoder = _feature_encoder(self.model)
        return (
            encoder.counting(lengths)
            if isinstance(encoder, MatmulFeatureEncoder)
            else nullcontext()
        )


class OnnxPosteriors:
    """An exported network (:mod:`.export`) in ONNX Runtime; a clip a core, side by side.

    Raises:
        CheckpointError: ONNX Runtime is not installed, or does not take the file.
    """

    def __init__(self, directory: Path) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise CheckpointError(
                f"{directory} is an ONNX model, and ONNX Runtime is missing: pip install '.[onnx]'"
            ) from error
        config = AutoConfig.from_pretrained(directory)
        self.processor = load_processor(directory, config)
        self.grid = frame_grid(directory, config, self.processor)
        self.heads = heads_of(config)

        # A clip is short: cores are used better by a clip each than by all on one.
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._pool = ThreadPoolExecutor(torch.get_num_threads())
        try:
            self.session = onnxruntime.InferenceSession(
                str(directory / ONNX_FILE), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's own errors have no common class below Exception
            raise CheckpointError(
                f"{directory / ONNX_FILE} cannot be loaded by ONNX Runtime ({str(error)[:160]})"
            ) from error
        self._input = self.session.get_inputs()[0].name

    def posteriors(self, waves: Sequence[np.ndarray]) -> list[dict[str, np.ndarray]]:
        """See :meth:`PosteriorModel.posteriors`."""
        return list(self._pool.map(self._alone, waves))

    def _alone(self, wave: np.ndarray) -> dict[str, np.ndarray]:
        by_head = self.session.run(None, {self._input: network_input(self.processor, wave)})
        return {head: logs[0] for head, logs in zip(self.heads, by_head, strict=True)}


def network_input(processor: ProcessorMixin, wave: np.ndarray) -> np.ndarray:
    """What a network takes of one clip, float32, (1, S) or (1, mel frames, bins); no padding."""
    extractor = processor.feature_extractor
    inputs = extractor(wave, sampling_rate=RATE, return_tensors="np", return_attention_mask=True)
    values = inputs[extractor.model_input_names[0]]
    length = int(inputs["attention_mask"].sum())
    return values[:, :length].astype(np.float32)


def _feature_encoder(model: PreTrainedModel) -> torch.nn.Module | None:
    return getattr(model.base_model, "feature_extractor", None)


def _keeps_clips_apart(model: PreTrainedModel) -> bool:
    """Whether a clip in a padded batch has the posteriors it has alone."""
    if isinstance(_feature_encoder(model), MatmulFeatureEncoder):
        return model.config.model_type in _MASKED
    group_norm = getattr(model.config, "feat_extract_norm", "") == "group"
    return model.config.model_type in _MASKED and not group_norm
