"""What reads jamo out of encoder states: the heads of :mod:`.whisper_ctc`, and SpecAugment.

Legend: B clips, F frames of the longest, D width of the encoder, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from speakor_common.models.whisper_ctc_config import WhisperCTCConfig


class JamoHead(nn.Module):
    """From encoder states to logits of jamo: convolutions, each seeing farther than the last.

    The encoder has looked at the whole clip; what a head adds is near. Convolutions alone need no
    order of computation, and give a clip of a batch what they give it alone.

    Args:
        dilations: of the convolutions, in turn; with a kernel of 5 frames of 20 ms a dilation of
            4 reaches 160 ms to each side.
    """

    def __init__(self, config: WhisperCTCConfig, dilations: Sequence[int]) -> None:
        super().__init__()
        width = config.width
        self.dropout = nn.Dropout(config.hidden_dropout)
        self.narrowing = nn.Linear(config.encoder.d_model, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in dilations)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(width, width, config.kernel, padding="same", dilation=dilation)
            for dilation in dilations
        )
        self.final_norm = nn.LayerNorm(width)
        self.final_dropout = nn.Dropout(config.final_dropout)
        self.output = nn.Linear(width, config.vocab_size)

    def forward(self, states: torch.Tensor, frames: torch.Tensor | None) -> torch.Tensor:
        """Logits (B, F, V) of states (B, F, D).

        Args:
            frames: of each clip, int64 (B,); ``None`` where all are as long as the longest.
        """
        present = None if frames is None else _first(frames, states.shape[1]).unsqueeze(-1)
        hidden = self.narrowing(self.dropout(states))

        # Each adds to what is there; beyond a clip's end it finds zeros, as alone.
        for norm, convolution in zip(self.norms, self.convolutions, strict=True):
            inside = norm(hidden) if present is None else norm(hidden) * present
            hidden = hidden + self.dropout(nn.functional.gelu(convolution(inside.mT).mT))
        return self.output(self.final_dropout(self.final_norm(hidden)))


def random_spans(lengths: torch.Tensor, longest: int, share: float, length: int) -> torch.Tensor:
    """Spans of ``length`` places that cover about ``share`` of each row: bool (B, longest).

    Args:
        lengths: places of each row that there are, int64 (B,).
    """
    starts = torch.rand(len(lengths), longest, device=lengths.device) < share / length
    spread = starts.float()[:, None]
    covered = nn.functional.max_pool1d(nn.functional.pad(spread, (length - 1, 0)), length, 1)
    return covered[:, 0].bool() & _first(lengths, longest)


def _first(counts: torch.Tensor, longest: int) -> torch.Tensor:
    """Which of the places are among the first so many: bool (B, longest)."""
    return torch.arange(longest, device=counts.device) < counts[:, None]
