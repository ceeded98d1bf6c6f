"""Forests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bascule.ops.operator import operator
from bascule.ops.rules import EPS, NONE, Array, Bound, Context, sum_ulps


@operator("tree_ensemble", gives=lambda x, given: ("f64", int(given["outputs"])))
def tree_ensemble(c: Context) -> Bound:
    """Exact, unless a split may change its mind within the input's error: then anything.

    An error of where the sums start stays, and may change their rounding at each of the trees.
    Linear leaves add the error of their columns by their weights.
    """
    near = np.where(_near(c), np.inf, 0.0)[:, :, None] + _moved_leaves(c)
    if len(c.bounds) == 1:
        return Bound(near)
    start = c.bounds[1].error
    leaf = np.abs(c.tensor("leaf")).max()
    trees = len(c.node.tensors["nodes"])
    moved = start + trees * EPS * (np.abs(c.x(1)) + trees * leaf)
    return Bound(near + np.where(start > 0, moved, 0.0))


def _moved_leaves(c: Context) -> Array:
    """[2, rows, outputs]: of each tree, the leaf whose weights are the greatest."""
    tensors = c.node.tensors
    if "terms" not in tensors or not c.error.any():
        return NONE
    counts, columns = np.asarray(tensors["terms"]), np.asarray(tensors["term_column"])
    nodes, feature = np.asarray(tensors["nodes"]), np.asarray(tensors["feature"])
    tree_of_leaf = np.repeat(np.arange(len(nodes)), nodes)[feature < 0]
    tree_of_term = np.repeat(tree_of_leaf, counts)
    x = np.abs(c.x())
    weight = np.zeros((len(nodes), x.shape[1]))
    np.maximum.at(weight, (tree_of_term, columns), np.abs(c.tensor("term_weight")))
    constant = np.zeros(len(nodes))
    np.maximum.at(constant, tree_of_leaf, np.abs(c.tensor("constant")))
    outputs = int(c.node.attrs["outputs"])
    into = np.asarray(tensors.get("output", np.zeros(len(nodes))), np.int64)
    weights, constants = np.zeros((x.shape[1], outputs)), np.zeros(outputs)
    np.add.at(weights.T, into, weight)
    np.add.at(constants, into, constant)
    terms = x @ weights + constants
    moved = np.broadcast_to(c.error, (2, *x.shape)) @ weights
    return np.where(moved > 0, moved + sum_ulps(terms, len(nodes) + len(columns)), 0.0)


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
