"""How far the engine's answer may lie from Python's: running error analysis over the graph.

Every operator has one rule. It takes the values that the engine computed, and how far each input
may be off, and says how far the output may be off. Two bounds are carried side by side: on the
machine that packs, and on any machine. Operators whose arithmetic is the same in Python and in the
engine add nothing (tier T0), so a graph of them has the bound 0. A decision (argmax, greater, a
split of a tree) whose margin lies inside the bound may go either way: its row is a near tie. No
rule looks at the difference that was measured.

Errors are arrays [2, rows, width]: absolute, here and anywhere. Those of a sparse value are
[2, 1, 1]: relative to each stored cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bascule.export import Node, Tensor
from bascule.probe import Probe

Array: TypeAlias = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)  # one ULP, at most, relative to the value
EPS32 = float(np.finfo(np.float32).eps)
EPS32 = float(np.finfo(np.float32).eps)
NONE: Array = np.zeros((2, 1, 1))


@dataclass(frozen=True)
class Bound:
    """Of one value. `margin` and `moved` are of the decision behind a label (i64) value."""

    error: Array  # [2, rows, width] or [2, 1, 1]; infinite where a split may go either way
    margin: Array | None = None  # [rows]: between the two best
    moved: Array | None = None  # [2, rows]: what the bound lets the margin move

    def ties(self, rows: int) -> NDArray[np.bool_]:
        """[rows]: the label may differ on this or on some machine."""
        if self.margin is None or self.moved is None:
            return np.zeros(rows, np.bool_)
        return (self.moved > 0).any(axis=0) & (self.margin <= self.moved.max(axis=0))


EXACT = Bound(NONE)


@dataclass
class Context:
    """What a rule sees of its node."""

    node: Node
    kinds: list[str]  # of the inputs
    bounds: list[Bound]
    probe: Probe
    known: dict[str, Tensor]
    _values: dict[str, Array] = field(default_factory=dict)

    @property
    def error(self) -> Array:
        return self.bounds[0].error

    def x(self, i: int = 0) -> Array:
        """Input `i`, dense."""
        return self._value(self.node.inputs[i])

    def y(self) -> Array:
        return self._value(self.node.output)

    def tensor(self, role: str) -> Array:
        return np.asarray(self.node.tensors[role], np.float64)

    def _value(self, name: str) -> Array:
        if name not in self._values:
            self._values.update(self.probe.values([self.known[name]]))
        return self._values[name]


Rule: TypeAlias = Callable[[Context], Bound]


def bounds_of(nodes: Sequence[Node], known: dict[str, Tensor], probe: Probe) -> dict[str, Bound]:
    """The bound of every value of the graph, for the rows of `probe`.

    known   every value's type, by name, inputs included
    """
    found: dict[str, Bound] = {}
    values: dict[str, Array] = {}
    for node in nodes:
        inputs = [found.get(name, EXACT) for name in node.inputs]
        exact = all(not bound.error.any() for bound in inputs)
        if exact and node.op not in FRESH:
            found[node.output] = EXACT
            continue
        kinds = [known[name].kind for name in node.inputs]
        context = Context(node, kinds, inputs, probe, known, values)
        with np.errstate(all="ignore"):
            found[node.output] = rule_of(node.op)(context)
    return found


def rule_of(op: str) -> Rule:
    """The rule of an operator; a KeyError names one that has none."""
    return RULES[op]


def _rounded(error: Array, y: Array) -> Array:
    """`error`, and both sides' own rounding of the result where their inputs differ."""
    return np.where(error > 0, error + EPS * np.abs(y), 0.0)


def _shift(c: Context) -> Bound:
    return Bound(_rounded(c.error, c.y()))


def _scale(c: Context) -> Bound:
    by = np.abs(c.tensor("by"))
    if c.kinds[0] == "csr":
        return Bound(np.where(c.error > 0, c.error + 2 * EPS, 0.0))
    factor = by if c.node.op == "multiply" else 1 / by
    return Bound(_rounded(c.error * factor, c.y()))


def _same(c: Context) -> Bound:
    return Bound(c.error)


def _exact(c: Context) -> Bound:
    return EXACT


def _round_float32(c: Context) -> Bound:
    step = np.spacing(np.abs(c.y()).astype(np.float32)).astype(np.float64)
    return Bound(np.where(c.error > 0, c.error + step, 0.0))


def _select(c: Context) -> Bound:
    if c.kinds[0] == "csr" or c.error.shape[2] == 1:
        return Bound(c.error)
    return Bound(c.error[:, :, np.asarray(c.node.tensors["columns"], np.intp)])


def _concat(c: Context) -> Bound:
    rows = c.probe.rows
    parts = [b.error for b in c.bounds]
    if "csr" not in c.kinds:
        widths = [c.known[name].width for name in c.node.inputs]
        return Bound(
            np.concatenate(
                [np.broadcast_to(e, (2, rows, w)) for e, w in zip(parts, widths, strict=True)],
                axis=2,
            )
        )
    relative = [
        e if kind == "csr" else _relative(e, c.x(i))
        for i, (kind, e) in enumerate(zip(c.kinds, parts, strict=True))
    ]
    return Bound(np.max([r.reshape(2) for r in relative], axis=0).reshape(2, 1, 1))


