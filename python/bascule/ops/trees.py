"""Forests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bascule.ops.operator import operator
from bascule.ops.rules import EPS, Bound, Context


@operator("tree_ensemble", gives=lambda x, given: ("f64", int(given["outputs"])))
def tree_ensemble(c: Context) -> Bound:
    """Exact, unless a split may change its mind within the input's error: then anything.

    An error of where the sums start stays, and may change their rounding at each of the trees.
    """
    near = np.where(_near(c), np.inf, 0.0)[:, :, None]
    if len(c.bounds) == 1:
        return Bound(near)
    start = c.bounds[1].error
    leaf = np.abs(c.tensor("leaf")).max()
    trees = len(c.node.tensors["nodes"])
    moved = start + trees * EPS * (np.abs(c.x(1)) + trees * leaf)
    return Bound(near + np.where(start > 0, moved, 0.0))


@operator("tree_path", gives=lambda x, given: ("csr", int(given["width"])))
def tree_path(c: Context) -> Bound:
    """As `tree_ensemble`; an error of a sparse value is one for all rows."""
    return Bound(np.where(_near(c), np.inf, 0.0).max(axis=1, initial=0.0)[:, None, None])


def _near(c: Context) -> NDArray[np.bool_]:
    """[2, rows]: whether a row may go another way."""
    x = c.x()
    error = np.broadcast_to(c.error, (2, *x.shape))
    feature = np.asarray(c.node.tensors["feature"], np.int64)
    threshold = c.tensor("threshold")
    split_feature = feature[feature >= 0]
    on_set = np.asarray(c.node.tensors.get("set", np.full(len(split_feature), -1)), np.int64) >= 0
    low, high = x[None] - error, x[None] + error
    if c.node.attrs["input"] == "float32":
        low, high = low.astype(np.float32), high.astype(np.float32)
    near = np.zeros(error.shape[:2], np.bool_)
    for column in np.unique(split_feature):
        here = split_feature == column
        cuts = np.sort(threshold[here & ~on_set])
        if (here & on_set).any():
            near |= np.trunc(low[:, :, column]) != np.trunc(high[:, :, column])
        near |= np.searchsorted(cuts, low[:, :, column].astype(np.float64)) != np.searchsorted(
            cuts, high[:, :, column].astype(np.float64)
        )
    return near
