"""Neighbours: distances to stored points, the nearest of them, and what they say together.

Distances that Python takes by differences have the same bits. Those by dot products (BLAS) may be
off by ULPs of |x|^2 + |y|^2, so that near duplicates may change places: where two distances lie
within the bound, the order is open, and where the k-th and the next do, so is the answer.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bascule.ops.operator import fixed, operator, same
from bascule.ops.rules import EPS, NONE, Array, Bound, Context, sum_ulps

if TYPE_CHECKING:
    from bascule.export import Node

# By dot products, and squares with a root; the others rank by the distance itself.
_BY_DOTS = frozenset(["dot_euclidean", "nan_euclidean", "cosine"])
# Exact on exact input wherever libm is the same.
_BY_LIBM = frozenset(["minkowski", "haversine", "mahalanobis"])
# How far a distance moves while x moves by an error e: the metric's own length of e, at most.
_LENGTH = {
    "euclidean": 2.0,
    "dot_euclidean": 2.0,
    "nan_euclidean": 2.0,
    "manhattan": 1.0,
    "chebyshev": np.inf,
}
Flags: TypeAlias = NDArray[np.bool_]
_CHUNK_CELLS = 4_000_000


def _metric(node: Node) -> str:
    return str(node.attrs["metric"])


def _tier(attrs: object) -> str:
    assert isinstance(attrs, dict)
    return "T1" if attrs["metric"] in _BY_DOTS or attrs["metric"] in _BY_LIBM else "T0"


def _distance_error(c: Context, distance: Array, node: Node, lengths: Array | None = None) -> Array:
    """How far `distance` [rows, n] may be off: [2, rows, n].

    A stored point at that distance is at most |x| + distance long; of points with holes the
    `lengths` [n] count. Input errors move a distance by no more than their own length (the triangle
    inequality).
    """
    x = np.nan_to_num(c.x())
    own = np.zeros((2, *distance.shape))
    width = x.shape[1]
    metric = _metric(node)
    if metric in ("dot_euclidean", "nan_euclidean"):
        size = np.sqrt((x * x).sum(axis=1))[:, None]
        scale = width if metric == "nan_euclidean" else 1
        # |x|^2, |y|^2 and 2 x.y, each added in another order; absent columns scale what is left.
        other = size + distance
        if metric == "nan_euclidean":
            points = np.nan_to_num(np.asarray(node.tensors["points"], np.float64))
            other = np.linalg.norm(points, axis=1).max() if lengths is None else lengths
        squares = scale * sum_ulps(2 * size**2 + 2 * other**2, width)
        squares = np.where(_whole(x, node)[:, None], 0.0, squares)
        low = np.sqrt(np.maximum(distance**2 - squares, 0))
        own += np.maximum(np.sqrt(distance**2 + squares) - distance, distance - low)
    elif metric == "cosine":
        own += sum_ulps(np.full(distance.shape, 2.0), width) + 8 * EPS
    elif metric == "mahalanobis":
        own += np.inf if node.attrs.get("search") in ("partition", None) else 0.0
    if metric in _BY_LIBM:
        own[1] += 4 * EPS * width * distance
    elif metric not in _BY_DOTS and node.attrs.get("search") in ("partition", None):
        own += sum_ulps(distance, width)  # scipy's cdist adds in an order of its own
    if metric in ("minkowski", "haversine"):
        own += 4 * EPS * distance  # numpy's power and arcsin make the distance
    error = c.error
    if error.any():
        own += _moved(np.broadcast_to(error, (2, *x.shape)), x, metric)[:, :, None]
    return np.where(np.isnan(own), np.inf, own)


def _whole(x: Array, node: Node) -> Flags:
    """[rows]: every product and sum is an integer below 2^53, exact in any order."""
    points = np.asarray(node.tensors["points"], np.float64)
    if _metric(node) != "dot_euclidean" or not (points == np.rint(points)).all():
        return np.zeros(len(x), np.bool_)
    largest = np.maximum(np.abs(x).max(axis=1), np.abs(points).max())
    whole: Flags = (x == np.rint(x)).all(axis=1)
    return whole & (4.0 * x.shape[1] * largest**2 < 2.0**53)


def _moved(error: Array, x: Array, metric: str) -> Array:
    """[2, rows]: how far any distance moves while x moves by `error`."""
    if metric in _LENGTH:
        return np.asarray(np.linalg.norm(error, _LENGTH[metric], axis=2), np.float64)
    if metric == "minkowski":
        return error.sum(axis=2)
    if metric == "cosine":
        length = np.sqrt((x * x).sum(axis=1))
        moved = 4 * np.sqrt((error * error).sum(axis=2)) / length
        return np.where(error.any(axis=2), moved, 0.0)
    return np.where(error.any(axis=2), np.inf, 0.0)


@operator("distances", gives=lambda x, given: ("f64", len(given["points"])), tier=_tier, fresh=True)
def distances(c: Context) -> Bound:
    y = c.y()
    if not c.node.attrs.get("reduced"):
        return Bound(_distance_error(c, y, c.node))
    if _metric(c.node) not in ("dot_euclidean", "euclidean"):
        return Bound(_distance_error(c, y, c.node))
    distance = np.sqrt(y)
    error = _distance_error(c, distance, c.node)
    moved = error * (2 * distance + error)
    return Bound(np.where(error > 0, moved + 4 * EPS * y, 0.0))


@operator("nearest", gives=lambda x, given: ("f64", 2 * int(given["k"])), tier=_tier, fresh=True)
def nearest(c: Context) -> Bound:
    """Distances by their own error. A position is any where its order is open; where the last
    place is open too, so is everything that follows: infinite.
    """
    k, count = int(c.node.attrs["k"]), len(c.node.tensors["points"])
    y = c.y()
    found = y[:, :k] if k == count else _one_more(c)
    error = _distance_error(c, found, c.node)
    gap = np.diff(found, axis=1)
    moved = error[:, :, 1:] + error[:, :, :-1]
    near = (gap <= moved) & (moved > 0) | np.isnan(moved) | np.isinf(moved)
    if c.node.attrs["search"] == "partition":
        near |= (gap == 0) | ~np.isfinite(gap)
    order = near | ((gap == 0) & (c.node.attrs["search"] == "scan"))
    first = found.shape[1] > k
    open_set = near[:, :, k - 1] if first else np.zeros((2, len(y)), np.bool_)
    if c.node.attrs["search"] == "partition":
        open_set = open_set | ~np.isfinite(found[:, :k]).all(axis=1)
    loose = np.zeros((2, len(y), k), np.bool_)
    inner = order[:, :, : k - 1]
    loose[:, :, : k - 1] |= inner
    loose[:, :, 1:] |= inner
    place = np.where(loose, float(count), 0.0)
    place = np.where(open_set[:, :, None], np.inf, place)
    largest = np.maximum.accumulate(error[:, :, :k], axis=2)
    return Bound(np.concatenate([largest, place], axis=2))


def _one_more(c: Context) -> Array:
    """[rows, k + 1]: the distances, and the next one, as the engine finds it."""
    more = replace(
        c.node, output="one.more", attrs={**c.node.attrs, "k": int(c.node.attrs["k"]) + 1}
    )
    probe = copy.copy(c.probe)
    probe.nodes = [*c.probe.nodes, more]
    k = int(more.attrs["k"])
    wanted = replace(c.known[c.node.output], value="one.more", width=2 * k, columns=(), names=None)
    return probe.values([wanted])["one.more"][:, :k]


@operator("within", gives=lambda x, given: ("csr", len(given["points"])), tier=_tier)
def within(c: Context) -> Bound:
    """Relative to the distances that are found; infinite when one lies at the radius."""
    if c.node.attrs.get("connectivity"):
        return Bound(np.where(_radius_open(c, c.node).any(axis=1), np.inf, 0.0)[:, None, None])
    if _exact(c):
        return Bound(NONE)
    worst = np.zeros(2)
    for rows, distance, error in _chunks(c, c.node):
        radius = float(c.node.attrs["radius"])
        inside = distance <= radius
        del rows
        relative = np.where(inside & (error > 0), error / distance, 0.0)
        at_radius = np.abs(distance - radius) <= error
        relative = np.where(at_radius & (error > 0), np.inf, relative)
        worst = np.maximum(worst, relative.reshape(2, -1).max(axis=1, initial=0.0))
    return Bound(worst.reshape(2, 1, 1))


def _exact(c: Context) -> bool:
    return not c.error.any() and _tier(c.node.attrs) == "T0"


def _radius_open(c: Context, node: Node) -> Array:
    """[2, rows]: 1 where a stored point lies within its error of the radius."""
    found = np.zeros((2, c.probe.rows))
    if not c.error.any() and _tier(node.attrs) == "T0":
        return found
    for rows, distance, error in _chunks(c, node):
        near = (np.abs(distance - float(node.attrs["radius"])) <= error) & (error > 0)
        found[:, rows] = near.any(axis=2)
    return found


def _chunks(c: Context, node: Node) -> Iterator[tuple[slice, Array, Array]]:
    """Distances to all stored points, some rows at a time, and their errors."""
    points = np.asarray(node.tensors["points"], np.float64)
    x, error = c.x(), np.broadcast_to(c.error, (2, *c.x().shape))
    step = max(1, _CHUNK_CELLS // max(1, points.size))
    for start in range(0, len(x), step):
        rows = slice(start, start + step)
        part = copy.copy(c)
        part._values = {**c._values, c.node.inputs[0]: x[rows]}
        part.bounds = [Bound(error[:, rows]), *c.bounds[1:]]
        distance = _all_distances(x[rows], points, node)
        yield rows, distance, _distance_error(part, distance, node)


def _all_distances(x: Array, points: Array, node: Node) -> Array:
    gaps = np.abs(x[:, None, :] - points[None, :, :])
    metric = _metric(node)
    if metric in ("dot_euclidean", "euclidean"):
        return np.asarray(np.sqrt((gaps * gaps).sum(axis=2)), np.float64)
    if metric == "manhattan":
        return np.asarray(gaps.sum(axis=2), np.float64)
    if metric == "chebyshev":
        return np.asarray(gaps.max(axis=2), np.float64)
    if metric == "minkowski":
        p = float(node.attrs["p"])
        weights = np.asarray(node.tensors.get("column_weights", 1.0), np.float64)
        return np.asarray((weights * gaps**p).sum(axis=2) ** (1 / p), np.float64)
    if metric == "cosine":
        length = np.sqrt((x * x).sum(axis=1, keepdims=True))
        return np.asarray(1 - (x / np.where(length > 0, length, 1)) @ points.T, np.float64)
    return np.full((len(x), len(points)), float(node.attrs["radius"]))  # all are open


@operator("neighbor_graph", gives=lambda x, given: ("csr", int(given["points"])))
def neighbor_graph(c: Context) -> Bound:
    """Relative to each distance; infinite when a row's neighbours are open."""
    k = c.known[c.node.inputs[0]].width // 2
    error = np.broadcast_to(c.error, (2, c.probe.rows, 2 * k))
    is_open = _any(np.isinf(error[:, :, k:]))
    relative = np.zeros(2)
    if not c.node.attrs.get("connectivity"):
        distance = c.x()[:, :k]
        ratio = np.where(error[:, :, :k] > 0, error[:, :, :k] / distance, 0.0)
        ratio = np.where(is_open[:, :, None] | ~np.isfinite(distance), 0.0, ratio)
        relative = ratio.reshape(2, -1).max(axis=1, initial=0.0)
    return Bound(np.where(is_open.any(axis=1), np.inf, relative).reshape(2, 1, 1))


