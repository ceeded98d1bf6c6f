"""How far the engine's answers may lie from Python's: running error analysis over the graph.

The rules of the operators stand in bascule/ops; here they are followed from the inputs on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bascule.export import Node, Tensor
from bascule.ops import TABLE
from bascule.ops.rules import EXACT, Array, Bound, Context
from bascule.probe import Probe


def bounds_of(nodes: Sequence[Node], known: dict[str, Tensor], probe: Probe) -> dict[str, Bound]:
    """The bound of every value of the graph, for the rows of `probe`.

    known   every value's type, by name, inputs included
    """
    found: dict[str, Bound] = {}
    values: dict[str, Array] = {}
    for node in nodes:
        inputs = [found.get(name, EXACT) for name in node.inputs]
        exact = all(not bound.error.any() for bound in inputs)
        if exact and not TABLE[node.op].fresh:
            found[node.output] = EXACT
            continue
        kinds = [known[name].kind for name in node.inputs]
        context = Context(node, kinds, inputs, probe, known, values)
        with np.errstate(all="ignore"):
            found[node.output] = _known(TABLE[node.op].bound(context))
    return found


def _known(bound: Bound) -> Bound:
    """What overflowed on the way to the bound may be anything."""
    unknown = np.isnan(bound.error)
    return replace(bound, error=np.where(unknown, np.inf, bound.error)) if unknown.any() else bound


def dense_error(bound: Bound, rows: int, width: int) -> tuple[Array, Array]:
    """The errors of a dense value, here and anywhere, each [rows, width]."""
    whole: Any = np.broadcast_to(bound.error, (2, rows, width))
    return whole[0].copy(), whole[1].copy()
