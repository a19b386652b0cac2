"""Changing a network in ONNX form: new nodes, constants, and exchanging nodes for others."""

from __future__ import annotations

from typing import Any

import numpy as np


class Steps:
    """Appends one node a call; arrays among its inputs become constants."""

    def __init__(self, network: Any, name: str) -> None:
        self._network = network
        self._name = name
        self.nodes: list[Any] = []

    def __call__(self, kind: str, *inputs: str | np.ndarray, **attributes: Any) -> str:
        step = f"{self._name}/{len(self.nodes)}"
        names = [
            given if isinstance(given, str) else add_constant(self._network, f"{step}:{at}", given)
            for at, given in enumerate(inputs)
        ]
        node = make_node(kind, names, step, step)
        node.attribute.extend(make_attribute(name, value) for name, value in attributes.items())
        self.nodes.append(node)
        return step


def make_node(kind: str, inputs: list[str], output: str, name: str) -> Any:
    from onnx import helper

    return helper.make_node(kind, inputs, [output], name=name)


def make_attribute(name: str, value: Any) -> Any:
    from onnx import helper

    return helper.make_attribute(name, value)


def add_constant(network: Any, name: str, values: np.ndarray) -> str:
    """Add ``values`` to the graph under ``name``."""
    from onnx import numpy_helper

    network.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
    return name


def neighbours(network: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The node that makes each value, and the last that reads it."""
    makers = {name: node for node in network.graph.node for name in node.output}
    readers = {name: node for node in network.graph.node for name in node.input}
    return makers, readers


def exchange(network: Any, exchanged: dict[str, list[Any]], dropped: set[str]) -> None:
    """Put other nodes in the place of those named, and drop what nothing reads any more."""
    nodes: list[Any] = []
    for node in network.graph.node:
        if node.name not in dropped:
            nodes += exchanged.get(node.name, [node])

    # From the end to the beginning: whoever is not read by then is not needed.
    wanted = {output.name for output in network.graph.output}
    kept: list[Any] = []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    constants = [entry for entry in network.graph.initializer if entry.name in wanted]

    # `kept` holds copies by then: deleting the repeated field frees the originals.
    copies = [type(node).FromString(node.SerializeToString()) for node in reversed(kept)]
    weights = [type(entry).FromString(entry.SerializeToString()) for entry in constants]
    del network.graph.node[:]
    del network.graph.initializer[:]
    network.graph.node.extend(copies)
    network.graph.initializer.extend(weights)
