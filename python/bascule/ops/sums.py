"""Sums over a row."""

from __future__ import annotations

import numpy as np

from bascule.ops.operator import fixed, operator, same
from bascule.ops.rules import EPS, EPS32, Bound, Context, sum_ulps


@operator("linear", gives=lambda x, given: ("f64", len(given["weights"])), tier="T1")
def linear(c: Context) -> Bound:
    """The order of addition, and the input's error through the weights."""
    weights = np.abs(c.tensor("weights"))
    if c.kinds[0] == "csr":
        terms, cells = c.probe.magnitudes(c.node)
        return Bound(sum_ulps(terms, cells) + terms * c.error)
    bias = np.abs(c.tensor("bias")) if "bias" in c.node.tensors else 0.0
    terms = np.abs(c.x()) @ weights.T + bias
    error = np.broadcast_to(c.error, (2, c.probe.rows, weights.shape[1]))
    moved = error @ weights.T if error.any() else 0.0
    fresh = sum_ulps(terms, weights.shape[1])
    return Bound(np.broadcast_to(fresh + moved, (2, *terms.shape)))


@operator("linear_float32", gives=lambda x, given: ("f64", len(given["bias"])))
def linear_float32(c: Context) -> Bound:
    """The input's error through the weights, and the rounding of each side's terms."""
    weights = np.abs(c.tensor("weights"))
    x = np.abs(np.nan_to_num(c.x()))
    error = np.broadcast_to(c.error, (2, *x.shape))
    terms = x @ weights.T + np.abs(c.tensor("bias"))
    moved = error @ weights.T
    return Bound(np.where(moved > 0, moved + x.shape[1] * EPS32 * (terms + moved), 0.0))


@operator("normalize_rows", gives=same, fresh=True)
def normalize_rows(c: Context) -> Bound:
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


@operator(
    "reduce",
    gives=fixed("f64"),
    tier=lambda attrs: "T1" if attrs["how"] in ("sum", "product") else "T0",
    fresh=True,
)
def reduce(c: Context) -> Bound:
    x = np.abs(c.x())
    error = np.broadcast_to(c.error, (2, *x.shape))
    how = c.node.attrs["how"]
    if how in ("minimum", "maximum"):
        return Bound(error.max(axis=2, keepdims=True))
    if how == "sum":
        terms = x.sum(axis=1, keepdims=True)
        return Bound(sum_ulps(terms, x.shape[1]) + error.sum(axis=2, keepdims=True))
    y = np.abs(c.y())
    relative = np.where(error > 0, error / x, 0.0).sum(axis=2, keepdims=True)
    return Bound(y * (np.expm1(2 * relative) + x.shape[1] * EPS))


@operator("weighted_median", gives=fixed("f64"))
def weighted_median(c: Context) -> Bound:
    """It moves no further than its inputs do.

    Where equal numbers have different weights, numpy may add these in another order; if their sum
    is half of all but for rounding, anything.
    """
    x, weights = c.x(), c.tensor("weights")
    error = np.broadcast_to(c.error, (2, *x.shape)).max(axis=2, keepdims=True)
    order = np.argsort(x, axis=1, kind="stable")
    ordered = np.take_along_axis(x, order, axis=1)
    sums = np.cumsum(weights[order], axis=1)
    close = np.abs(sums - 0.5 * sums[:, -1:]) <= len(weights) * EPS * sums[:, -1:]
    equal = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1) & (np.ptp(weights) > 0)
    return Bound(np.where((close.any(axis=1) & equal)[None, :, None], np.inf, error))
