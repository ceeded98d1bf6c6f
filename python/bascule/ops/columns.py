"""Columns: chosen, put side by side, made dense."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bascule.ops.operator import Given, Type, dense, operator
from bascule.ops.rules import Array, Bound, Context

if TYPE_CHECKING:
    from bascule.export import Tensor


@operator("select", gives=lambda x, given: (x[0].kind, len(given["columns"])))
def select(c: Context) -> Bound:
    if c.kinds[0] == "csr" or c.error.shape[2] == 1:
        return Bound(c.error)
    return Bound(c.error[:, :, np.asarray(c.node.tensors["columns"], np.intp)])


def side_by_side(x: Sequence[Tensor], _: Given) -> Type:
    kind = "csr" if any(part.kind == "csr" for part in x) else "f64"
    return kind, sum(part.width for part in x)


@operator("concat", gives=side_by_side)
def concat(c: Context) -> Bound:
    rows = c.probe.rows
    parts = [b.error for b in c.bounds]
    if "csr" not in c.kinds:
        widths = [c.known[name].width for name in c.node.inputs]
        return Bound(
            np.concatenate(
                [np.broadcast_to(e, (2, rows, w)) for e, w in zip(parts, widths, strict=True)],
                axis=2,
            )
        )
    ratios = [
        e if kind == "csr" else relative(e, c.x(i))
        for i, (kind, e) in enumerate(zip(c.kinds, parts, strict=True))
    ]
    return Bound(np.max([r.reshape(2) for r in ratios], axis=0).reshape(2, 1, 1))


def relative(error: Array, x: Array) -> Array:
    ratio = np.where(error > 0, error / np.abs(x), 0.0)
    return ratio.reshape(2, -1).max(axis=1, initial=0.0).reshape(2, 1, 1)


@operator("to_dense", "to_dense_missing", gives=dense, cells="own")
def to_dense(c: Context) -> Bound:
    y = c.y()
    return Bound(np.where(np.isnan(y), 0.0, c.error * np.abs(y)))


@operator("to_sparse", gives=lambda x, _: ("csr", x[0].width), cells="own")
def to_sparse(c: Context) -> Bound:
    return Bound(relative(c.error, c.x()))