@operator(
    "neighbor_votes", gives=lambda x, given: ("f64", int(given["classes"])), tier="T1", fresh=True
)
def neighbor_votes(c: Context) -> Bound:
    """Whole votes are exact; weighed ones follow the distances."""
    labels = np.asarray(c.node.tensors["labels"], np.int64)
    return _said(c, np.eye(int(c.node.attrs["classes"]))[labels], uniform=0.0)


@operator(
    "neighbor_mean", gives=lambda x, given: ("f64", len(given["otherwise"])), tier="T1", fresh=True
)
def neighbor_mean(c: Context) -> Bound:
    values = np.asarray(c.node.tensors["values"], np.float64)
    return _said(c, values, uniform=1.0)


def _said(c: Context, values: Array, uniform: float) -> Bound:
    """Of a weighted mean of `values` [points, width].

    Where every distance is known to a factor 1 + r, so is every weight, and the mean moves by at
    most 2 r times the mean of |values|. A neighbour whose distance may be 0 outweighs all others:
    alone it decides, and what the others add is their share at its least weight.
    """
    y = np.abs(c.y())[None]
    if c.kinds[0] == "csr":
        return _said_within(c, values, y, uniform)
    k = c.known[c.node.inputs[0]].width // 2
    error = np.broadcast_to(c.error, (2, c.probe.rows, 2 * k))
    x = c.x()
    at = np.nan_to_num(x[:, k:]).astype(np.int64)
    table = np.abs(values)[at]  # [rows, k, width]
    size = table.max(axis=1, initial=0.0)
    is_open = _any(np.isinf(error[:, :, k:]))
    if c.node.attrs["weights"] == "uniform":
        moved = uniform * (sum_ulps(table.sum(axis=1), k) / k + EPS * size)[None]
    else:
        moved = _weighed(x[:, :k], error[:, :, :k], values[at], size)
    return Bound(np.where(is_open[:, :, None], np.inf, moved + np.zeros((2, *y.shape[1:]))))


