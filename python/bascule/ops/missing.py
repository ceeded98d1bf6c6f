"""Missing values: marked, found, filled, refused."""

from __future__ import annotations

import numpy as np

from bascule.ops.operator import dense, operator, same
from bascule.ops.rules import Bound, Context, exact, kept

operator("fill_missing", "check_finite", gives=same, cells="own")(kept)
operator("is_missing", gives=dense, cells="own")(exact)


@operator("mark_missing", gives=same, cells="own")
def mark_missing(c: Context) -> Bound:
    near = np.abs(c.x() - float(c.node.attrs["value"])) <= c.error
    return Bound(np.where(near & (c.error > 0), np.inf, c.error))
