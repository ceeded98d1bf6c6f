"""Kernels: rows compared with stored points, and decisions between pairs of classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bascule.ops.operator import Given, Type, operator
from bascule.ops.rules import EPS, Array, Bound, Context, sum_ulps, ulps

if TYPE_CHECKING:
    from bascule.export import Node, Tensor


# A distance whose square overflows is at least this far.
_FAR = 1e150


def _points(_: Sequence[Tensor], given: Given) -> Type:
    count = len(given["starts"]) - 1 if "starts" in given else len(given["points"])
    return "f64", count


@operator("pairwise_kernel", gives=_points, tier="T1")
def pairwise_kernel(c: Context) -> Bound:
    """The order of the sum over columns, followed through the function; its own ULPs."""
    attrs = c.node.attrs
    d, error = _Measured(c).distance_and_error()
    if attrs["function"] == "identity":
        return Bound(error)
    if attrs["function"] == "periodic":
        # The slope of exp(-2 (sin(s d) / l)^2) is 2 s / l^2 at most, and the whole is within 0 to 1
        slope = 2 / attrs["length"] ** 2
        return Bound(np.minimum(slope * (abs(attrs["scale"]) * error + 8 * EPS) + 8 * EPS, 1.0))
    f, y = _function(c.node), c.y()
    low = d - error if attrs["distance"] in ("dot", "chi2") else np.maximum(d - error, 0.0)
    moved = 2 * np.maximum(np.abs(f(d + error) - y), np.abs(f(low) - y))
    count = 8.0
    if attrs["function"] in ("power", "repeated"):
        count += abs(float(attrs["degree"]))  # libsvm's powers lose up to an ULP per factor
    return Bound(np.where(np.isnan(moved), np.inf, moved) + ulps(y, count))


class _Measured:
    """Distances as the engine computes them, and what they are made of."""

    def __init__(self, c: Context) -> None:
        self.c = c
        self.how = str(c.node.attrs["distance"])
        attrs = {"distance": self.how, "function": "identity"}
        nodes = [replace(c.node, output="d", attrs=attrs)]
        wanted = {"d": c.known[c.node.output].width}
        for name, node, width in self._companions():
            nodes += node
            wanted[name] = width
        found = c.probe.beside(nodes, wanted)
        self.distance = found["d"]
        self.terms = found.get("terms", np.abs(self.distance))  # |x|.|p|
        self.row = found.get("row", np.zeros((1, 1)))  # |x|^2, or the sum of |x|
        self.cells = self._width(found)

    def distance_and_error(self) -> tuple[Array, Array]:
        """The distance, and how far it may be off: [2, rows, points]."""
        error = sum_ulps(self._sums(), self.cells) + self._moved()
        d = self.distance
        if self.how == "euclidean":
            # sqrt(s + e) - sqrt(s) is at most sqrt(e), and e / sqrt(s).
            error = np.minimum(np.sqrt(error), np.where(d > 0, error / d, np.inf)) + EPS * d
        error = np.broadcast_to(np.where(np.isnan(error), np.inf, error), (2, *d.shape))
        if self.how == "dot":
            return d, error
        # Squares that overflow do so in any order; the other side is then as far away.
        far = np.isinf(d)
        if self.how == "expanded":
            far &= np.isfinite(self.terms)
        return np.where(far, _FAR, d), np.where(far, 0.0, error)

    def _sums(self) -> Array:
        """What is added, in absolute value."""
        if self.how == "dot":
            return self.terms
        if self.how == "expanded":
            return self.row + self._norms()[None, :] + 2 * self.terms
        if self.how == "euclidean":
            return self.distance**2
        return np.abs(self.distance)

    def _moved(self) -> Array:
        """What the error of the row's cells does to the sum (Cauchy and Schwarz for squares)."""
        c = self.c
        if not c.error.any():
            return np.zeros((1, 1, 1))
        if c.kinds[0] == "csr":
            whole = {"dot": self.terms, "manhattan": self.row}.get(self.how)
            if whole is not None:
                return c.error * whole
            return c.error * 2 * np.sqrt(self._squared() * self.row) + c.error**2 * self.row
        error = np.broadcast_to(c.error, (2, *c.x().shape))
        if self.how == "dot":
            return error @ np.abs(c.tensor("points")).T
        if self.how in ("manhattan", "chi2"):
            return error.sum(axis=2, keepdims=True) * (3 if self.how == "chi2" else 1)
        size = np.sqrt((error**2).sum(axis=2, keepdims=True))
        return 2 * np.sqrt(self._squared()) * size + size**2

    def _squared(self) -> Array:
        return self.distance**2 if self.how == "euclidean" else np.abs(self.distance)

    def _norms(self) -> Array:
        tensors = self.c.node.tensors
        if "points" in tensors:
            return (self.c.tensor("points") ** 2).sum(axis=1)
        starts = np.asarray(tensors["starts"], np.int64)
        owner = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        norms = np.zeros(len(starts) - 1)
        np.add.at(norms, owner, self.c.tensor("values") ** 2)
        return norms

    def _companions(self) -> list[tuple[str, list[Node], int]]:
        """Nodes that give the sums of |terms|, and the number of stored cells."""
        node = self.c.node
        sparse = self.c.kinds[0] == "csr"
        found: list[tuple[str, list[Node], int]] = []
        absolute = self._node("absolute", node.inputs[0], "x.abs")
        shared: list[Node] = [absolute]
        if self.how in ("dot", "expanded"):
            role = "values" if sparse else "points"
            tensors = {**node.tensors, role: np.abs(self.c.tensor(role))}
            dot = {"distance": "dot", "function": "identity"}
            terms = replace(node, inputs=("x.abs",), output="terms", attrs=dot, tensors=tensors)
            found.append(("terms", [*shared, terms], self.c.known[node.output].width))
            shared = []
        if self.how == "expanded" or sparse:
            how = "manhattan" if self.how == "manhattan" else "squared"
            origin = self._origin(sparse)
            attrs = {"distance": how, "function": "identity"}
            row = replace(node, output="row", attrs=attrs, tensors=origin)
            found.append(("row", [row], 1))
        if sparse:
            width = self.c.known[node.inputs[0]].width
            zero = {"by": np.zeros(width)}
            count = [
                self._node("multiply", node.inputs[0], "cells.0", tensors=zero),
                self._node("add_stored", "cells.0", "cells.1", attrs={"by": 1.0}),
                self._node("linear", "cells.1", "cells", tensors={"weights": np.ones((1, width))}),
            ]
            found.append(("cells", count, 1))
        return found

    def _node(
        self,
        op: str,
        source: str,
        target: str,
        attrs: dict[str, Any] | None = None,
        tensors: dict[str, Any] | None = None,
    ) -> Node:
        return replace(
            self.c.node,
            op=op,
            inputs=(source,),
            output=target,
            attrs=attrs or {},
            tensors=tensors or {},
            version=1,
        )

    def _origin(self, sparse: bool) -> dict[str, Any]:
        """One point that is 0 in every column."""
        if not sparse:
            return {"points": np.zeros((1, self.c.known[self.c.node.inputs[0]].width))}
        return {
            "starts": np.zeros(2, np.uint8),
            "columns": np.zeros(0, np.uint8),
            "values": np.zeros(0),
        }

    def _width(self, found: dict[str, Array]) -> Any:
        """How many terms a sum has, at most: [rows, 1] or one number."""
        if self.c.kinds[0] != "csr":
            return float(self.c.known[self.c.node.inputs[0]].width + 2)
        starts = np.asarray(self.c.node.tensors["starts"], np.int64)
        return found["cells"] + float(np.diff(starts).max(initial=0)) + 2.0


