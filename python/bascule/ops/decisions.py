"""Decisions: a label from numbers."""

from __future__ import annotations

import numpy as np

from bascule.ops.operator import fixed, operator
from bascule.ops.rules import EXACT, Bound, Context, decided


@operator("argmax", gives=fixed("i64"))
def argmax(c: Context) -> Bound:
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
    return decided(gap[rows, rival], moved[:, rows, rival])


@operator("greater", gives=fixed("i64"))
def greater(c: Context) -> Bound:
    margin = np.abs(c.x()[:, 0] - float(c.node.attrs["than"]))
    return decided(margin, np.broadcast_to(c.error, (2, len(margin), 1))[:, :, 0])
