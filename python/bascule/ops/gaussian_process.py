"""Gaussian processes: variances, and the sigmoid of what is only known in distribution."""

from __future__ import annotations

import math

import numpy as np

from bascule.ops.operator import fixed, operator, same
from bascule.ops.rules import EPS, Array, Bound, Context, sum_ulps, ulps

_LAMBDAS = np.array([0.41, 0.4, 0.37, 0.44, 0.39])
_COEFS = np.array([-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654])
_erf = np.vectorize(math.erf, otypes=[np.float64])


@operator("power", gives=same, cells="own", tier="T1")
def power(c: Context) -> Bound:
    x, y, exponent = c.x()[None], c.y()[None], float(c.node.attrs["exponent"])
    ends = [np.abs(np.power(x + s * c.error, exponent) - y) for s in (-1, 1)]
    moved = np.where(c.error > 0, 2 * np.max(ends, axis=0), 0.0)
    return Bound(np.where(np.isnan(moved), np.inf, moved) + ulps(y))


@operator("solve_lower", gives=same, tier="T1")
def solve_lower(c: Context) -> Bound:
    """The order of the sums and the input's error, through the inverse of L.

    Both sides solve a system whose L is off by the rounding of its sums (Higham, Accuracy and
    Stability of Numerical Algorithms, 8.1): |v - v'| is at most |L^-1| (|L| |v| n eps).
    """
    v = c.y()
    n = v.shape[1]
    lower = np.zeros((n, n))
    lower[np.tril_indices(n)] = c.tensor("lower")
    inverse = np.abs(np.linalg.solve(lower, np.eye(n)))
    terms = np.abs(v) @ np.abs(lower).T
    error = np.broadcast_to(c.error, (2, *v.shape)) + sum_ulps(terms, n)
    return Bound(error @ inverse.T)


@operator("average_sigmoid", gives=fixed("f64"), tier="T1")
def average_sigmoid(c: Context) -> Bound:
    """Eight roundings of each term, which are large, and what moves the two inputs.

    The slope by the mean is at most 1/4; by the variance half of the sigmoid's second derivative,
    at most 1/20 (the heat equation). The five terms are no exact sigmoid: twice of both.
    """
    mean, variance = c.bounds[0].error, c.bounds[1].error
    a, b = c.x(0), c.x(1)
    spread = np.sqrt(1 / (1 + 2 * b * _LAMBDAS**2))
    terms = np.abs(_COEFS * _erf(_LAMBDAS * a * spread)).sum(axis=1, keepdims=True)
    terms = terms / 2 + np.abs(_COEFS).sum() / 2
    bound = 8 * EPS * terms + 2 * (mean / 4 + variance / 20)
    # A variance that may be 0 or less may give no number at all.
    return Bound(np.where(b[None] > 2 * variance, bound, _unless_sure(b, variance)))


def _unless_sure(variance: Array, error: Array) -> Array:
    """NaN on both sides where the variance is surely negative; anything where it may be."""
    return np.where(variance[None] < -error, 0.0, np.inf)
