"""A trained CTC model as ONNX, for backends without PyTorch or with CPUs only.

The exported directory holds all a Transcriber reads: the network with posteriors as its output,
the vocabulary and, where there is one, the language model. Its weights of matrix products are in
8 bits if asked.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCTC, PreTrainedModel

from speakor_common.audio import RATE
from speakor_common.errors import CheckpointError
from speakor_common.models.checkpoints import model_type
from speakor_common.models.ctc import CTC_MODEL_TYPES, frame_grid, load_processor
from speakor_common.models.posteriors import HEADS, ONNX_FILE, heads_of, network_input
from speakor_common.storage import whole_directory

_EXAMPLE = 3 * RATE  # samples of the clip the network is traced with
_LONGEST = 29 * RATE  # what fits into 30 s of Whisper
_NOT_COPIED = ("*.safetensors", "runs", "README.md")


class _LogPosteriors(torch.nn.Module):
    """One clip to its posteriors by each head, float32, shape = (1, T, V), natural logarithm."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model
        self.outputs = [HEADS[head] for head in heads_of(model.config)]

    def forward(self, clip: torch.Tensor) -> tuple[torch.Tensor, ...]:
        said = self.model(clip)
        return tuple(said[output].log_softmax(-1) for output in self.outputs)


def export_ctc(model: Path, int8: bool = True) -> Path:
    """Write ``<model>-onnx``; returns it.

    Args:
        model: directory of a CTC model.
        int8: weights of matrix products in 8 bits, activations quantised as they come.

    Raises:
        CheckpointError: no CTC model there, or the packages of the ``onnx`` extra are missing.
    """
    kind = model_type(model)
    if kind not in CTC_MODEL_TYPES or not list(model.glob("*.safetensors")):
        raise CheckpointError(
            f"{model} holds no trained CTC model (model type {kind!r}); only those are exported"
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
        # All but the weights, and the network in their place.
        left_out = shutil.ignore_patterns(*_NOT_COPIED)
        shutil.copytree(model, folder, ignore=left_out, dirs_exist_ok=True)
        plain = folder / "plain.onnx"
        _write_network(model, plain)
        if int8:
            _quantize(plain, folder / ONNX_FILE)
            plain.unlink()
        else:
            plain.rename(folder / ONNX_FILE)
    return target


def _write_network(model: Path, path: Path) -> None:
    # Eager attention is plain matrix products, which the quantiser knows.
    network = AutoModelForCTC.from_pretrained(
        model, attn_implementation="eager", dtype=torch.float32
    ).eval()

    # What it takes of a clip, samples or mel features, from one frame to half a minute.
    processor = load_processor(model, network.config)
    grid = frame_grid(model, network.config, processor)
    shortest, example, longest = (
        network_input(processor, np.zeros(samples, np.float32))
        for samples in (grid.shortest, _EXAMPLE, _LONGEST)
    )
    # A length of one would be taken for a constant.
    length = torch.export.Dim("length", min=max(2, shortest.shape[1]), max=longest.shape[1])

    torch.onnx.export(
        _LogPosteriors(network).eval(),
        (torch.from_numpy(example),),
        path,
        input_names=[processor.feature_extractor.model_input_names[0]],
        output_names=list(heads_of(network.config)),
        dynamic_shapes=({1: length},),
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def _quantize(plain: Path, path: Path) -> None:
    """Weights of matrix products in 8 bits, a scale for every column.

    The first and the last product stay exact. They are small, and with the scales a column they
    halve the divergence from exact posteriors (sample, validation).
    """
    import onnx
    from onnxruntime import quantization

    graph = onnx.load(plain).graph
    weights = {tensor.name for tensor in graph.initializer}
    products = [
        node.name for node in graph.node if node.op_type == "MatMul" and node.input[1] in weights
    ]
    quantization.quantize_dynamic(
        plain,
        path,
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        nodes_to_exclude=[products[0], products[-1]],
    )
