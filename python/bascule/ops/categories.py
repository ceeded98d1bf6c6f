"""Categories: looked up, and what is made of their codes."""

from __future__ import annotations

import numpy as np

from bascule.ops.operator import fixed, operator
from bascule.ops.rules import NONE, Bound, Context, exact, kept, undecided

operator("lookup_string", "search_string", "city_hash", gives=fixed("i64"), cells="spread")(exact)
operator("take", gives=lambda x, given: ("f64", len(given["otherwise"])), cells="spread")(undecided)
operator(
    "one_hot",
    gives=lambda x, given: ("csr" if given.get("sparse") else "f64", int(given["width"])),
    cells="spread",
)(undecided)


@operator("lookup_number", gives=fixed("i64"), cells="spread")
def lookup_number(c: Context) -> Bound:
    categories = c.tensor("categories")
    distance = np.abs(c.x() - categories[None, :]).min(axis=1, initial=np.inf)[None, :, None]
    return Bound(np.where(distance <= c.error, np.inf, 0.0))


@operator("map_codes", gives=fixed("i64"), cells="spread")
def map_codes(c: Context) -> Bound:
    """As near to a tie as the code it came from."""
    return c.bounds[0]


operator("lookup_integer", gives=fixed("i64"), cells="spread")(kept)


@operator("mix_hashes", gives=fixed("i64"), fresh=True)
def mix_hashes(c: Context) -> Bound:
    """Anything, where a part is open or decided by a near tie."""
    rows = c.probe.rows
    opened = np.zeros(rows, np.bool_)
    for bound in c.bounds:
        wide = np.broadcast_to(bound.error, (2, rows, bound.error.shape[2]))
        opened |= bound.ties(rows) | (wide > 0).any(axis=(0, 2))
    return Bound(np.where(opened, np.inf, 0.0)[None, :, None] + NONE)
