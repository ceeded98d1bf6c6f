"""A look into a graph: the values between its nodes, as the engine computes them.

The engine gives only a package's outputs. So a probe writes a package whose outputs are the values
that are asked for, and runs it on the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bascule.assemble import Output, bare_package
from bascule.columns import to_buffers
from bascule.engine import Engine
from bascule.export import Node, Tensor

_MAX_OUTPUTS = 64
_MAX_DENSE = 65_536


class Probe:
    """The rows `data`, seen inside the graph of `nodes`."""

    def __init__(
        self, nodes: Sequence[Node], inputs: Sequence[Mapping[str, Any]], data: Any
    ) -> None:
        self.nodes = list(nodes)
        self.inputs = list(inputs)
        self.rows, self._buffers = to_buffers(data, inputs)

    def values(self, wanted: Iterable[Tensor]) -> dict[str, NDArray[np.float64]]:
        """Each value as float64 [rows, width]; NaN in refused rows. Dense, i64 and csr only."""
        outputs: list[Output] = []
        nodes = list(self.nodes)
        for x in wanted:
            value, kind = x.value, "integer" if x.kind == "i64" else "number"
            if x.kind == "csr":
                if x.width > _MAX_DENSE:
                    raise ValueError(f"{value} is too wide to be made dense: {x.width} columns")
                value = f"dense.{len(nodes)}"
                nodes.append(_node("to_dense", x.value, value))
            elif value.startswith("column:"):  # an output is what a node gives
                value, kind = f"copy.{len(nodes)}", "number"
                nodes.append(_copy(x, value))
            outputs.append(Output(x.value, value, kind, x.width))
        found: dict[str, NDArray[np.float64]] = {}
        for start in range(0, len(outputs), _MAX_OUTPUTS):
            part = outputs[start : start + _MAX_OUTPUTS]
            engine = Engine(bare_package(nodes, self.inputs, part))
            found.update(self._run(engine, part))
        return found

    def magnitudes(self, linear: Node) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of a `linear` node on a sparse value: sums of |weight * x|, bias included, and the number
        of stored cells, both [rows, outputs] or [rows, 1]."""
        weights, bias = linear.tensors["weights"], linear.tensors.get("bias")
        width = np.shape(weights)[1]
        tensors: dict[str, Any] = {"weights": np.abs(weights)}
        if bias is not None:
            tensors["bias"] = np.abs(bias)
        source = linear.inputs[0]
        companions = [
            _node("absolute", source, "terms.x"),
            Node("linear", ("terms.x",), "terms", {}, tensors, "bounds"),
            Node("multiply", (source,), "cells.0", {}, {"by": np.zeros(width)}, "bounds"),
            Node("add_stored", ("cells.0",), "cells.1", {"by": 1.0}, {}, "bounds"),
            Node("linear", ("cells.1",), "cells", {}, {"weights": np.ones((1, width))}, "bounds"),
        ]
        found = self.beside(companions, {"terms": len(weights), "cells": 1})
        return found["terms"], found["cells"]

    def beside(
        self, companions: Sequence[Node], wanted: Mapping[str, int]
    ) -> dict[str, NDArray[np.float64]]:
        """What `companions`, added to the graph, give: float64 [rows, width] by value's name.

        wanted   the width of each value
        """
        outputs = [Output(name, name, "number", width) for name, width in wanted.items()]
        nodes = [*self.nodes, *companions]
        return self._run(Engine(bare_package(nodes, self.inputs, outputs)), outputs)

    def _run(self, engine: Engine, outputs: Sequence[Output]) -> dict[str, NDArray[np.float64]]:
        answers, _ = engine.run(self.rows, self._buffers, [output.name for output in outputs])
        return {
            name: np.asarray(values, np.float64).reshape(self.rows, -1)
            for name, values in answers.items()
        }


def _copy(x: Tensor, target: str) -> Node:
    if x.kind != "f64":
        return _node("cast", x.value, target)
    return Node("select", (x.value,), target, {}, {"columns": np.arange(x.width)}, "bounds")


def _node(op: str, source: str, target: str) -> Node:
    return Node(op, (source,), target, {}, {}, "bounds")