def _any(flags: Flags) -> Flags:
    """Along the last axis."""
    return np.asarray(flags.any(axis=-1))


def _all(flags: Flags) -> Flags:
    """Along the last axis."""
    return np.asarray(flags.all(axis=-1))


def _weighed(distance: Array, off: Array, said: Array, size: Array) -> Array:
    k = distance.shape[1]
    fresh = (sum_ulps(np.ones(1), k) + 6 * EPS) * size[None]
    heavy = (distance[None] <= 2 * off) & (off > 0)
    relative = np.where(heavy | (off == 0), 0.0, off / (distance[None] - off))
    moved = 2 * np.expm1(relative.max(axis=2, initial=0.0))[:, :, None] * size[None] + fresh
    if not heavy.any():
        return moved
    light = np.where(heavy, 0.0, 1 / distance[None]).sum(axis=2)
    least = np.where(heavy, distance[None] + off, 0.0).max(axis=2)
    share = (light * least)[:, :, None]
    first = heavy.argmax(axis=2)
    rows = np.arange(said.shape[0])
    chosen = said[rows[None], first][:, :, None, :]
    some = _any(heavy)
    agree = (~heavy[:, :, :, None] | (said[None] == chosen)).all(axis=(2, 3))
    moved = moved + np.where(some[:, :, None], 2 * share * size[None], 0.0)
    return np.where((some & ~agree)[:, :, None], np.inf, moved)


