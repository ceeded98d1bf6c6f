"""Curves: stored point by point."""

from __future__ import annotations

import numpy as np

from bascule.ops.operator import fixed, operator
from bascule.ops.rules import EPS, EPS32, Bound, Context


@operator("curve", gives=fixed("f64"))
def curve(c: Context) -> Bound:
    """Where the input is off: twice what the curve moves to either side, and its rounding."""
    points, values = c.tensor("points"), c.tensor("values")
    x, y = c.x()[None], c.y()[None]
    low, high = x - c.error, x + c.error
    if (np.diff(values) >= 0).all() or (np.diff(values) <= 0).all():
        ends = [np.interp(end, points, values) for end in (low, high)]
        moved = np.abs(ends[1] - ends[0])
    else:
        steepest = np.abs(np.diff(values) / np.diff(points)).max()
        moved = np.where(c.error > 0, c.error * steepest, 0.0)
    eps = EPS32 if c.node.attrs.get("float32") else EPS
    rounding = 4 * eps * np.maximum(np.abs(values).max(), np.abs(y))
    return Bound(np.where(c.error > 0, 2 * moved + rounding, 0.0))