def _function(node: Node) -> Callable[[Array], Array]:
    """The function of a node, in numpy; each but the periodic one only rises or only falls."""
    a = node.attrs
    name = a["function"]
    if name == "identity":
        return lambda d: d
    if name == "exponential":
        return lambda d: np.exp(d * a["scale"])
    if name == "gaussian":
        return lambda d: np.exp(-(d**2) / 2)
    if name in ("power", "repeated"):
        return lambda d: np.power(d * a["scale"] + a["shift"], float(a["degree"]))
    if name == "tanh":
        return lambda d: np.tanh(d * a["scale"] + a["shift"])
    if name == "matern_1_5":
        return lambda d: (1 + d * np.sqrt(3)) * np.exp(-d * np.sqrt(3))
    if name == "matern_2_5":
        return lambda d: (1 + d * np.sqrt(5) + d**2 * 5 / 3) * np.exp(-d * np.sqrt(5))
    return lambda d: (1 + d / a["scale"]) ** a["degree"]


@operator("one_vs_one", gives=lambda x, given: ("f64", len(given["bias"])), fresh=True)
def one_vs_one(c: Context) -> Bound:
    """As `linear`: each pair's sum is of its own two classes' vectors."""
    weights = np.abs(_pair_weights(c))
    terms = np.abs(c.x()) @ weights.T + np.abs(c.tensor("bias"))
    moved = np.broadcast_to(c.error, (2, *c.x().shape)) @ weights.T
    bound = sum_ulps(terms, weights.shape[1]) + moved
    return Bound(np.where(np.isnan(bound), np.inf, bound))


