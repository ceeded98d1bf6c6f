"""Trees as the operator tree_ensemble wants them: one neutral form for every library.

A library's forest becomes a list of `Tree`s in that library's own numbering; `ensemble_tensors`
renumbers each in pre-order and lays all of them side by side, in the narrowest types that decide
the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAF = -1
_NO_TERMS = (np.zeros(0, np.int64), np.zeros(0))
_OF_SCORES = ("leaf", "cover", "id")  # what tree_path has no use for

Tensors = dict[str, Any]  # role -> array


@dataclass(frozen=True)
class Tree:
    """One tree, nodes in any order with the root first. A leaf has feature LEAF."""

    feature: NDArray[np.int64]  # [nodes]
    threshold: NDArray[np.floating]  # [nodes], left when x <= threshold; ignored on leaves
    left: NDArray[np.int64]  # [nodes]
    right: NDArray[np.int64]  # [nodes]
    value: NDArray[np.floating]  # [nodes, m], read on leaves
    missing_left: NDArray[np.bool_] | None  # [nodes]; None: the model never sees a missing value
    cover: NDArray[np.floating]  # [nodes], training weight
    # Splits on categories: per node which of `sets` goes left, -1 for a split on its threshold.
    set: NDArray[np.int64] | None = None
    sets: Sequence[NDArray[np.uint32]] = ()  # see category_bits
    # Leaves that are linear models, read on leaves: per node a constant, and columns and weights.
    # `value` is then what a leaf adds where one of these columns is NaN.
    constant: NDArray[np.floating] | None = None
    terms: Sequence[tuple[NDArray[np.int64], NDArray[np.floating]]] = ()

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The node numbers in the order root, left subtree, right subtree."""
        feature, left, right = self.feature.tolist(), self.left.tolist(), self.right.tolist()
        order = []
        pending = [0]
        while pending:
            node = pending.pop()
            order.append(node)
            if feature[node] != LEAF:
                pending.append(right[node])
                pending.append(left[node])
        return np.array(order, dtype=np.int64)

    @property
    def leaves(self) -> NDArray[np.int64]:
        """The node numbers of the leaves, in that order."""
        return self.order[self.feature[self.order] == LEAF]


