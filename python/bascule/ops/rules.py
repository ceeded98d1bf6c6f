"""How far an operator's answer may lie from Python's: the words of an operator's rule.

Every operator has one rule. It takes the values that the engine computed, and how far each input
may be off, and says how far the output may be off. Two bounds are carried side by side: on the
machine that packs, and on any machine. Operators whose arithmetic is the same in Python and in the
engine add nothing (tier T0), so a graph of them has the bound 0. A decision (argmax, greater, a
split of a tree) whose margin lies inside the bound may go either way: its row is a near tie. No
rule looks at the difference that was measured.

Errors are arrays [2, rows, width]: absolute, here and anywhere. Those of a sparse value are
[2, rows, 1] or [2, 1, 1]: relative to each stored cell of a row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from bascule.export import Node, Tensor
    from bascule.probe import Probe

Array: TypeAlias = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)  # one ULP, at most, relative to the value
EPS32 = float(np.finfo(np.float32).eps)
DENORMAL = 5e-324  # one ULP of what is too small for EPS to speak of
NONE: Array = np.zeros((2, 1, 1))
_TOGETHER = 64  # values asked of the engine in one call
_SMALL = 2**17  # cells of one that is asked for before it is needed


@dataclass(frozen=True)
class Bound:
    """Of one value. `margin` and `moved` are of the decision behind a label (i64) value."""

    error: Array  # [2, rows, width] or [2, 1, 1]; infinite where a split may go either way
    margin: Array | None = None  # [rows]: between the two best
    moved: Array | None = None  # [2, rows]: what the bound lets the margin move

    def ties(self, rows: int) -> NDArray[np.bool_]:
        """[rows]: the label may differ on this or on some machine."""
        if self.margin is None or self.moved is None:
            return np.zeros(rows, np.bool_)
        return (self.moved > 0).any(axis=0) & (self.margin <= self.moved.max(axis=0))


EXACT = Bound(NONE)


def decided(margin: Array, moved: Array) -> Bound:
    """Of a decision: exact, but for a near tie, after which anything may follow.

    margin   [rows]: between the two best
    moved    [2, rows]: what the bound lets it move
    """
    tie = (moved > 0) & (margin[None] <= moved)
    return Bound(np.where(tie, np.inf, 0.0)[:, :, None], margin, moved)


@dataclass
class Context:
    """What a rule sees of its node."""

    node: Node
    kinds: list[str]  # of the inputs
    bounds: list[Bound]
    probe: Probe
    known: dict[str, Tensor]
    _values: dict[str, Array] = field(default_factory=dict)

    @property
    def error(self) -> Array:
        return self.bounds[0].error

    def x(self, i: int = 0) -> Array:
        """Input `i`, dense."""
        return self._value(self.node.inputs[i])

    def y(self) -> Array:
        return self._value(self.node.output)

    def tensor(self, role: str) -> Array:
        return np.asarray(self.node.tensors[role], np.float64)

    def _value(self, name: str) -> Array:
        if name not in self._values:
            self._values.update(self.probe.values(self._soon(name)))
        return self._values[name]

    def _soon(self, name: str) -> list[Tensor]:
        """The value, and small ones after it, which the next rules ask for: each call of the engine
        costs as much as the whole graph is long."""
        found = [self.known[name]]
        names = [node.output for node in self.probe.nodes]
        after = names.index(name) + 1 if name in names else 0
        for later in names[after:]:
            x = self.known.get(later)
            if len(found) == _TOGETHER:
                break
            if x is None or later in self._values or x.kind not in ("f64", "f32", "i64"):
                continue
            if x.width * self.probe.rows <= _SMALL:
                found.append(x)
        return found


Rule: TypeAlias = Callable[[Context], Bound]


def rounded(error: Array, y: Array) -> Array:
    """`error`, and both sides' own rounding of the result where their inputs differ."""
    return np.where(error != 0, error + EPS * np.abs(y), 0.0)


def moved_by(c: Context, f: Callable[[Array], Array]) -> Array:
    """How far a rising `f` may move while its input moves by its error: zero on exact inputs."""
    x, y = c.x()[None], c.y()[None]
    up, down = np.abs(f(x + c.error) - f(x)), np.abs(f(x) - f(x - c.error))
    moved = np.maximum(up, down) + 4 * EPS * np.abs(y)
    return np.where(c.error > 0, moved, 0.0)


def ulps(y: Array, count: float = 4.0) -> Array:
    """`count` ULP of y; 0, NaN and an infinity are reached exactly or not at all."""
    reached = ~np.isfinite(y) | (y == 0)
    return np.where(reached, 0.0, count * np.maximum(EPS * np.abs(y), DENORMAL))


def sum_ulps(terms: Array, count: Any) -> Array:
    """What another order of adding `count` terms may change, for sums of |terms| of `terms`.

    4 ULP, and 2 sqrt(count) ULP for more than 4 terms: rounding errors of a sum behave like a
    random walk (Higham and Mary, A New Approach to Probabilistic Rounding Error Analysis, 2019).
    Zeros add up to zero in any order.
    """
    found: Array = np.maximum(4.0, 2 * np.sqrt(count)) * np.spacing(terms) * (terms != 0)
    return found


def kept(c: Context) -> Bound:
    """Of what moves no further than its input."""
    return Bound(c.error)


def exact(c: Context) -> Bound:
    """Of what takes no number that could be off."""
    return EXACT


def undecided(c: Context) -> Bound:
    """Of what picks something by its input: where the input may be another, anything."""
    return Bound(np.where(c.error > 0, np.inf, 0.0).max(axis=2, keepdims=True))
