"""Numbers, cell by cell: with what is stored for their column, or through a function."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bascule.ops.operator import Given, Type, dense, operator, same
from bascule.ops.rules import EPS, EXACT, NONE, Array, Bound, Context, kept, moved_by, rounded, ulps

if TYPE_CHECKING:
    from bascule.export import Tensor

# The functions of `function`, as Python computes them. Those of EXACT_FUNCTIONS have the same bits
# everywhere.
FUNCTIONS: Mapping[str, Callable[[Array], Array]] = {
    **{
        name: getattr(np, name)
        for name in (
            "arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil cos cosh degrees exp2 expm1 "
            "floor log10 log1p log2 negative radians reciprocal rint sign sin sinh sqrt square tan "
            "tanh trunc"
        ).split()
    },
    "erf": np.vectorize(math.erf, otypes=[np.float64]),
}
EXACT_FUNCTIONS = frozenset(
    "ceil degrees floor negative radians reciprocal rint sign sqrt square trunc".split()
)
_MAX_DENSE = 65_536
_JUMPS = frozenset("ceil floor rint sign trunc".split())

operator("absolute", gives=same, cells="own")(kept)
operator("cast", gives=dense, cells="own")(kept)


@operator("clip", gives=same, cells="own")
def clip(c: Context) -> Bound:
    """No further than its input moves, and not at all where that stays beyond an end."""
    low, high = c.tensor("low"), c.tensor("high")
    x = c.x()[None]
    beyond = (x + c.error <= low) | (x - c.error >= high)
    return Bound(np.where(beyond, 0.0, c.error))


@operator("subtract", "add", gives=same, cells="own")
def shift(c: Context) -> Bound:
    return Bound(rounded(c.error, c.y()))


@operator("divide", "multiply", gives=same, cells="own")
def scale(c: Context) -> Bound:
    by = np.abs(c.tensor("by"))
    if c.kinds[0] == "csr":
        return Bound(np.where(c.error > 0, c.error + 2 * EPS, 0.0))
    factor = by if c.node.op == "multiply" else 1 / by
    return Bound(rounded(c.error * factor, c.y()))


@operator("round_float32", gives=same, cells="own")
def round_float32(c: Context) -> Bound:
    step = np.spacing(np.abs(c.y()).astype(np.float32)).astype(np.float64)
    return Bound(np.where(c.error > 0, c.error + step, 0.0))


@operator("exp", gives=same, cells="own", tier="T1")
def exp(c: Context) -> Bound:
    return Bound(ulps(c.y()) + moved_by(c, np.exp))


@operator("log", gives=same, cells="own", tier="T1")
def log(c: Context) -> Bound:
    if c.kinds[0] == "csr":
        # Of counts, which are exact and at least 1; then log is off by its own ULPs only.
        return Bound(np.where(c.error > 0, np.inf, 4 * EPS))
    return Bound(ulps(c.y()) + moved_by(c, np.log))


@operator("add_stored", gives=same, cells="own")
def add_stored(c: Context) -> Bound:
    # Stored cells and what is added are not negative (1 + log of a count), so that a relative
    # error only shrinks.
    return Bound(np.where(c.error > 0, c.error + EPS, 0.0))


@operator(
    "function",
    gives=same,
    cells="own",
    tier=lambda attrs: "T0" if attrs["name"] in EXACT_FUNCTIONS else "T1",
    fresh=True,
)
def function(c: Context) -> Bound:
    """Where the input is off, twice what the function moves to either side, and its own ULPs."""
    name = str(c.node.attrs["name"])
    if c.kinds[0] == "csr":
        return _of_stored_cells(name, c)
    f, x, y = FUNCTIONS[name], c.x()[None], c.y()[None]
    return Bound(_through(name, f, x, c.error, y))


def _of_stored_cells(name: str, c: Context) -> Bound:
    """The largest relative error; its rows are not needed when the input is exact."""
    if not c.error.any():
        return Bound(np.full((2, 1, 1), 0.0 if name in EXACT_FUNCTIONS else 4 * EPS))
    x, y = c.x()[None], c.y()[None]
    error = _through(name, FUNCTIONS[name], x, c.error * np.abs(x), y)
    ratio = np.where((x != 0) & (error > 0), error / np.abs(y), 0.0)
    return Bound(ratio.reshape(2, -1).max(axis=1, initial=0.0).reshape(2, 1, 1))


def _through(name: str, f: Callable[[Array], Array], x: Array, error: Array, y: Array) -> Array:
    up, down = np.abs(f(x + error) - y), np.abs(f(x - error) - y)
    moved = np.where(error > 0, 2 * np.maximum(up, down) + 4 * EPS * np.abs(y), 0.0)
    if name in _JUMPS:
        return np.where(moved > 4 * EPS * np.abs(y), np.inf, 0.0)
    return moved if name in EXACT_FUNCTIONS else moved + ulps(y)


def _wider(x: Sequence[Tensor], _: Given) -> Type:
    return "f64", max(part.width for part in x)


@operator(
    "combine",
    gives=_wider,
    tier=lambda attrs: "T1" if attrs["how"] in ("power", "logaddexp") else "T0",
)
def combine(c: Context) -> Bound:
    how = c.node.attrs["how"]
    a, b = np.abs(c.x(0))[None], np.abs(c.x(1))[None]
    left, right = c.bounds[0].error, c.bounds[1].error
    y = np.abs(c.y())[None]
    if how in ("add", "subtract"):
        moved = left + right
    elif how == "multiply":
        moved = a * right + b * left + left * right
    elif how == "divide":
        moved = np.where(b > right, (left + y * right) / (b - right), np.inf)
        moved = np.where((left > 0) | (right > 0), moved, 0.0)
    elif how == "logaddexp":
        # It moves no further than its inputs; log1p adds at most log 2, and is off by its ULPs.
        same = np.isneginf(c.y())[None] & (left == 0) & (right == 0)
        moved = np.maximum(left, right) + 4 * EPS * (1 + y)
        return Bound(np.where(same, 0.0, np.where(np.isnan(moved), np.inf, moved)))
    elif how in ("minimum", "maximum"):
        return Bound(np.maximum(left, right) + np.zeros_like(y))
    else:
        x, e = c.x(0)[None], c.x(1)[None]
        ends = [
            np.abs(np.power(x + s * left, e + t * right) - c.y()) for s in (-1, 1) for t in (-1, 1)
        ]
        return Bound(2 * np.max(ends, axis=0) + ulps(y))
    moved = moved + np.zeros_like(y)
    return Bound(rounded(np.where(np.isnan(moved), np.inf, moved), y))


@operator("compare", gives=same, cells="own")
def compare(c: Context) -> Bound:
    """Anything, where the two sides may change places."""
    if c.kinds[0] == "csr":
        return _compare_stored(c)
    stored = "by" in c.node.tensors
    other = c.tensor("by")[None, :] if stored else c.x(1)
    error = c.error + (NONE if stored else c.bounds[1].error)
    near = (error > 0) & (np.abs(c.x() - other)[None] <= error)
    return Bound(np.where(near, np.inf, 0.0))


def _compare_stored(c: Context) -> Bound:
    """Of a sparse value: a relative error takes no cell across 0, and no absent one anywhere."""
    by = c.tensor("by")
    if not by.any():
        return EXACT
    if len(by) > _MAX_DENSE:
        return Bound(NONE + np.inf)
    x = c.x()
    error = c.error * np.abs(x)
    near = (error > 0) & (np.abs(x - by) <= error)
    return Bound(NONE + (np.inf if near.any() else 0.0))


@operator("choose", gives=lambda x, given: ("f64", x[1].width))
def choose(c: Context) -> Bound:
    """That of the side taken; where the choice is open the larger, and how far they are apart."""
    first, second = c.bounds[1].error, c.bounds[2].error
    if not (c.error.any() or first.any() or second.any()):
        return EXACT
    taken = np.where(c.x()[None] != 0, first, second)
    apart = np.abs(c.x(1) - c.x(2))[None]
    either = np.maximum(first, second) + np.where(np.isnan(apart), np.inf, apart)
    return Bound(np.where(c.error > 0, either, taken))