def round_down(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 that is not above: for a float32 x, `x <= t` keeps its answer."""
    with np.errstate(over="ignore"):
        nearest = threshold.astype(np.float32)
    above = nearest.astype(np.float64) > threshold
    nearest[above] = np.nextafter(nearest[above], np.float32(-np.inf))
    return nearest


def strictly_below(threshold: NDArray[np.float32]) -> NDArray[np.float32]:
    """The t' for which, on float32, `x <= t'` answers as `x < t` does."""
    return np.nextafter(threshold, np.float32(-np.inf))


def category_bits(categories: Sequence[int] | NDArray[np.integer]) -> NDArray[np.uint32]:
    """A set of categories as words of 32 bits, the lowest bit first."""
    members = np.asarray(categories, dtype=np.int64)
    words = np.zeros(int(members.max(initial=-1)) // 32 + 1, dtype=np.uint32)
    np.bitwise_or.at(words, members // 32, (1 << (members % 32)).astype(np.uint32))
    return words


def narrowest(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """The same numbers in the smallest integer type; fractions stay float64."""
    if values.dtype.kind == "f":
        whole = values.size == 0 or (
            bool(np.all(values == np.floor(values))) and bool(np.all(np.abs(values) < 2**53))
        )
        if not whole:
            return values.astype(np.float64)
        values = values.astype(np.int64)
    low, high = (int(values.min()), int(values.max())) if values.size else (0, 0)
    unsigned: tuple[type[np.integer], ...] = (np.uint8, np.uint16, np.uint32, np.uint64)
    signed: tuple[type[np.integer], ...] = (np.int8, np.int16, np.int32, np.int64)
    for kind in unsigned if low >= 0 else signed:
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return values.astype(kind)
    raise AssertionError("an integer wider than 64 bits")


def exact_float32(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """As float32 where every number survives the way there and back, else as it was."""
    if values.dtype == np.float32:
        return values
    with np.errstate(over="ignore"):
        short = values.astype(np.float32)
    return short if np.array_equal(short.astype(np.float64), values) else values


def ensemble_tensors(trees: Sequence[Tree]) -> Tensors:
    """The tensors nodes, feature, right, threshold, missing_left, set, leaf, cover and id."""
    parts = [_one_tree(tree) for tree in trees]

    def joined(role: str) -> NDArray[Any]:
        return np.concatenate([part[role] for part in parts])

    tensors: Tensors = {
        "nodes": narrowest(np.array([len(part["feature"]) for part in parts])),
        "feature": narrowest(joined("feature")),
        "right": narrowest(joined("right")),
        "threshold": exact_float32(joined("threshold")),
        "leaf": exact_float32(joined("leaf")),
        "cover": narrowest(joined("cover")),
    }
    missing_left = joined("missing_left")
    if missing_left.any():
        tensors["missing_left"] = missing_left.astype(np.uint8)
    if not all(np.array_equal(part["id"], np.arange(len(part["id"]))) for part in parts):
        tensors["id"] = narrowest(joined("id"))
    if any(len(tree.sets) for tree in trees):
        tensors.update(_set_tensors(trees, parts))
    if any(tree.constant is not None for tree in trees):
        tensors.update(_linear_tensors(trees))
    return tensors


def _linear_tensors(trees: Sequence[Tree]) -> Tensors:
    """The linear models of the leaves; a tree without them has constants alone."""
    constants, terms = [], []
    for tree in trees:
        value = tree.value[:, 0] if tree.constant is None else tree.constant
        constants.append(value[tree.leaves])
        terms += [tree.terms[leaf] if tree.terms else _NO_TERMS for leaf in tree.leaves]
    return {
        "terms": narrowest(np.array([len(columns) for columns, _ in terms])),
        "term_column": narrowest(np.concatenate([columns for columns, _ in terms])),
        "term_weight": np.concatenate([weights for _, weights in terms]),
        "constant": np.concatenate(constants).astype(np.float64),
    }


def on_columns(
    tree: Tree, columns: NDArray[np.integer] | None, value: NDArray[np.floating]
) -> Tree:
    """The tree with other values, reading `columns[i]` where it read column i; None: as it did."""
    split = tree.feature != LEAF
    feature = tree.feature.copy()
    if columns is not None:
        feature[split] = np.asarray(columns)[feature[split]]
    return replace(tree, feature=feature, value=value)


def path_tensors(trees: Sequence[Tree], columns: Sequence[NDArray[np.int64]]) -> Tensors:
    """The tensors of tree_path; `columns` are per tree the column of each node, -1 for none."""
    ordered = [column[tree.order] for tree, column in zip(trees, columns, strict=True)]
    tensors = ensemble_tensors(trees)
    splits = {role: value for role, value in tensors.items() if role not in _OF_SCORES}
    return {**splits, "column": narrowest(np.concatenate(ordered))}


def leaf_tensors(trees: Sequence[Tree]) -> Tensors:
    """The tensors of a tree_ensemble that gives, per tree, the library's number of the leaf."""
    numbers = np.concatenate([tree.leaves for tree in trees]).astype(np.float64)
    tensors = ensemble_tensors(trees)
    return {
        **tensors,
        "leaf": exact_float32(numbers.reshape(-1, 1)),
        "output": narrowest(np.arange(len(trees))),
    }


def _set_tensors(trees: Sequence[Tree], parts: Sequence[Tensors]) -> Tensors:
    """Every set once, however many splits share it; a split on a set has the threshold 0."""
    known: dict[bytes, int] = {}
    words: list[NDArray[np.uint32]] = []
    chosen = []
    for tree, part in zip(trees, parts, strict=True):
        positions = np.full(len(tree.sets) + 1, -1)  # the last is that of -1
        for i, bits in enumerate(tree.sets):
            trimmed = np.trim_zeros(np.asarray(bits, dtype=np.uint32), "b")
            positions[i] = known.setdefault(trimmed.tobytes(), len(known))
            if len(known) > len(words):
                words.append(trimmed)
        chosen.append(positions[part["set"]])
    return {
        "set": narrowest(np.concatenate(chosen)),
        "set_words": narrowest(np.array([len(bits) for bits in words], dtype=np.int64)),
        "set_bits": np.concatenate([np.zeros(0, np.uint32), *words]),
    }


def _one_tree(tree: Tree) -> Tensors:
    order = tree.order
    position = np.empty(len(tree.feature), dtype=np.int64)
    position[order] = np.arange(len(order))
    feature = tree.feature[order]
    splits = order[feature != LEAF]
    missing_left = (
        np.zeros(len(splits), dtype=bool)
        if tree.missing_left is None
        else tree.missing_left[splits]
    )
    which = np.full(len(splits), -1) if tree.set is None else tree.set[splits]
    return {
        "feature": feature,
        "right": position[tree.right[splits]],
        "threshold": np.where(which < 0, tree.threshold[splits], np.float32(0)),
        "missing_left": missing_left,
        "set": which,
        "leaf": tree.value[tree.leaves],
        "cover": tree.cover[order],
        "id": order,
    }