def _relative(error: Array, x: Array) -> Array:
    ratio = np.where(error > 0, error / np.abs(x), 0.0)
    return ratio.reshape(2, -1).max(axis=1, initial=0.0).reshape(2, 1, 1)


def _to_dense(c: Context) -> Bound:
    y = c.y()
    return Bound(np.where(np.isnan(y), 0.0, c.error * np.abs(y)))


def _moved(c: Context, f: Callable[[Array], Array]) -> Array:
    """How far a rising `f` may move while its input moves by its error: zero on exact inputs."""
    x, y = c.x()[None], c.y()[None]
    up, down = np.abs(f(x + c.error) - f(x)), np.abs(f(x) - f(x - c.error))
    moved = np.maximum(up, down) + 4 * EPS * np.abs(y)
    return np.where(c.error > 0, moved, 0.0)


def _ulps(y: Array, count: float = 4.0) -> Array:
    """`count` ULP of y; an infinity is reached exactly or not at all."""
    return np.where(np.isinf(y), 0.0, count * EPS * np.abs(y))


def _exp(c: Context) -> Bound:
    return Bound(_ulps(c.y()) + _moved(c, np.exp))


def _log(c: Context) -> Bound:
    if c.kinds[0] == "csr":
        # Of counts, which are exact and at least 1; then log is off by its own ULPs only.
        return Bound(np.where(c.error > 0, np.inf, 4 * EPS))
    return Bound(_ulps(c.y()) + _moved(c, np.log))


def _add_stored(c: Context) -> Bound:
    # Stored cells and what is added are not negative (1 + log of a count), so that a relative
    # error only shrinks.
    return Bound(np.where(c.error > 0, c.error + EPS, 0.0))


def _normalize_rows(c: Context) -> Bound:
    if c.kinds[0] == "csr":
        # Python adds the squares in the same order; only an error of the input counts, twice:
        # in the cell and in the norm.
        return Bound(np.where(c.error > 0, 2 * c.error + 4 * EPS, 0.0))
    # Of a dense row numpy adds in its own order; the root halves the error of the sum.
    y = np.abs(c.y())
    fresh = 0.0 if c.node.attrs["norm"] == "max" else EPS * max(4.0, 2 + y.shape[1] ** 0.5)
    norm = np.where(y > 0, np.abs(c.x()) / y, np.inf).min(axis=1, keepdims=True)
    moved = np.where(c.error > 0, (c.error + y * c.error.sum(axis=2, keepdims=True)) / norm, 0.0)
    return Bound(y * fresh + moved)


def _sum_ulps(terms: Array, count: Any) -> Array:
    """What another order of adding `count` terms may change, for sums of |terms| of `terms`.

    4 ULP, and 2 sqrt(count) ULP for more than 4 terms: rounding errors of a sum behave like a
    random walk (Higham and Mary, A New Approach to Probabilistic Rounding Error Analysis, 2019).
    """
    ulps: Array = np.maximum(4.0, 2 * np.sqrt(count)) * np.spacing(terms)
    return ulps


def _linear(c: Context) -> Bound:
    """The order of addition, and the input's error through the weights."""
    weights = np.abs(c.tensor("weights"))
    if c.kinds[0] == "csr":
        terms, cells = c.probe.magnitudes(c.node)
        return Bound(_sum_ulps(terms, cells) + terms * c.error)
    bias = np.abs(c.tensor("bias")) if "bias" in c.node.tensors else 0.0
    terms = np.abs(c.x()) @ weights.T + bias
    error = np.broadcast_to(c.error, (2, c.probe.rows, weights.shape[1]))
    moved = error @ weights.T if error.any() else 0.0
    fresh = _sum_ulps(terms, weights.shape[1])
    return Bound(np.broadcast_to(fresh + moved, (2, *terms.shape)))


def _sigmoid(c: Context) -> Bound:
    """scipy's expit is the C library's exp, as the engine's is: exact here on an exact input."""
    moved = _moved(c, lambda x: 1 / (1 + np.exp(-x)))
    bound = np.broadcast_to(moved, (2, *c.y().shape)).copy()
    bound[1] += _ulps(c.y())
    return Bound(bound)


def _complement(c: Context) -> Bound:
    error = np.repeat(np.broadcast_to(c.error, (2, c.probe.rows, 1)), 2, axis=2)
    return Bound(np.where(error > 0, error + EPS, 0.0))


def _softmax(c: Context) -> Bound:
    """Each exp may be off by 4 ULP, and so may their sum, which numpy adds in its own order."""
    y = c.y()
    largest = np.broadcast_to(c.error, (2, *y.shape)).max(axis=2, keepdims=True)
    bound = y * (8 * EPS + y.shape[1] * EPS + np.expm1(2 * largest))
    # A probability that may be anything is not comparable.
    return Bound(np.where(bound < 1, bound, np.inf))


