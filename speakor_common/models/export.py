"""A trained CTC model as ONNX, for backends without PyTorch or with CPUs only.

The exported directory holds all a Transcriber reads: the network with posteriors as output, weights of its matrix products in
8 bits if asked, the vocabulary and, where there is one, the language model.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from transformers import Wav2Vec2ForCTC

from speakor_common.audio import RATE
from speakor_common.errors import CheckpointError
from speakor_common.models.ctc import ONNX_FILE, ONNX_INPUT
from speakor_common.storage import read_json, whole_directory

_SHORTEST, _LONGEST = 400, 30 * RATE  # samples: one frame, 30 s
_WEIGHTS = ("*.safetensors", "runs", "README.md")


class _Posteriors(torch.nn.Module):
    """Waveform, float32 (1, S), to natural log posteriors, float32 (1, T, V)."""

    def __init__(self, model: Wav2Vec2ForCTC) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_values: torch.Tensor) -> torch.Tensor:
        return self.model(input_values).logits.log_softmax(-1)


def export(model: Path, int8: bool = True) -> Path:
    """Write ``<model>-onnx``; returns it.

    Args:
        model: directory of a wav2vec2 CTC model.
        int8: weights of matrix products in 8 bits, activations quantised as they come.

    Raises:
        CheckpointError: no CTC model there, or the packages of the ``onnx`` extra are missing.
    """
    kind = (
        read_json(model / "config.json").get("model_type")
        if (model / "config.json").is_file()
        else None
    )
    if kind != "wav2vec2" or not list(model.glob("*.safetensors")):
        raise CheckpointError(
            f"{model} holds no trained wav2vec2 CTC model (model type {kind!r}); only those are exported"
        )
    try:
        import onnxruntime  # noqa: F401 - so that a missing package is named here
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise CheckpointError(
            f"exporting needs the package {error.name}: pip install '.[onnx]'"
        ) from error
    target = model.with_name(f"{model.name}-onnx")
    with whole_directory(target) as folder:
        shutil.copytree(model, folder, ignore=shutil.ignore_patterns(*_WEIGHTS), dirs_exist_ok=True)
        plain = folder / "plain.onnx"
        _write(model, plain)
        if int8:
            _quantize(plain, folder / ONNX_FILE)
            plain.unlink()
        else:
            plain.rename(folder / ONNX_FILE)
    return target


def _write(model: Path, path: Path) -> None:
    # Eager attention is plain matrix products, which the quantiser knows.
    network = _Posteriors(
        Wav2Vec2ForCTC.from_pretrained(
            model, attn_implementation="eager", dtype=torch.float32
        ).eval()
    ).eval()
    samples = torch.export.Dim("samples", min=_SHORTEST, max=_LONGEST)
    torch.onnx.export(
        network, (torch.zeros(1, 3 * RATE),), path, input_names=[ONNX_INPUT], output_names=["log_probabilities"],
        dynamic_shapes=({1: samples},), dynamo=True, external_data=False, verbose=False,
    )  # fmt: skip


def _quantize(plain: Path, path: Path) -> None:
    """Weights of matrix products in 8 bits, a scale for every column.

    The first and the last product stay exact. They are small, and with the scales a column they halve the divergence from exact
    posteriors (sample, validation).
    """
    import onnx
    from onnxruntime import quantization

    graph = onnx.load(plain).graph
    weights = {tensor.name for tensor in graph.initializer}
    products = [
        node.name for node in graph.node if node.op_type == "MatMul" and node.input[1] in weights
    ]
    exact = [products[0], products[-1]]
    quantization.quantize_dynamic(
        plain, path, op_types_to_quantize=["MatMul"], per_channel=True, nodes_to_exclude=exact
    )
