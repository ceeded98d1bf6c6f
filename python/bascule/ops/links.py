"""Links: from decision values to probabilities."""

from __future__ import annotations

import numpy as np

from bascule.ops.operator import fixed, operator, same
from bascule.ops.rules import EPS, EPS32, Bound, Context, moved_by, ulps


@operator("sigmoid", gives=same, cells="own", fresh=True)
def sigmoid(c: Context) -> Bound:
    """scipy's expit is the C library's exp, as the engine's is: exact here on an exact input.

    Where exp(-x) vanishes beside 1 it is 1 on every machine, and 0 where exp(-x) overflows.
    """
    moved = moved_by(c, lambda x: 1 / (1 + np.exp(-x)))
    bound = np.broadcast_to(moved, (2, *c.y().shape)).copy()
    bound[1] += ulps(c.y())
    x = c.x()[None]
    flat = (x - c.error > 40) | (x + c.error < -710)
    return Bound(np.where(flat, 0.0, bound))


@operator("with_complement", gives=fixed("f64", 2))
def with_complement(c: Context) -> Bound:
    error = np.repeat(np.broadcast_to(c.error, (2, c.probe.rows, 1)), 2, axis=2)
    return Bound(np.where(error > 0, error + EPS, 0.0))


@operator("softmax", gives=same, tier="T1")
def softmax(c: Context) -> Bound:
    """Each exp may be off by 4 ULP, and so may their sum, which numpy adds in its own order.

    With inputs off by e a share grows or shrinks by a factor of exp(2 e) at most. A share that is
    small stays below exp(x - max + 2 e), and the largest falls by no more than the others can rise.
    """
    y, x = c.y(), c.x()
    largest = np.broadcast_to(c.error, (2, *y.shape)).max(axis=2, keepdims=True)
    lifted = np.exp(x - x.max(axis=1, keepdims=True) + 2 * largest)
    best = np.arange(y.shape[1]) == x.argmax(axis=1)[:, None]
    others = np.where(best, 0.0, lifted).sum(axis=2, keepdims=True)
    most = np.where(best, others, lifted)
    moved = np.where(y == 0, most, np.fmin(y * np.expm1(2 * largest), most))
    bound = np.where(largest > 0, moved, 0.0) + y * y.shape[1] * EPS + ulps(y, 8)
    # A probability that may be anything is not comparable.
    return Bound(np.where(bound < 1, bound, np.inf))


def float32_link(c: Context) -> Bound:
    """XGBoost's links: the C library's expf on both sides, which differs between CPUs."""
    y = np.abs(c.y())
    largest = np.broadcast_to(c.error, (2, *y.shape)).max(axis=2, keepdims=True)
    moved = y * np.expm1(2 * largest) + 4 * EPS32 * y
    bound = np.broadcast_to(np.where(largest > 0, moved, 0.0), (2, *y.shape)).copy()
    bound[1] += 4 * EPS32 * y
    return Bound(bound)


operator("sigmoid_float32", "exp_float32", gives=same, cells="own", fresh=True)(float32_link)
operator("softmax_float32", gives=same, fresh=True)(float32_link)