def _said_within(c: Context, values: Array, y: Array, uniform: float) -> Bound:
    source = next(node for node in c.probe.nodes if node.output == c.node.inputs[0])
    inner = copy.copy(c)
    inner.node, inner.bounds = source, [c.bounds[0]]
    size = np.abs(values).max(axis=0, initial=0.0)[None, None, :]
    count = len(values)
    rounding = sum_ulps(size, count) + 6 * EPS * size
    by_distance = c.node.attrs["weights"] == "distance"
    moved = np.zeros((2, *y.shape[1:])) + (rounding if by_distance else uniform * rounding)
    if _tier(source.attrs) == "T0" and not c.error.any():
        return Bound(moved)
    inner.bounds = [Bound(NONE)]
    is_open = _radius_open(inner, source)
    if by_distance:
        radius = float(source.attrs["radius"])
        for rows, distance, error in _chunks(inner, source):
            inside = distance <= radius
            ratio = np.where(inside & (error > 0), error / (distance[None] - error), 0.0)
            ratio = np.where(ratio < 0, np.inf, ratio)
            moved[:, rows] += 2 * np.expm1(ratio.max(axis=2, initial=0.0))[:, :, None] * size
    return Bound(np.where(is_open[:, :, None] > 0, np.inf, moved))


@operator("take_each", gives=lambda x, given: ("f64", x[0].width))
def take_each(c: Context) -> Bound:
    """Another element where the position is open."""
    return Bound(np.where(c.error > 0, np.inf, 0.0) + np.zeros((2, *c.y().shape)))


