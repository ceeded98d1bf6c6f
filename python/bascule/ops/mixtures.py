"""Mixtures: probabilities that are added as logarithms."""

from __future__ import annotations

import numpy as np

from bascule.ops.operator import fixed, operator
from bascule.ops.rules import EPS, Bound, Context, ulps


@operator("log_sum_exp", gives=fixed("f64"), tier="T1")
def log_sum_exp(c: Context) -> Bound:
    """No further than the largest error of a term; its sum and its logarithms have their own."""
    x = c.x()
    error = np.broadcast_to(c.error, (2, *x.shape)).max(axis=2, keepdims=True)
    own = (8 + x.shape[1]) * EPS * (1 + np.log(x.shape[1]))
    return Bound(error + own + ulps(np.abs(c.y()), 2.0))