def _pair_weights(c: Context) -> Array:
    counts = np.asarray(c.node.tensors["counts"], np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    coef = c.tensor("coef")
    weights = np.zeros((len(c.tensor("bias")), coef.shape[1]))
    for pair, (i, j) in enumerate(pairs_of(len(counts))):
        first, second = slice(starts[i], starts[i + 1]), slice(starts[j], starts[j + 1])
        weights[pair, first] = coef[j - 1, first]
        weights[pair, second] = coef[i, second]
    return weights


def pairs_of(classes: int) -> list[tuple[int, int]]:
    """(0, 1), (0, 2), ... (1, 2), ...: the order of one-against-one decisions."""
    return [(i, j) for i in range(classes) for j in range(i + 1, classes)]


def classes_of(pairs: int) -> int:
    """How many classes have that many pairs."""
    return round((1 + np.sqrt(1 + 8 * pairs)) / 2)


def _per_class(x: Sequence[Tensor], _: Given) -> Type:
    return "f64", classes_of(x[0].width)


@operator("vote", gives=_per_class)
def vote(c: Context) -> Bound:
    """A pair within its error of 0 may give its vote to either class."""
    x = c.x()
    error = np.broadcast_to(c.error, (2, *x.shape))
    open_pairs = (error > 0) & ~(np.abs(x) > error)
    moved = np.zeros((2, len(x), classes_of(x.shape[1])))
    for pair, (i, j) in enumerate(pairs_of(moved.shape[2])):
        moved[:, :, i] += open_pairs[:, :, pair]
        moved[:, :, j] += open_pairs[:, :, pair]
    return Bound(moved)


@operator("couple_probabilities", gives=_per_class, tier="T2")
def couple_probabilities(c: Context) -> Bound:
    """Rounding of every step of the iteration, and the input's error by the iteration's slope.

    Where the test that ends it lies within the error of its limit, another number of iterations
    is possible: then anything.
    """
    x = c.x()
    a, b = c.tensor("a"), c.tensor("b")
    classes = classes_of(x.shape[1])
    error = np.broadcast_to(c.error, (2, *x.shape))
    pairwise = np.clip(1 / (1 + np.exp(x * a + b)), 1e-7, 1 - 1e-7)
    off = np.minimum(np.abs(a) * error / 4 + 4 * EPS, 1.0)
    p, steps, margin = _coupled(pairwise, classes)
    slope = np.zeros((len(x), x.shape[1], classes))
    step = 1e-7
    for pair in range(x.shape[1]):
        changed = pairwise.copy()
        changed[:, pair] += np.where(changed[:, pair] > 0.5, -step, step)
        slope[:, pair] = np.abs(_coupled(changed, classes, steps)[0] - p) / step
    moved = 2 * np.einsum("arp,rpk->ark", off, slope)
    bound = moved + steps[None, :, None] * classes**2 * 4 * EPS
    open_end = margin[None] <= 1e3 * bound.max(axis=2)
    return Bound(np.where(open_end[:, :, None] | ~(bound < 1e-3), np.inf, bound))


def _coupled(
    pairwise: Array, classes: int, steps: NDArray[np.int64] | None = None
) -> tuple[Array, NDArray[np.int64], Array]:
    """libsvm's iteration, all rows at once: probabilities, steps taken, and how near the test that
    ends it came to its limit. With `steps` it takes those, and no test."""
    rows = len(pairwise)
    r = np.zeros((rows, classes, classes))
    for pair, (i, j) in enumerate(pairs_of(classes)):
        r[:, i, j], r[:, j, i] = pairwise[:, pair], 1 - pairwise[:, pair]
    q = -r.transpose(0, 2, 1) * r
    diagonal = np.arange(classes)
    q[:, diagonal, diagonal] = (r**2).sum(axis=1)
    p = np.full((rows, classes), 1 / classes)
    limit, most = 0.005 / classes, max(100, classes)
    taken, margin = np.zeros(rows, np.int64), np.full(rows, np.inf)
    running = np.ones(rows, np.bool_)
    for i in range(most):
        qp = np.einsum("rij,rj->ri", q, p)
        pqp = (p * qp).sum(axis=1)
        if steps is None:
            worst = np.abs(qp - pqp[:, None]).max(axis=1)
            margin = np.where(running, np.minimum(margin, np.abs(worst - limit)), margin)
            running = running & ~(worst < limit)
        else:
            running = steps > i
        if not running.any():
            break
        taken += running
        for t in range(classes):
            qtt = q[:, t, t]
            diff = np.where(running, (pqp - qp[:, t]) / qtt, 0.0)
            scale = 1 + diff
            p[:, t] += diff
            pqp = (pqp + diff * (diff * qtt + 2 * qp[:, t])) / scale / scale
            qp = (qp + diff[:, None] * q[:, t]) / scale[:, None]
            p = p / scale[:, None]
    return p, taken, margin
