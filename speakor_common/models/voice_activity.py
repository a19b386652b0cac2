"""Is anybody speaking? Silero's voice activity detector, computed over a whole clip at once.

The package ``silero-vad`` (MIT) brings the weights. Its own runtime takes 32 ms at a time, and
importing it sets the number of threads of the whole process. So only the weights are taken from it:
the network is small enough to stand here, and all windows of a clip together cost next to nothing.

Legend: S samples at 16 kHz, W windows of 32 ms.
"""

from __future__ import annotations

import importlib.util
import threading
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import nn

from speakor_common.errors import CheckpointError

WINDOW = 512  # samples of a decision, 32 ms
_CONTEXT = 64  # samples before a window that the network sees too
_REFLECTED = 64  # samples mirrored behind a window

# Somebody speaks for a tenth of a second, or nobody does. 365 clips of natives and the sample have
# 1.15 s and more, in white noise of 20 to 0 dB too; noise, tones, clicks, doors and melodies
# have nothing.
_SPEAKING = 0.5
_LEAST_WINDOWS = 3

_FFT = 256  # samples of a spectrum
_HOP = 128
_BINS = _FFT // 2 + 1

# Parameters of the packaged network, and what they are called here.
_NAMES = {
    "stft.forward_basis_buffer": "stft_conv.weight",
    **{
        f"encoder.{n}.reparam_conv.{kind}": f"conv{n + 1}.{kind}"
        for n in range(4)
        for kind in ("weight", "bias")
    },
    **{
        f"decoder.rnn.{kind}_{gate}": f"lstm.{kind}_{gate}_l0"
        for kind in ("weight", "bias")
        for gate in ("ih", "hh")
    },
    "decoder.decoder.2.weight": "final_conv.weight",
    "decoder.decoder.2.bias": "final_conv.bias",
}

_loading = threading.Lock()


class VoiceActivityDetector(nn.Module):
    """Silero VAD 6.2 for 16 kHz: spectrum, four convolutions, an LSTM from window to window."""

    def __init__(self) -> None:
        super().__init__()
        self.stft_conv = nn.Conv1d(1, 2 * _BINS, _FFT, stride=_HOP, bias=False)
        self.conv1 = nn.Conv1d(_BINS, 128, 3, padding=1)
        self.conv2 = nn.Conv1d(128, 64, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(64, 64, 3, stride=2, padding=1)
        self.conv4 = nn.Conv1d(64, 128, 3, padding=1)
        self.lstm = nn.LSTM(128, 128)
        self.final_conv = nn.Conv1d(128, 1, 1)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Probability of speech in each window.

        Args:
            windows: float32, shape = (W, 64 + 512): the windows of a clip, each with its context.

        Returns:
            float32, shape = (W,).
        """
        # Magnitude spectra: the first half of the filters are cosines, the second half sines.
        padded = nn.functional.pad(windows.unsqueeze(1), (0, _REFLECTED), mode="reflect")
        spectrum = self.stft_conv(padded)
        hidden = (spectrum[:, :_BINS].square() + spectrum[:, _BINS:].square()).sqrt()

        # Four frames become one, then the LSTM goes through the clip.
        for convolution in (self.conv1, self.conv2, self.conv3, self.conv4):
            hidden = convolution(hidden).relu()
        states, _ = self.lstm(hidden.transpose(1, 2))

        logits = self.final_conv(states.transpose(1, 2).relu())
        return logits.sigmoid().flatten()


def speech_probabilities(samples: np.ndarray) -> np.ndarray:
    """Probability that somebody speaks, every 32 ms.

    Args:
        samples: float32, shape = (S,), 16 kHz, as loud as recorded.

    Returns:
        float32, shape = (ceil(S / 512),); the last window is filled with silence.

    Raises:
        CheckpointError: the package with the weights is not installed.
    """
    with _loading:  # threads that ask first wait for one load
        detector = _detector()
    count = -(-len(samples) // WINDOW)
    if count == 0:
        return np.zeros(0, np.float32)

    # Every window with the end of the one before it; the first has silence there.
    padded = np.zeros(_CONTEXT + count * WINDOW, np.float32)
    padded[_CONTEXT : _CONTEXT + len(samples)] = samples
    windows = np.lib.stride_tricks.sliding_window_view(padded, _CONTEXT + WINDOW)[::WINDOW]

    with torch.inference_mode():
        return detector(torch.from_numpy(windows.copy())).numpy()


def somebody_speaks(samples: np.ndarray) -> bool:
    """Whether a recording holds speech at all.

    Args:
        samples: float32, shape = (S,), 16 kHz, best levelled: a whisper is then as loud as a voice.

    Raises:
        CheckpointError: see :func:`speech_probabilities`.
    """
    speaking = speech_probabilities(samples) > _SPEAKING
    return int(speaking.sum()) >= _LEAST_WINDOWS


@lru_cache(maxsize=1)
def _detector() -> VoiceActivityDetector:
    packaged = torch.jit.load(_packaged_file(), map_location="cpu")._model.state_dict()
    renamed = {new: packaged[old] for old, new in _NAMES.items()}

    detector = VoiceActivityDetector()
    detector.load_state_dict(renamed)
    return detector.eval()


def _packaged_file() -> Path:
    """The network inside the installed package, which is not imported."""
    package = importlib.util.find_spec("silero_vad")
    if package is None or package.origin is None:
        raise CheckpointError(
            "speech is detected with the package silero-vad; pip install silero-vad"
        )
    return Path(package.origin).parent / "data" / "silero_vad.jit"