@operator("impute_nearest", gives=same, cells="own", tier="T1", fresh=True)
def impute_nearest(c: Context) -> Bound:
    """Of a filled cell: anything where its k-th and its next donor are equally near, within the
    bound; else as a mean over neighbours. What was there stays.
    """
    x, y = c.x(), c.y()
    points = np.asarray(c.node.tensors["points"], np.float64)
    bound = np.broadcast_to(c.error, (2, *x.shape)).copy()
    holes = np.isnan(x)
    lengths = np.linalg.norm(np.nan_to_num(points), axis=1)
    rows_with = np.flatnonzero(holes.any(axis=1))
    step = max(1, _CHUNK_CELLS // max(1, points.size))
    for start in range(0, len(rows_with), step):
        rows = rows_with[start : start + step]
        part = copy.copy(c)
        part._values = {**c._values, c.node.inputs[0]: x[rows]}
        part.bounds = [Bound(np.broadcast_to(c.error, (2, *x.shape))[:, rows])]
        distance = _nan_distances(x[rows], points)
        error = _distance_error(part, distance, c.node, lengths)
        for at, row in enumerate(rows):
            for col in np.flatnonzero(holes[row]):
                bound[:, row, col] = _donors_bound(c, distance[at], error[:, at], points[:, col])
    kept = ~holes & np.isnan(y)
    return Bound(np.where(kept, 0.0, bound))


def _nan_distances(x: Array, points: Array) -> Array:
    """sklearn's nan_euclidean, by differences."""
    gaps = x[:, None, :] - points[None, :, :]
    both = np.count_nonzero(~np.isnan(gaps), axis=2)
    squares = np.nansum(gaps * gaps, axis=2) / np.maximum(both, 1) * x.shape[1]
    return np.where(both == 0, np.nan, np.sqrt(squares))


def _donors_bound(c: Context, distance: Array, error: Array, column: Array) -> Array:
    """[2]: of one filled cell."""
    donors = ~np.isnan(distance) & ~np.isnan(column)
    if not donors.any():
        known = column[~np.isnan(column)]
        return sum_ulps(np.abs(known).sum(keepdims=True), len(known)) * np.ones(2)
    k = min(int(c.node.attrs["k"]), int(np.count_nonzero(~np.isnan(column))))
    found, off, said = distance[donors], error[:, donors], column[donors]
    order = np.argsort(found)
    found, off, said = found[order], off[:, order], said[order]
    if len(found) > k:
        # Points differ in length, and so in how far off they may be: any of the others may be next.
        most = off.max(axis=0)
        far, near = found[:k] + most[:k], np.nan_to_num(found[k:] - most[k:], nan=-np.inf)
        disputed = np.append(said[:k][far >= near.min()], said[k:][near <= far.max()])
        same = len(np.unique(disputed)) <= 1
        if not far.max() < near.min() and not (same and c.node.attrs["weights"] == "uniform"):
            return np.full(2, np.inf)
    found, off, said = found[:k], off[:, :k], said[:k]
    size = np.abs(said).max(keepdims=True)[None]
    if c.node.attrs["weights"] == "uniform":
        return (sum_ulps(np.abs(said).sum(keepdims=True), k) / k + EPS * size[0]) * np.ones(2)
    return _weighed(found[None], off[:, None], said[None, :, None], size)[:, 0, 0]


@operator("unless_all_missing", gives=lambda x, given: ("f64", x[1].width), fresh=True)
def unless_all_missing(c: Context) -> Bound:
    """Of a row with nothing Python's own answer depends on the rows beside it: anything."""
    nothing = _all(np.isnan(c.x()))
    error = np.broadcast_to(c.bounds[2].error, (2, *c.y().shape))
    return Bound(np.where(nothing[None, :, None], np.inf, error))


@operator(
    "nearest_paths", gives=lambda x, given: ("f64", len(given["paths"])), fresh=True, tier="T1"
)
def nearest_paths(c: Context) -> Bound:
    """A sum of two lengths; the paths are Python's own."""
    y = np.abs(c.y())
    if c.kinds[0] == "csr":
        source = next(node for node in c.probe.nodes if node.output == c.node.inputs[0])
        radius = float(source.attrs["radius"])
        inner = copy.copy(c)
        inner.node, inner.bounds = source, [Bound(NONE)]
        moved = _distance_error(inner, np.full((len(y), 1), radius), source)
        is_open = _radius_open(inner, source)[:, :, None] > 0
        return Bound(np.where(is_open, np.inf, moved + 2 * EPS * y))
    k = c.known[c.node.inputs[0]].width // 2
    error = np.broadcast_to(c.error, (2, len(y), 2 * k))
    is_open = _any(np.isinf(error[:, :, k:]))[:, :, None]
    moved = error[:, :, :k].max(axis=2, keepdims=True)
    return Bound(np.where(is_open, np.inf, moved + 2 * EPS * y))


@operator(
    "barycenter",
    gives=lambda x, given: ("f64", np.shape(given["values"])[1]),
    fresh=True,
    tier="T2",
)
def barycenter(c: Context) -> Bound:
    """A solved system loses as many digits as its condition number has, in both."""
    points = np.asarray(c.node.tensors["points"], np.float64)
    values = np.asarray(c.node.tensors["values"], np.float64)
    k = c.known[c.node.inputs[1]].width // 2
    x, found = np.nan_to_num(c.x(0)), np.nan_to_num(c.x(1))
    at = found[:, k:].astype(np.int64)
    gaps = points[at] - x[:, None, :]
    gram = gaps @ gaps.transpose(0, 2, 1)
    trace = np.trace(gram, axis1=1, axis2=2)
    reg = float(c.node.attrs["reg"])
    gram += np.where(trace > 0, reg * trace, reg)[:, None, None] * np.eye(k)
    fine = _all(np.isfinite(gram).reshape(len(x), -1))
    gram[~fine] = np.eye(k)
    condition = np.linalg.cond(gram)
    weights = np.linalg.solve(gram, np.ones((len(x), k, 1)))[:, :, 0]
    weights /= weights.sum(axis=1, keepdims=True)
    size = (np.abs(weights)[:, :, None] * np.abs(values[at])).sum(axis=1)
    largest = np.abs(values[at]).max(axis=1) * np.abs(weights).sum(axis=1, keepdims=True)
    length = np.sqrt(np.maximum(trace, 1e-300))[:, None]
    error = np.broadcast_to(c.bounds[0].error, (2, *x.shape)).sum(axis=2)[:, :, None]
    steps = 8.0 * (k + x.shape[1]) * EPS + np.where(error > 0, 4 * error / length, 0.0)
    bound = steps * condition[:, None] * largest + sum_ulps(size, k)
    place = np.broadcast_to(c.bounds[1].error, (2, len(x), 2 * k))[:, :, k:]
    lost = ~fine[None, :] | _any(np.isinf(place)) | (condition > 1 / (64 * k * EPS))
    return Bound(np.where(lost[:, :, None], np.inf, bound))


@operator("kernel_density", gives=fixed("f64"), tier="T1", fresh=True)
def kernel_density(c: Context) -> Bound:
    """The same steps with the C library's exp and log on both sides.

    On another machine those differ, and what is taken away in logarithms leaves an error relative
    to the whole sum's greatest value, one for each point and node.
    """
    y = c.y()
    points = np.asarray(c.node.tensors["points"], np.float64)
    count, width = points.shape
    total = float(c.node.attrs.get("total") or count)
    bandwidth = float(c.node.attrs["bandwidth"])
    # Norms of kernels are at most one of this size, with sums of 2 width terms inside.
    most = np.log(total) - width * np.log(bandwidth) + 3 * width * np.log(width + 1.0)
    steps = 8 * EPS * (4 * count + 4 * len(c.node.tensors["leaf"]))
    drift = steps * np.exp(np.minimum(most - y, 700.0)) + 16 * EPS * (1 + np.abs(y))
    bound = np.zeros((2, *y.shape))
    bound[1] = drift
    if c.error.any():
        x = np.nan_to_num(c.x())
        far = np.linalg.norm(x, axis=1) + np.linalg.norm(points, axis=1).max()
        slope = {"gaussian": far / bandwidth**2, "exponential": np.full(len(x), 1 / bandwidth)}
        rise = slope.get(str(c.node.attrs["kernel"]), np.full(len(x), np.inf))
        moved = _moved(np.broadcast_to(c.error, (2, *x.shape)), x, _metric(c.node))
        bound += np.where(moved > 0, 2 * moved * rise + drift[:, 0], 0.0)[:, :, None]
    return Bound(np.where(np.isnan(bound) | np.isinf(y), np.where(np.isinf(y), 0.0, np.inf), bound))
