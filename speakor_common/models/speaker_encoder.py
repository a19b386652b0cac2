"""Whose voice is it? Vectors of speech that lie close where the voice is the same.

The package ``resemblyzer`` (Apache-2.0) brings the weights: a network trained so that vectors of
one speaker agree (Wan et al., 2018, "Generalized end-to-end loss for speaker verification"). The
package asks for a compiler at installation and loads each clip alone, so only its weights are
taken; ``weights.lock`` installs it without what it depends on.

Legend: B clips, P windows of all clips, S samples at 16 kHz.
"""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers.audio_utils import mel_filter_bank

from speakor_common.errors import CheckpointError

RATE = 16_000
SIZE = 256  # of a vector
WINDOW = 160  # frames that are heard at a time, 1.6 s
INSTALL = "pip install --no-deps resemblyzer==0.1.4"

_MELS = 40
_FFT = 400  # samples, 25 ms
_HOP = 160  # samples, 10 ms
_LAYERS = 3
_COVERAGE = 0.75  # of a window, below which a clip's last one is left out
_BATCH = 256  # windows
_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"

_loading = threading.Lock()


class SpeakerEncoder(nn.Module):
    """Resemblyzer's network: three LSTM layers, of whose last state one linear layer is taken."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(_MELS, SIZE, _LAYERS, batch_first=True)
        self.linear = nn.Linear(SIZE, SIZE)

    def forward(self, mels: torch.Tensor) -> torch.Tensor:
        """Vectors of windows.

        Args:
            mels: float32, shape = (P, 160, 40).

        Returns:
            float32, shape = (P, 256), of length 1, nowhere negative.
        """
        _, (states, _) = self.lstm(mels)
        return nn.functional.normalize(self.linear(states[-1]).relu(), dim=1)


def window_vectors(clips: Sequence[np.ndarray], step: int = WINDOW) -> list[np.ndarray]:
    """Vectors of each clip's windows.

    Args:
        clips: float32, shape = (S,), 16 kHz; only speech, best without pauses.
        step: frames of 10 ms from one window to the next.

    Returns:
        a clip: float32, shape = (windows, 256); of a clip shorter than a window, one of its
        sound and silence behind it.

    Raises:
        CheckpointError: the package with the weights is missing or another than expected.
    """
    with _loading:  # threads that ask first wait for one load
        encoder = _encoder()
    windows = [_mel_windows(clip, step) for clip in clips]
    if not windows:
        return []

    # All windows together, whatever clip they are of.
    together = torch.from_numpy(np.concatenate(windows))
    with torch.inference_mode():
        vectors = torch.cat([encoder(batch) for batch in together.split(_BATCH)]).numpy()
    ends = np.cumsum([len(each) for each in windows])
    return np.split(vectors, ends[:-1])


def mean_vector(vectors: np.ndarray) -> np.ndarray:
    """The direction several vectors have in common: float32, shape = (256,), of length 1."""
    mean = vectors.mean(axis=0)
    return (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)


def _mel_windows(clip: np.ndarray, step: int) -> np.ndarray:
    """Mel spectra of a clip's windows: float32, shape = (windows, 160, 40)."""
    # Where windows begin, as the weights' authors cut; the last is filled with silence.
    frames = -(-(len(clip) + 1) // _HOP)
    starts = list(range(0, max(1, frames - WINDOW + step + 1), step))
    covered = (len(clip) / _HOP - starts[-1]) / WINDOW
    if covered < _COVERAGE and len(starts) > 1:
        starts.pop()
    needed = (starts[-1] + WINDOW) * _HOP
    padded = np.pad(clip, (0, max(0, needed - len(clip))))

    # Power, not its logarithm.
    spectra = torch.stft(
        torch.from_numpy(padded.astype(np.float32)),
        _FFT,
        _HOP,
        window=torch.hann_window(_FFT),
        pad_mode="constant",
        return_complex=True,
    )
    mels = spectra.abs().square().T.numpy() @ _mel_filters()
    return np.stack([mels[start : start + WINDOW] for start in starts])


@lru_cache(maxsize=1)
def _mel_filters() -> np.ndarray:
    """Librosa's, which the weights were trained with: float32, shape = (201, 40)."""
    filters = mel_filter_bank(
        num_frequency_bins=_FFT // 2 + 1,
        num_mel_filters=_MELS,
        min_frequency=0.0,
        max_frequency=RATE / 2,
        sampling_rate=RATE,
        norm="slaney",
        mel_scale="slaney",
    )
    return filters.astype(np.float32)


@lru_cache(maxsize=1)
def _encoder() -> SpeakerEncoder:
    file = _packaged_file()
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    if sha256 != _SHA256:
        raise CheckpointError(
            f"{file} has sha256 {sha256[:16]}…, expected {_SHA256[:16]}…; again: {INSTALL}"
        )
    packaged = torch.load(file, map_location="cpu", weights_only=True)["model_state"]
    encoder = SpeakerEncoder()
    encoder.load_state_dict({name: packaged[name] for name in encoder.state_dict()})
    return encoder.eval()


def is_installed() -> bool:
    """Whether the package with the weights is here."""
    return importlib.util.find_spec("resemblyzer") is not None


def _packaged_file() -> Path:
    """The weights inside the installed package, which is not imported."""
    package = importlib.util.find_spec("resemblyzer")
    if package is None or package.origin is None:
        raise CheckpointError(f"voices are compared with the package resemblyzer; {INSTALL}")
    return Path(package.origin).parent / "pretrained.pt"
