"""CTC networks: loading them, and where their frames lie.

Everything that loads a CTC network loads it here, of whatever architecture: wav2vec2, HuBERT,
WavLM and data2vec take the waveform itself, w2v-BERT and our CTC on Whisper's encoder take mel
features of it, and each checkpoint's feature extractor knows which. Computing posteriors is left to
:mod:`speakor_common.models.posteriors`.

Legend: B clips, S samples, T frames.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    AutoModelForCTC,
    AutoProcessor,
    PreTrainedConfig,
    PreTrainedModel,
    ProcessorMixin,
    Wav2Vec2Processor,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_CTC_MAPPING_NAMES

from speakor_common.errors import CheckpointError
from speakor_common.models.checkpoints import find_checkpoint
from speakor_common.models.cpu_convolutions import use_matmul_convolutions
from speakor_common.models.whisper_ctc import WHISPER_CTC  # and registers it
from speakor_common.models.whisper_ctc_processor import SAMPLES_PER_POSITION

logger = logging.getLogger(__name__)

# Model types of CTC networks: those of transformers, and ours.
CTC_MODEL_TYPES = (*MODEL_FOR_CTC_MAPPING_NAMES, WHISPER_CTC)

_DROPOUTS = ("hidden_dropout", "attention_dropout", "final_dropout")

# What training sets in a configuration, and model types that are known to have it.
_TRAINED_WITH = (*_DROPOUTS, "mask_time_prob")
_TRAINABLE = (
    "wav2vec2",
    "hubert",
    "wavlm",
    "data2vec-audio",
    "sew-d",
    "wav2vec2-bert",
    WHISPER_CTC,
)

# Window and hop of the mel features of w2v-BERT, samples; fixed in its feature extractor.
_MEL_WINDOW = 400
_MEL_HOP = 160


@dataclass(frozen=True)
class FrameGrid:
    """Where a network's frames lie in a waveform.

    Attributes:
        samples_per_frame: between the starts of two frames.
        shortest: samples of the shortest waveform that has a frame.
    """

    samples_per_frame: int
    shortest: int


def load_ctc(
    base: str | Path, dropout: float | None = None
) -> tuple[PreTrainedModel, ProcessorMixin]:
    """Network (float32, its convolutions quick on a CPU) and processor of a CTC checkpoint.

    Args:
        base: directory, name under ``models/`` or Hub id.
        dropout: replaces the checkpoint's own rates, see :func:`restore_dropout`.

    Raises:
        CheckpointError: not found, of an architecture that cannot be trained here, or no CTC
            checkpoint with a processor that fits.
    """
    directory = find_checkpoint(base)
    _require_trainable(directory)
    rates = {} if dropout is None else dict.fromkeys(_DROPOUTS, dropout)
    model, processor, head_is_trained = load_network(directory, **rates)
    if not head_is_trained:
        logger.warning("%s has no CTC head; it starts with a random one", directory)
    return model, processor


def _require_trainable(directory: Path) -> None:
    """Refuse an architecture without the dropout and masking that training sets."""
    try:
        config = AutoConfig.from_pretrained(directory)
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"{directory} is no CTC checkpoint ({error})") from error

    if lacking := [name for name in _TRAINED_WITH if not hasattr(config, name)]:
        raise CheckpointError(
            f"{directory}: model type {config.model_type!r} has no {', '.join(lacking)}, which "
            f"training sets; model types that can be trained are {', '.join(_TRAINABLE)}"
        )


def load_network(directory: Path, **changes: float) -> tuple[PreTrainedModel, ProcessorMixin, bool]:
    """Network, processor, and whether the network's CTC head comes with the checkpoint.

    Args:
        directory: of a CTC checkpoint.
        changes: to its configuration.

    Raises:
        CheckpointError: no CTC checkpoint with a processor that fits.
    """
    try:
        model, loaded = AutoModelForCTC.from_pretrained(
            directory, dtype=torch.float32, output_loading_info=True, **changes
        )
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"{directory} is no CTC checkpoint ({error})") from error
    processor = load_processor(directory, model.config)
    use_matmul_convolutions(model)
    return model, processor, not any("head" in name for name in loaded["missing_keys"])


def load_processor(directory: Path, config: PreTrainedConfig) -> ProcessorMixin:
    """Feature extractor and tokenizer of the CTC checkpoint with this configuration.

    Raises:
        CheckpointError: the directory holds no such two, or a vocabulary that does not fit.
    """
    try:
        try:
            processor = AutoProcessor.from_pretrained(directory)
        except ImportError:
            # It names a processor with a decoder, whose packages are missing; ours is used.
            processor = Wav2Vec2Processor.from_pretrained(directory)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{directory} holds no feature extractor with a CTC vocabulary ({error})"
        ) from error

    if not (hasattr(processor, "feature_extractor") and hasattr(processor, "tokenizer")):
        raise CheckpointError(
            f"{directory} holds a {type(processor).__name__} only; "
            "expected a feature extractor with a CTC vocabulary"
        )
    known = len(processor.tokenizer)
    if config.vocab_size > known:
        raise CheckpointError(
            f"{directory}: the network writes {config.vocab_size} symbols and its vocabulary "
            f"knows {known}; the vocabulary is of another model"
        )
    return processor


def restore_dropout(model: PreTrainedModel, base: str | Path) -> None:
    """Give a configuration its base's own rates back, in place.

    Those of a run are not for whoever trains on from its result.
    """
    config = AutoConfig.from_pretrained(find_checkpoint(base))
    model.config.update({name: getattr(config, name) for name in _DROPOUTS})


def count_frames(
    model: PreTrainedModel, processor: ProcessorMixin, samples: torch.Tensor
) -> torch.Tensor:
    """Frames a network makes of waveforms of so many samples: int64, shape = (B,)."""
    if model.config.model_type == WHISPER_CTC:
        return (samples + SAMPLES_PER_POSITION - 1) // SAMPLES_PER_POSITION
    if takes_features(processor):
        mel_frames = (samples - _MEL_WINDOW) // _MEL_HOP + 1
        samples = mel_frames // processor.feature_extractor.stride
    return model._get_feat_extract_output_lengths(samples)


def takes_features(processor: ProcessorMixin) -> bool:
    """Whether a network is given mel features instead of the waveform."""
    return processor.feature_extractor.model_input_names[0] == "input_features"


def frame_grid(directory: Path, config: PreTrainedConfig, processor: ProcessorMixin) -> FrameGrid:
    """Where the frames of a network lie, from its convolutions or its mel features.

    Raises:
        CheckpointError: a network of neither kind.
    """
    if config.model_type == WHISPER_CTC:
        return FrameGrid(SAMPLES_PER_POSITION, 1)

    # Kernels and strides, samples first.
    if hasattr(config, "conv_stride"):
        layers = list(zip(config.conv_kernel, config.conv_stride, strict=True))
    elif config.model_type == "wav2vec2-bert":
        stack = processor.feature_extractor.stride
        layers = [(_MEL_WINDOW, _MEL_HOP), (stack, stack)]
    else:
        raise CheckpointError(
            f"{directory}: where the frames of model type {config.model_type!r} lie is not known; "
            "known are networks of convolutions over the waveform, wav2vec2-bert and whisper-ctc"
        )
    samples_per_frame = math.prod(stride for _, stride in layers)

    # An adapter at the end makes fewer frames, of any number at least one.
    if getattr(config, "add_adapter", False):
        samples_per_frame *= config.adapter_stride**config.num_adapter_layers

    # From one frame back to the samples it is computed from.
    shortest = 1
    for kernel, stride in reversed(layers):
        shortest = (shortest - 1) * stride + kernel
    return FrameGrid(samples_per_frame, shortest)