def _float32_link(c: Context) -> Bound:
    """XGBoost's links: the C library's expf on both sides, which differs between CPUs."""
    y = np.abs(c.y())
    largest = np.broadcast_to(c.error, (2, *y.shape)).max(axis=2, keepdims=True)
    moved = y * np.expm1(2 * largest) + 4 * EPS32 * y
    bound = np.broadcast_to(np.where(largest > 0, moved, 0.0), (2, *y.shape)).copy()
    bound[1] += 4 * EPS32 * y
    return Bound(bound)


def _mark_missing(c: Context) -> Bound:
    near = np.abs(c.x() - float(c.node.attrs["value"])) <= c.error
    return Bound(np.where(near & (c.error > 0), np.inf, c.error))


def _argmax(c: Context) -> Bound:
    x = c.x()
    if x.shape[1] < 2:
        return EXACT
    error = np.broadcast_to(c.error, (2, *x.shape))
    best = x.argmax(axis=1)
    rows = np.arange(len(x))
    gap = x[rows, best][:, None] - x
    moved = error[:, rows, best][:, :, None] + error
    gap[rows, best] = np.inf
    rival = (gap[None] - moved).min(axis=0).argmin(axis=1)
    return Bound(NONE, gap[rows, rival], moved[:, rows, rival])


def _greater(c: Context) -> Bound:
    margin = np.abs(c.x()[:, 0] - float(c.node.attrs["than"]))
    return Bound(NONE, margin, np.broadcast_to(c.error, (2, len(margin), 1))[:, :, 0])


def _lookup_number(c: Context) -> Bound:
    categories = c.tensor("categories")
    distance = np.abs(c.x() - categories[None, :]).min(axis=1, initial=np.inf)[None, :, None]
    return Bound(np.where(distance <= c.error, np.inf, 0.0))


def _undecided(c: Context) -> Bound:
    """Of a position that may be another: anything."""
    return Bound(np.where(c.error > 0, np.inf, 0.0).max(axis=2, keepdims=True))


def _tree_ensemble(c: Context) -> Bound:
    """Exact, unless a threshold lies within the input's error: then anything."""
    x = c.x()
    error = np.broadcast_to(c.error, (2, *x.shape))
    feature = np.asarray(c.node.tensors["feature"], np.int64)
    threshold = c.tensor("threshold")
    split_feature = feature[feature >= 0]
    low, high = x[None] - error, x[None] + error
    if c.node.attrs["input"] == "float32":
        low, high = low.astype(np.float32), high.astype(np.float32)
    near = np.zeros(error.shape[:2], np.bool_)
    for column in np.unique(split_feature):
        cuts = np.sort(threshold[split_feature == column])
        near |= np.searchsorted(cuts, low[:, :, column].astype(np.float64)) != np.searchsorted(
            cuts, high[:, :, column].astype(np.float64)
        )
    return Bound(np.where(near, np.inf, 0.0)[:, :, None])


RULES: dict[str, Rule] = {
    **dict.fromkeys(["subtract", "add"], _shift),
    **dict.fromkeys(["divide", "multiply"], _scale),
    **dict.fromkeys(["clip", "fill_missing", "absolute", "cast", "check_finite"], _same),
    **dict.fromkeys(
        [
            "is_missing",
            "lookup_string",
            "fill_missing_string",
            "normalize_text",
            "tokenize",
            "drop_tokens",
            "count_tokens",
        ],
        _exact,
    ),
    **dict.fromkeys(["one_hot", "take"], _undecided),
    "round_float32": _round_float32,
    "select": _select,
    "concat": _concat,
    **dict.fromkeys(["to_dense", "to_dense_missing"], _to_dense),
    "mark_missing": _mark_missing,
    **dict.fromkeys(["sigmoid_float32", "exp_float32", "softmax_float32"], _float32_link),
    "exp": _exp,
    "log": _log,
    "add_stored": _add_stored,
    "normalize_rows": _normalize_rows,
    "linear": _linear,
    "sigmoid": _sigmoid,
    "with_complement": _complement,
    "softmax": _softmax,
    "argmax": _argmax,
    "greater": _greater,
    "lookup_number": _lookup_number,
    "tree_ensemble": _tree_ensemble,
}

# Operators that may differ from Python even on exact inputs.
FRESH = frozenset(
    [
        "exp",
        "log",
        "normalize_rows",
        "linear",
        "sigmoid",
        "softmax",
        "sigmoid_float32",
        "exp_float32",
        "softmax_float32",
    ]
)


def dense_error(bound: Bound, rows: int, width: int) -> tuple[Array, Array]:
    """The errors of a dense value, here and anywhere, each [rows, width]."""
    whole: Any = np.broadcast_to(bound.error, (2, rows, width))
    return whole[0].copy(), whole[1].copy()
