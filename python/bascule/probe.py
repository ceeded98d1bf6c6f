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
            value, kind = x.value, x.kind
            if kind == "csr":
                if x.width > _MAX_DENSE:
                    raise ValueError(f"{value} is too wide to be made dense: {x.width} columns")
                nodes.append(_node("to_dense", x.value, f"{x.value}.dense"))
                value = f"{x.value}.dense"
            outputs.append(
                Output(x.value, value, "integer" if kind == "i64" else "number", x.width)
            )
        found: dict[str, NDArray[np.float64]] = {}
        for start in range(0, len(outputs), _MAX_OUTPUTS):
            part = outputs[start : start + _MAX_OUTPUTS]
            engine = Engine(bare_package(nodes, self.inputs, part))
            found.update(self._run(engine, part))
        return found

    def magnitudes(self, linear: Node) -> NDArray[np.float64]:
        """Sums of |weight * x| of a `linear` node, bias included: [rows, outputs]."""
        weights, bias = linear.tensors["weights"], linear.tensors.get("bias")
        absolute = _node("absolute", linear.inputs[0], "terms.x")
        tensors: dict[str, Any] = {"weights": np.abs(weights)}
        if bias is not None:
            tensors["bias"] = np.abs(bias)
        total = Node("linear", ("terms.x",), "terms", {}, tensors, "bounds")
        width = len(weights)
        output = Output("terms", "terms", "number", width)
        nodes = [*self.nodes, absolute, total]
        engine = Engine(bare_package(nodes, self.inputs, [output]))
        return self._run(engine, [output])["terms"]

    def _run(self, engine: Engine, outputs: Sequence[Output]) -> dict[str, NDArray[np.float64]]:
        answers, _ = engine.run(self.rows, self._buffers, [output.name for output in outputs])
        return {
            name: np.asarray(values, np.float64).reshape(self.rows, -1)
            for name, values in answers.items()
        }


def _node(op: str, source: str, target: str) -> Node:
    return Node(op, (source,), target, {}, {}, "bounds")
