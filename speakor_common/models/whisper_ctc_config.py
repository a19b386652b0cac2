"""Shapes of a CTC network on Whisper's encoder (:mod:`.whisper_ctc`)."""

from __future__ import annotations

from typing import ClassVar

from transformers import PreTrainedConfig, WhisperConfig

WHISPER_CTC = "whisper-ctc"


class WhisperCTCConfig(PreTrainedConfig):
    """Shapes of the encoder and the heads, and what is dropped and masked in training.

    Attributes:
        base: checkpoint the encoder's weights come from, see
            :func:`speakor_common.models.checkpoints.find_checkpoint`; ``None``: they are in this
            model's own file.
        encoder: of the base, a :class:`WhisperConfig`.
        vocab_size, pad_token_id: of both heads; the pad is the blank.
        layers: encoder layers, counted from 1, whose outputs are mixed by learnt weights.
        width: of the heads' convolutions.
        kernel: of each, frames of 20 ms.
        spelled_dilations, spoken_dilations: of each head's convolutions. Spelling follows from
            more than a sound and its neighbours; what was heard should not.
        adapter_rank, adapter_alpha: of LoRA on the encoder; rank 0 for none.
        hidden_dropout, final_dropout: between the heads' layers, and before their output.
        attention_dropout: in the encoder.
        adapter_dropout: before the adapters.
        mask_time_prob, mask_time_length: SpecAugment over frames of the mixed outputs.
        mask_feature_prob, mask_feature_length: over their channels.
        ctc_loss_reduction, ctc_zero_infinity: of :func:`torch.nn.functional.ctc_loss`.
        spoken_weight: of the spoken head's loss beside the spelled head's.
    """

    model_type = WHISPER_CTC
    sub_configs_defaults: ClassVar = {"encoder": WhisperConfig}

    base: str | None = None
    encoder: dict | WhisperConfig | None = None
    vocab_size: int = 70
    pad_token_id: int | None = 0
    layers: list[int] | tuple[int, ...] = (3, 5, 6)

    width: int = 256
    kernel: int = 5
    spelled_dilations: list[int] | tuple[int, ...] = (1, 2, 4, 8)
    spoken_dilations: list[int] | tuple[int, ...] = (1, 1, 1)

    adapter_rank: int = 0
    adapter_alpha: int = 16

    hidden_dropout: float = 0.2
    final_dropout: float = 0.1
    attention_dropout: float = 0.0
    adapter_dropout: float = 0.0
    mask_time_prob: float = 0.05
    mask_time_length: int = 6
    mask_feature_prob: float = 0.05
    mask_feature_length: int = 24

    ctc_loss_reduction: str = "mean"
    ctc_zero_infinity: bool = False
    spoken_weight: float = 1.0
