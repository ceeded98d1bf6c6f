"""Iterations row by row: topics of texts, weights of parts. Tier T2.

Each is followed in numpy: where the test that ends it comes nearer to its limit than the error so
far, another number of rounds is possible, and the answer may be anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from bascule.ops.operator import Given, Type, operator, same
from bascule.ops.rules import EPS, Array, Bound, Context

if TYPE_CHECKING:
    from bascule.export import Tensor


def _topics(_: Sequence[Tensor], given: Given) -> Type:
    return "f64", np.shape(given["words"])[1]


@operator("topic_distribution", gives=_topics, tier="T2")
def topic_distribution(c: Context) -> Bound:
    """Per round every weight is off by the rounding of its sums and of exp and digamma."""
    x, words = c.x(), c.tensor("words")
    if c.kinds[0] == "csr":
        relative = np.broadcast_to(c.error[:, :, 0], (2, len(x)))
    else:
        ratio = np.where(c.error > 0, c.error / np.abs(x)[None], 0.0)
        relative = np.broadcast_to(ratio, (2, *x.shape)).max(axis=2)
    bound = np.zeros((2, len(x), words.shape[1]))
    for row, cells in enumerate(x):
        used = np.flatnonzero(cells)
        rounds, distance, size = _followed_topics(c, cells[used], words[used])
        own = rounds * (16 + 2 * np.sqrt(len(used) + words.shape[1])) * EPS
        error = own + 4 * rounds * relative[:, row]
        bound[:, row] = error[:, None] * np.abs(c.y()[row])
        bound[:, row] = np.where((distance > error * size)[:, None], bound[:, row], np.inf)
    return Bound(bound)


def _followed_topics(c: Context, counts: Array, words: Array) -> tuple[int, float, float]:
    """Rounds; how near the mean change came to the tolerance; the mean of the weights."""
    attrs = c.node.attrs
    tolerance, prior = float(attrs["tolerance"]), float(attrs["prior"])
    weights = np.ones(words.shape[1])
    distance, rounds = np.inf, 0
    expected = np.exp(digamma(weights) - digamma(weights.sum()))
    for rounds in range(1, int(attrs["iterations"]) + 1):  # noqa: B007 (used after the loop)
        last = weights
        weights = expected * ((counts / (words @ expected + EPS)) @ words) + prior
        expected = np.exp(digamma(weights) - digamma(weights.sum()))
        change = float(np.abs(weights - last).mean())
        distance = min(distance, abs(change - tolerance))
        if change < tolerance or np.isnan(change):
            break
    return rounds, distance, float(np.abs(weights).mean())


@operator("non_negative_weights", gives=same, tier="T2")
def non_negative_weights(c: Context) -> Bound:
    """The sums of each round, and the input's error, by the smallest eigenvalue of the gram matrix.

    A round never widens a difference in the norm of that matrix.
    """
    x, gram = c.x(), c.tensor("gram")
    eigenvalues = np.linalg.eigvalsh(gram)
    lowest, highest = max(float(eigenvalues[0]), 0.0), float(eigenvalues[-1])
    w, rounds, distance, first = _followed_weights(c, x, gram)
    terms = np.abs(x) + np.abs(w) @ np.abs(gram)
    own = rounds[:, None] * (len(gram) + 4) * EPS * terms
    error = np.sqrt(((np.broadcast_to(c.error, (2, *x.shape)) + own) ** 2).sum(axis=2))
    bound = 2 * error / lowest
    open_end = distance * first <= len(gram) * highest * bound
    undecided = ((w > 0) & (w[None] <= bound[:, :, None])).any(axis=2)
    bound = np.where((open_end & (first > 0)) | undecided, np.inf, bound)
    return Bound(np.broadcast_to(bound[:, :, None], (2, *x.shape)))


def _followed_weights(c: Context, x: Array, gram: Array) -> tuple[Array, Array, Array, Array]:
    """Weights, rounds, how near the ratio came to the tolerance, and the first violation."""
    tolerance = float(c.node.attrs["tolerance"])
    w = np.zeros_like(x)
    running = np.ones(len(x), np.bool_)
    rounds, first = np.zeros(len(x)), np.zeros(len(x))
    distance = np.full(len(x), np.inf)
    for i in range(int(c.node.attrs["iterations"])):
        violation = np.zeros(len(x))
        for t in range(len(gram)):
            gradient = w @ gram[t] - x[:, t]
            violation += np.abs(np.where(w[:, t] == 0, np.minimum(gradient, 0.0), gradient))
            if gram[t, t] != 0:
                moved = np.maximum(w[:, t] - gradient / gram[t, t], 0.0)
                w[:, t] = np.where(running, moved, w[:, t])
        first = violation if i == 0 else first
        ratio = np.where(first > 0, violation / first, 0.0)
        rounds += running
        distance = np.where(running, np.minimum(distance, np.abs(ratio - tolerance)), distance)
        running &= ratio > tolerance
        if not running.any():
            break
    return w, rounds, distance, first


def _weights(_: Sequence[Tensor], given: Given) -> Type:
    return "f64", np.shape(given["components"])[1]


@operator("multiplicative_weights", gives=_weights, tier="T2")
def multiplicative_weights(c: Context) -> Bound:
    """The relative error of every round's factors, carried to the end by the derivatives of the
    logarithms of the weights: exact to first order.
    """
    x = c.x()
    steps = _Updates(c, x)
    followed, moves = steps.follow()
    total, size = x.sum(axis=1), np.abs(x).sum(axis=1)
    start = 0.5 * _sum_ulps(x.shape[1]) * EPS * _ratio(size, np.abs(total)) + 4 * EPS
    start = start + 0.5 * _ratio(steps.x_error.sum(axis=1), np.abs(total))
    count = followed[0].shape[1]
    carried = np.broadcast_to(np.eye(count), (len(x), count, count))
    relative = np.zeros((len(x), count))
    for t in range(len(moves) - 1, -1, -1):
        own, derivative = steps.round(followed[t])
        runs = moves[t].runs
        more = np.einsum("rij,rj->ri", np.abs(carried), own)
        relative += np.where(runs[:, None], more, 0.0)
        carried = np.where(runs[:, None, None], carried @ derivative, carried)
    relative += np.abs(carried).sum(axis=2) * start[:, None]
    w = followed[-1]
    bound = np.where(w == 0, 0.0, relative * np.abs(w))
    tolerance, near = float(c.node.attrs["tolerance"]), 8 * relative.max(axis=1)
    for move in moves:
        open_end = move.runs & (np.abs(move.by - tolerance) <= near)
        bound = np.where((tolerance > 0) & open_end[:, None], np.inf, bound)
    return Bound(np.broadcast_to(bound, (2, *bound.shape)))


def _sum_ulps(count: int) -> float:
    """Of a sum of so many terms, in ULP of their sizes: see rules.sum_ulps."""
    return max(4.0, 2.0 * float(np.sqrt(count)))


def _ratio(top: Array, bottom: Array) -> Array:
    """top / bottom, 0 where both are: no terms, no error."""
    found: Array = np.where(top == 0, 0.0, top / bottom)
    return found


@dataclass(frozen=True)
class _Move:
    """Of one round: the rows that it ran for, and by how much it moved their weights."""

    runs: NDArray[np.bool_]
    by: Array


class _Updates:
    """The rounds of `multiplicative_weights`, in numpy."""

    def __init__(self, c: Context, x: Array) -> None:
        attrs = c.node.attrs
        self.x, self.parts = x, c.tensor("components")  # [rows, columns], [columns, count]
        self.beta, self.power = float(attrs["beta"]), float(attrs["power"])
        self.l1, self.l2 = float(attrs["l1"]), float(attrs["l2"])
        self.tolerance, self.iterations = float(attrs["tolerance"]), int(attrs["iterations"])
        error = np.broadcast_to(c.error, (2, len(x), c.error.shape[2])).max(axis=0)
        self.x_error = error * np.abs(x) if c.kinds[0] == "csr" else np.broadcast_to(error, x.shape)

    def follow(self) -> tuple[list[Array], list[_Move]]:
        """The weights before each round and after the last, and what each round did."""
        columns, count = self.parts.shape
        w = np.repeat(np.sqrt(self.x.sum(axis=1) / columns / count)[:, None], count, axis=1)
        followed = [w]
        moves: list[_Move] = []
        running = np.ones(len(w), np.bool_)
        while len(moves) < self.iterations and running.any():
            v_above, v_below = self._made(w)
            factor = (self._shares(v_above) @ self.parts) / self._under(v_below, w)
            new = np.where(running[:, None], w * factor**self.power, w)
            by = np.linalg.norm(new - w, axis=1) / np.linalg.norm(new, axis=1)
            moves.append(_Move(running.copy(), by))
            followed.append(new)
            w = new
            running = running & ~((self.tolerance > 0) & (by <= self.tolerance))
        return followed, moves

    def round(self, w: Array) -> tuple[Array, Array]:
        """The relative error of the weights that one round makes of `w` [rows, count], and
        d log(new) / d log(w) [rows, count, count]."""
        columns, count = self.parts.shape
        v_above, v_below = self._made(w)
        share = self._shares(v_above)
        above, under = share @ self.parts, self._under(v_below, w)
        weight = v_below ** (self.beta - 1)
        terms = np.abs(share) @ np.abs(self.parts)
        moved = np.abs(v_above ** (self.beta - 2)) * self.x_error @ np.abs(self.parts)
        below_terms = np.abs(weight) @ np.abs(self.parts) + self.l1 + self.l2 * np.abs(w)
        inner = _sum_ulps(count) + 4
        ulp_above = _sum_ulps(columns) + abs(self.beta - 2) * inner + 4
        ulp_below = _sum_ulps(columns) + abs(self.beta - 1) * inner + 8
        own = ulp_above * EPS * _ratio(terms, np.abs(above)) + _ratio(moved, np.abs(above))
        own = self.power * (own + ulp_below * EPS * _ratio(below_terms, np.abs(under))) + 4 * EPS
        least = float(np.finfo(np.float32).eps)
        free_above = share / np.where((self.beta < 2) & (v_above <= least), np.inf, v_above)
        free_below = weight / np.where((self.beta < 1) & (v_below <= least), np.inf, v_below)
        flat = self.parts.T[None]  # [1, count, columns]
        by_above = (flat * np.nan_to_num(free_above)[:, None]) @ self.parts
        by_below = (flat * np.nan_to_num(free_below)[:, None]) @ self.parts
        slope = (self.beta - 2) * _ratio(by_above * w[:, None], above[:, :, None])
        slope = slope - (self.beta - 1) * _ratio(by_below * w[:, None], under[:, :, None])
        eye = np.eye(count)[None]
        slope = slope - eye * (self.l2 * w / under)[:, :, None]
        return own, eye + self.power * slope

    def _made(self, w: Array) -> tuple[Array, Array]:
        """What the weights make of each column, as the sums above and below take it."""
        v, least = w @ self.parts.T, float(np.finfo(np.float32).eps)
        above = np.where((self.beta < 2) & (v < least), least, v)
        return above, np.where((self.beta < 1) & (v < least), least, v)

    def _shares(self, v: Array) -> Array:
        shares: Array = np.where(self.x == 0, 0.0, self.x * v ** (self.beta - 2))
        return shares

    def _under(self, v: Array, w: Array) -> Array:
        below = v ** (self.beta - 1) @ self.parts + self.l1 + self.l2 * w
        under: Array = np.where(below == 0, float(np.finfo(np.float32).eps), below)
        return under


@operator("matching_pursuit", gives=same, tier="T2")
def matching_pursuit(c: Context) -> Bound:
    """The system of the taken atoms, by its inverse; anything, where another atom may be taken."""
    x, gram = c.x(), c.tensor("gram")
    errors = np.broadcast_to(c.error, (2, *x.shape))
    bound = np.zeros((2, *x.shape))
    for row, products in enumerate(x):
        for which in range(2):
            bound[which, row] = _pursued(
                products, errors[which, row], gram, int(c.node.attrs["most"])
            )
    return Bound(bound)


def _pursued(x: Array, error: Array, gram: Array, most: int) -> Array:
    taken: list[int] = []
    left, moved, found = x, error, np.zeros(len(x))
    for _ in range(most):
        size = np.abs(left)
        best = int(np.argmax(size))
        rivals = np.delete(size + moved, best)
        small = abs(size[best] ** 2 - EPS) <= 2 * size[best] * moved[best] + EPS**2
        if small or (rivals.size and size[best] - moved[best] <= rivals.max()):
            # An exact zero, of a row of zeros, is none on both sides.
            return np.where(size.max() + moved.max() < 1e-9, 0.0, np.inf) + np.zeros(len(x))
        if best in taken or size[best] ** 2 < EPS:
            break
        taken.append(best)
        part = gram[np.ix_(taken, taken)]
        inverse = np.abs(np.linalg.pinv(part))
        if np.linalg.cond(part) > 1 / np.sqrt(EPS):
            return np.full(len(x), np.inf)
        coef = np.linalg.solve(part, x[taken])
        terms = np.abs(x[taken]) + np.abs(part) @ np.abs(coef)
        off = inverse @ (error[taken] + 8 * (len(taken) + 2) * EPS * terms)
        found = np.zeros(len(x))
        found[taken] = off
        left = x - gram[:, taken] @ coef
        spread = np.abs(gram[:, taken])
        moved = (
            error + spread @ off + 4 * (len(taken) + 2) * EPS * (np.abs(x) + spread @ np.abs(coef))
        )
    return found
