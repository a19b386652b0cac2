"""CTC on Whisper's encoder: what was meant and what was heard, from one pass.

Whisper hears people but writes only text. Its encoder knows more: for every 20 ms what is sounding.
Two small heads read it out as jamo: *spelled*, what was meant, in standard spelling, and *spoken*,
what was heard, as pronounced. With frames come times, confidence and a score for any text.

The encoder is as long as the clip, and a little padding stands for the rest of Whisper's 30 s, as
in :mod:`speakor_common.models.short_context`; here each clip of a batch has its own, so its
posteriors are those it has alone. The encoder's weights are its base's and stay there; a saved
model holds the heads and the adapters (LoRA, Hu et al., 2022), and finds the base by name.

Legend: B clips, T mel frames, M mel bins, P encoder positions with padding, F frames of the longest
clip, D width of the encoder, V vocabulary.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCTC, PreTrainedModel
from transformers.modeling_outputs import ModelOutput
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from speakor_common.errors import CheckpointError
from speakor_common.models.checkpoints import find_checkpoint
from speakor_common.models.jamo_heads import JamoHead, random_spans
from speakor_common.models.short_context import PADDING_POSITIONS, thinned_positions
from speakor_common.models.whisper import inject_adapters, read_encoder
from speakor_common.models.whisper_ctc_config import WHISPER_CTC, WhisperCTCConfig

_MEL_FRAMES = 2  # of an encoder position; the second convolution has stride 2
_BASE_KEYS = re.compile(r"^encoder\.(?!.*\blora_)")  # weights that are the base's


@dataclass
class WhisperCTCOutput(ModelOutput):
    """What the network says of a batch.

    Attributes:
        loss: float32 (), where labels were given.
        logits: of the spelled head, float32 (B, F, V).
        spoken_logits: of the spoken head, float32 (B, F, V).
    """

    loss: torch.Tensor | None = None
    logits: torch.Tensor | None = None
    spoken_logits: torch.Tensor | None = None


class WhisperCTC(PreTrainedModel):
    """Two CTC heads on any Whisper encoder, see the module.

    Takes what :class:`.whisper_ctc_processor.ThinnedFeatureExtractor` makes of clips of at most
    29 s, and gives a frame for every 20 ms of them.
    """

    config_class = WhisperCTCConfig
    base_model_prefix = "encoder"
    main_input_name = "input_features"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _no_split_modules: ClassVar = ["WhisperEncoderLayer"]
    _keys_to_ignore_on_load_missing: ClassVar = [_BASE_KEYS.pattern]

    def __init__(self, config: WhisperCTCConfig) -> None:
        super().__init__(config)
        config.encoder.attention_dropout = config.attention_dropout
        self.encoder = WhisperEncoder(config.encoder)
        self.mixing = nn.Parameter(torch.zeros(len(config.layers)))
        self.spelled_head = JamoHead(config, config.spelled_dilations)
        self.spoken_head = JamoHead(config, config.spoken_dilations)
        self.loss_type = "ForCTC"
        self.post_init()

        # An encoder initialises every linear layer it holds, and adapters begin with zeros.
        if config.adapter_rank:
            inject_adapters(
                self.encoder, config.adapter_rank, config.adapter_alpha, config.adapter_dropout
            )

    @classmethod
    def from_whisper(cls, base: str | Path, **settings: Any) -> WhisperCTC:
        """New heads, and adapters if asked for, on a Whisper checkpoint's encoder.

        Args:
            base: directory, name under ``models/`` or Hub id.
            settings: fields of :class:`WhisperCTCConfig`.

        Raises:
            CheckpointError: not found, or no Whisper.
        """
        encoder = AutoConfig.from_pretrained(find_checkpoint(base))
        if encoder.model_type != "whisper":
            raise CheckpointError(f"{base} is a {encoder.model_type}; a Whisper is expected")
        model = cls(WhisperCTCConfig(base=str(base), encoder=encoder.to_dict(), **settings))
        model.load_encoder()
        return model

    @classmethod
    def from_pretrained(cls, *arguments: Any, **options: Any) -> Any:
        """As of any model; the encoder's weights come from the base, see :meth:`load_encoder`."""
        loaded = super().from_pretrained(*arguments, **options)
        model = loaded[0] if isinstance(loaded, tuple) else loaded
        if model.config.base:
            model.load_encoder()
        return loaded

    def save_pretrained(
        self, save_directory: str | Path, *, state_dict: dict | None = None, **options: Any
    ) -> None:
        """As of any model, but without the weights that are the base's."""
        state = self.state_dict() if state_dict is None else state_dict
        if self.config.base:
            state = {name: value for name, value in state.items() if not _BASE_KEYS.match(name)}
        super().save_pretrained(save_directory, state_dict=state, **options)

    def load_encoder(self) -> None:
        """Read the encoder's weights from the base, and let only heads and adapters learn.

        Raises:
            CheckpointError: the base cannot be found, or is another model.
        """
        weights = read_encoder(find_checkpoint(self.config.base))
        for name, parameter in self.encoder.named_parameters():
            if "lora_" in name:
                continue
            value = weights.get(name.replace(".base_layer.", "."))
            if value is None or value.shape != parameter.shape:
                found = "nothing" if value is None else f"shape {tuple(value.shape)}"
                raise CheckpointError(
                    f"{self.config.base} holds {found} for encoder.{name}, "
                    f"expected shape {tuple(parameter.shape)}"
                )
            parameter.data.copy_(value)
            parameter.requires_grad_(False)

    def forward(
        self,
        input_features: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        spoken_labels: torch.Tensor | None = None,
        states: torch.Tensor | None = None,
        frames: torch.Tensor | None = None,
        **_: Any,
    ) -> WhisperCTCOutput:
        """Logits of both heads, and the loss against the labels that are given.

        Args:
            input_features: float32 (B, T, M), clips and the padding after them.
            attention_mask: int64 (B, T), 1 where a clip or its padding is; ``None``: everywhere.
            labels: intended text, int64 (B, L), padded with -100; a row of nothing but -100 is
                not known, and not learnt from.
            spoken_labels: what was pronounced, likewise.
            states, frames: what :meth:`encode` made before, in the place of features.
        """
        if states is None:
            states, frames = self.encode(input_features, attention_mask)
        return self.read_out(states, frames, labels, spoken_labels)

    def encode(
        self, input_features: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Normalised outputs of the mixed layers, (layers, B, F, D), and frames of each clip.

        They are all that the heads see, so those of a frozen encoder can be kept.
        """
        mel = input_features.mT
        lengths = None if attention_mask is None else attention_mask.sum(-1) // _MEL_FRAMES
        encoder = self.encoder
        hidden = nn.functional.gelu(encoder.conv1(mel))
        hidden = nn.functional.gelu(encoder.conv2(hidden)).mT

        # Positions as in 30 s, and what the padding that is there stands for.
        longest = hidden.shape[1]
        counts = hidden.new_full((1,), longest, dtype=torch.long) if lengths is None else lengths
        positions, scores = thinned_positions(counts, longest, encoder.config.max_source_positions)
        hidden = hidden + encoder.embed_positions(positions)
        scores = scores.to(hidden.dtype).expand(hidden.shape[0], -1, longest, -1)

        outputs = {}
        for number, layer in enumerate(encoder.layers, 1):
            hidden = layer(hidden, scores)
            outputs[number] = hidden
        frames = longest - PADDING_POSITIONS
        width = (hidden.shape[-1],)
        mixed = [
            nn.functional.layer_norm(outputs[n][:, :frames], width) for n in self.config.layers
        ]
        return torch.stack(mixed), None if lengths is None else lengths - PADDING_POSITIONS

    def read_out(
        self,
        states: torch.Tensor,
        frames: torch.Tensor | None,
        labels: torch.Tensor | None = None,
        spoken_labels: torch.Tensor | None = None,
    ) -> WhisperCTCOutput:
        """Logits and loss from what :meth:`encode` gives; see :meth:`forward`."""
        weights = self.mixing.softmax(0)
        mixed = (states * weights[:, None, None, None]).sum(0)
        if self.training:
            mixed = self._masked(mixed, frames)
        logits = self.spelled_head(mixed, frames)
        spoken_logits = self.spoken_head(mixed, frames)

        heads = ((logits, labels, 1.0), (spoken_logits, spoken_labels, self.config.spoken_weight))
        losses = [
            weight * self._loss(said, frames, wanted)
            for said, wanted, weight in heads
            if wanted is not None and (wanted >= 0).any()
        ]
        return WhisperCTCOutput(sum(losses) if losses else None, logits, spoken_logits)

    def _get_feat_extract_output_lengths(self, mel_frames: torch.Tensor) -> torch.Tensor:
        """Frames of clips that came with their padding as so many mel frames."""
        return mel_frames // _MEL_FRAMES - PADDING_POSITIONS

    def _loss(
        self, logits: torch.Tensor, frames: torch.Tensor | None, labels: torch.Tensor
    ) -> torch.Tensor:
        """Of the clips whose label is known."""
        if frames is None:
            frames = labels.new_full((len(labels),), logits.shape[1])
        known = (labels >= 0).any(-1)
        return self.loss_function(
            logits=logits[known],
            labels=labels[known],
            logit_lengths=frames[known],
            blank_token_id=self.config.pad_token_id,
            reduction=self.config.ctc_loss_reduction,
            zero_infinity=self.config.ctc_zero_infinity,
        )

    def _masked(self, mixed: torch.Tensor, frames: torch.Tensor | None) -> torch.Tensor:
        """SpecAugment (Park et al., 2019) over frames and channels: spans of zeros."""
        config = self.config
        clips, longest, width = mixed.shape
        lengths = mixed.new_full((clips,), longest, dtype=torch.long) if frames is None else frames
        over_time = random_spans(lengths, longest, config.mask_time_prob, config.mask_time_length)
        channels = torch.full_like(lengths, width)
        over_channels = random_spans(
            channels, width, config.mask_feature_prob, config.mask_feature_length
        )
        return mixed.masked_fill(over_time[:, :, None] | over_channels[:, None, :], 0.0)

    def _init_weights(self, module: nn.Module) -> None:
        """Nothing: new heads keep PyTorch's own start, and all else is read from files."""


AutoConfig.register(WHISPER_CTC, WhisperCTCConfig)
AutoModelForCTC.register(WhisperCTCConfig, WhisperCTC)
