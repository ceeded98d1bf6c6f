"""Preparation of columns: ranges, buckets, broken lines, products, sparse again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from bascule.ops.operator import Given, Type, fixed, operator, same
from bascule.ops.rules import EPS, Array, Bound, Context, exact, kept, moved_by, ulps

if TYPE_CHECKING:
    from bascule.export import Tensor

operator("check_range", gives=same, cells="own")(kept)
operator("mark_missing_string", gives=fixed("string"), cells="spread")(exact)


@operator("bucket", gives=fixed("i64"), cells="spread")
def bucket(c: Context) -> Bound:
    """Any code, where an edge lies within the input's error."""
    low, high = c.x()[None] - c.error, c.x()[None] + c.error
    edges = c.tensor("edges")
    moved = np.searchsorted(edges, low, "right") != np.searchsorted(edges, high, "right")
    return Bound(np.where(moved & (c.error > 0), np.inf, 0.0))


@operator("interpolate", gives=same, cells="own")
def interpolate(c: Context) -> Bound:
    """What a rising or falling line moves with its input; of any other one, anything."""
    x, y = c.tensor("x"), c.tensor("y")
    steps = np.diff(y)

    def line(at: Array) -> Array:
        cells = [
            np.interp(column, points, y)
            for column, points in zip(np.moveaxis(at, -1, 0), x, strict=True)
        ]
        return np.stack(cells, axis=-1)

    if (steps >= 0).all() or (steps <= 0).all():
        return Bound(moved_by(c, line))
    return Bound(np.where(c.error > 0, np.inf, 0.0))


def _one_by_one(f: Callable[[float], float]) -> Callable[[Array], Array]:
    return np.vectorize(f, otypes=[np.float64])


_inverse = NormalDist().inv_cdf
NORMAL_QUANTILE = _one_by_one(
    lambda p: _inverse(p) if 0 < p < 1 else {0.0: -np.inf, 1.0: np.inf}.get(p, np.nan)
)


@operator("normal_quantile", gives=same, cells="own", tier="T1")
def normal_quantile(c: Context) -> Bound:
    """Cephes, which scipy has, states 7.2e-16 at most; AS 241 about 1e-16 and its roundings."""
    return Bound(ulps(c.y(), 8.0) + moved_by(c, NORMAL_QUANTILE))


def _functions(x: Sequence[Tensor], given: Given) -> Type:
    degree = int(given["degree"])
    width = len(given["knots"]) - degree - 1
    return "f64", width - degree if given.get("periodic") else width


@operator("bspline", gives=_functions)
def bspline(c: Context) -> Bound:
    """Twice what the functions move to either side, where the input is off."""
    knots, degree = c.tensor("knots"), int(c.node.attrs["degree"])
    periodic = bool(c.node.attrs.get("periodic", False))
    y = c.y()
    ends = [
        np.abs(basis(knots, degree, (c.x()[None] + error)[..., 0], periodic=periodic) - y)
        for error in (c.error, -c.error)
    ]
    moved = np.where(c.error > 0, 2 * np.maximum(*ends) + 8 * degree * EPS * np.abs(y), 0.0)
    return Bound(moved)


def basis(knots: Array, degree: int, x: Array, *, periodic: bool = False) -> Array:
    """The basis functions at x [...] in the last axis, as the operator computes them."""
    count = len(knots) - degree - 1
    if periodic:
        x = knots[degree] + np.remainder(x - knots[degree], knots[count] - knots[degree])
    interval = degree + np.searchsorted(knots[degree + 1 : count], x, "right")
    values = [np.ones_like(x)]
    for j in range(1, degree + 1):
        before, values = values, [np.zeros_like(x) for _ in range(j + 1)]
        for i in range(1, j + 1):
            right, left = knots[interval + i], knots[interval + i - j]
            share = np.where(right > left, before[i - 1] / (right - left), 0.0)
            values[i - 1] = values[i - 1] + share * (right - x)
            values[i] = share * (x - left)
    width = count - degree if periodic else count
    found = np.zeros((*x.shape, width))
    for i, value in enumerate(values):
        at = ((interval - degree + i) % width)[..., None]
        np.put_along_axis(found, at, np.take_along_axis(found, at, -1) + value[..., None], -1)
    return found


@operator("products", gives=lambda x, given: ("f64", len(given["counts"])))
def products(c: Context) -> Bound:
    """Products of what the factors may be, less the product itself, and its roundings."""
    x = np.abs(c.x())
    error = np.broadcast_to(c.error, (2, *x.shape))
    counts = np.asarray(c.node.tensors["counts"], np.intp)
    factors = np.asarray(c.node.tensors["factors"], np.intp)
    firsts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.intp)
    y = np.abs(c.y())
    small, large = np.ones_like(y)[None], np.ones((2, *y.shape))
    for i in range(counts.max(initial=0)):
        has = counts > i
        column = factors[firsts[has] + i]
        small[..., has] *= x[None][..., column]
        large[..., has] *= x[None][..., column] + error[..., column]
    moved = large - small
    return Bound(np.where(moved > 0, moved + EPS * counts * y, 0.0))


@operator("convolve", gives=same, tier="T1")
def convolve(c: Context) -> Bound:
    """Python takes three Fourier transforms: each is off by some ULP for every halving, relative to
    the norm (Higham, Accuracy and Stability of Numerical Algorithms, theorem 24.2)."""
    left, right = c.x(0), c.x(1)
    count = left.shape[1]
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    fresh = 3 * 4 * EPS * (1 + np.log2(count)) * norms
    left_error = np.broadcast_to(c.bounds[0].error, (2, *left.shape))
    right_error = np.broadcast_to(c.bounds[1].error, (2, *right.shape))
    moved = left_error.sum(axis=2) * np.abs(right).max(axis=1)
    moved = moved + right_error.sum(axis=2) * np.abs(left).max(axis=1)
    moved = moved + left_error.sum(axis=2) * right_error.max(axis=2)
    return Bound((fresh + moved)[:, :, None])
