"""Parity: the packed file and the Python model answer the same, or packing fails.

Each set of rows goes through the engine and through both of Python's oracles. What one refuses the
other must refuse. Numbers may differ by the propagated bound (bounds.py) and labels not at all,
except in near ties, which are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bascule.assemble import Output
from bascule.bounds import bounds_of, dense_error
from bascule.columns import to_buffers
from bascule.engine import Engine
from bascule.errors import ParityError
from bascule.export import Node, Tensor
from bascule.ops.rules import EXACT, Bound
from bascule.oracle import Answers, Oracle
from bascule.package import NearTie
from bascule.probe import Probe

# A member of an ensemble of ensembles costs Python as much for one row as for many.
_SECONDS = 4.0
_VISIBLE = 1e-9  # as the tier T2


@dataclass(frozen=True)
class RowSet:
    """Rows to compare. `names` say what each is; `single` are also asked one by one, in this order,
    while there is time."""

    data: Any
    names: Sequence[str]
    single: Sequence[int]


@dataclass(frozen=True)
class Limits:
    """How far outputs may differ, per row of a set."""

    here: dict[str, NDArray[np.float64]]  # by number output: [rows, width]; inf: not comparable
    anywhere: dict[str, NDArray[np.float64]]
    ties: dict[str, NDArray[np.bool_]]  # by label output: [rows]
    decisions: dict[str, Bound]


@dataclass(frozen=True)
class Outcome:
    """What a comparison found."""

    answers: Answers
    limits: Limits
    near_ties: list[NearTie]
    not_compared: int  # rows whose bound is infinite
    one_by_one: int  # rows that were also asked one by one
    unlike: NDArray[np.intp]  # rows not compared whose answers are visibly different


@dataclass(frozen=True)
class Mismatch:
    """The first difference of a set."""

    row: int
    output: str
    column: int
    python: object
    engine: object
    detail: str


def limits_of(
    nodes: Sequence[Node], known: dict[str, Tensor], outputs: Sequence[Output], probe: Probe
) -> Limits:
    """The bounds of the outputs for the rows of `probe`."""
    bounds = bounds_of(nodes, known, probe)
    limits = Limits({}, {}, {}, {})
    for output in outputs:
        bound = bounds.get(output.value, EXACT)
        if output.type == "number":
            here, anywhere = dense_error(bound, probe.rows, output.width)
            limits.here[output.name] = np.where(np.isnan(here), np.inf, here)
            limits.anywhere[output.name] = np.where(np.isnan(anywhere), np.inf, anywhere)
        else:
            limits.ties[output.name] = bound.ties(probe.rows)
            limits.decisions[output.name] = bound
    return limits


def compare(
    rows: RowSet,
    engine: Engine,
    oracle: Oracle,
    limits: Limits,
) -> tuple[Outcome, Mismatch | None]:
    """Compares every output of every row with both oracles."""
    count, buffers = to_buffers(rows.data, engine.inputs)
    names = [output.name for output in oracle.outputs]
    answers, errors = engine.run(count, buffers, names)
    ours = {
        o.name: np.asarray(answers[o.name], np.float64).reshape(count, -1) for o in oracle.outputs
    }
    sentences = {error.row: error.message for error in errors}
    batch = oracle.batch(rows.data, sentences)
    single = oracle.single(rows.data, rows.single, _SECONDS)
    alone = rows.single[: len(single.refused)]
    everywhere = list(range(count))
    mismatch = (
        _refusal(everywhere, batch, sentences)
        or _refusal(alone, single, sentences)
        or _difference(everywhere, batch, ours, limits, oracle.outputs)
        or _difference(alone, single, ours, limits, oracle.outputs)
    )
    infinite = np.zeros(count, np.bool_)
    for bound in limits.here.values():
        infinite |= np.isinf(bound).any(axis=1)
    not_compared = int((infinite & ~batch.refused).sum())
    unlike = _unlike(batch, ours, limits)
    ties = _near_ties(rows, limits, batch)
    outcome = Outcome(batch, limits, ties, not_compared, len(alone), unlike)
    return outcome, mismatch


def unknown_node(
    nodes: Sequence[Node], known: dict[str, Tensor], probe: Probe, rows: NDArray[np.intp]
) -> Node:
    """The first node after which one of `rows` may have any answer."""
    bounds = bounds_of(nodes, known, probe)
    for node in nodes:
        error = bounds[node.output].error
        whole = np.broadcast_to(error, (2, probe.rows, error.shape[2]))
        if np.isinf(whole[0, rows]).any():
            return node
    return nodes[-1]


def _unlike(
    python: Answers, ours: dict[str, NDArray[np.float64]], limits: Limits
) -> NDArray[np.intp]:
    """Rows that may have any answer, and have another one than in Python."""
    found = np.zeros(len(python.refused), np.bool_)
    for name, bound in limits.here.items():
        theirs, mine = python.values[name], ours[name]
        with np.errstate(invalid="ignore"):
            near = np.abs(theirs - mine) <= _VISIBLE * (1 + np.abs(theirs))
        near |= (theirs == mine) | (np.isnan(theirs) & np.isnan(mine))
        found |= (np.isinf(bound) & ~near).any(axis=1)
    return np.flatnonzero(found & ~python.refused)


def as_error(mismatch: Mismatch, rows: RowSet, step: str) -> ParityError:
    """The error that `pack` raises."""
    column = f"{mismatch.output}[{mismatch.column}]" if mismatch.output else "the row"
    return ParityError(
        step, rows.names[mismatch.row], column, mismatch.python, mismatch.engine, mismatch.detail
    )


def _refusal(positions: Sequence[int], python: Answers, ours: dict[int, str]) -> Mismatch | None:
    for at, row in enumerate(positions):
        if python.refused[at] and row not in ours:
            return Mismatch(row, "", 0, f"refused: {python.reasons[at]}", "scored", "")
        if row in ours and not python.refused[at]:
            return Mismatch(row, "", 0, "scored", f"refused: {ours[row]}", "")
    return None


def _difference(
    positions: Sequence[int],
    python: Answers,
    ours: dict[str, NDArray[np.float64]],
    limits: Limits,
    outputs: Sequence[Output],
) -> Mismatch | None:
    rows = np.asarray(positions, np.intp)
    for output in outputs:
        theirs, mine = python.values[output.name], ours[output.name][rows]
        differs = ~((theirs == mine) | (np.isnan(theirs) & np.isnan(mine)))
        detail = "labels may differ only in near ties"
        if output.type == "number":
            bound = limits.here[output.name][rows]
            with np.errstate(invalid="ignore"):
                differs &= ~((np.abs(theirs - mine) <= bound) | np.isinf(bound))
        else:
            differs &= ~limits.ties[output.name][rows][:, None]
        differs &= ~python.refused[:, None]
        if not differs.any():
            continue
        at, column = (int(i) for i in np.argwhere(differs)[0])
        if output.type == "number":
            detail = f"they may differ by {limits.here[output.name][rows][at, column]:.3g}"
        return Mismatch(
            int(rows[at]),
            output.name,
            column,
            _shown(theirs[at, column], output),
            _shown(mine[at, column], output),
            detail,
        )
    return None


def _shown(value: float, output: Output) -> object:
    if output.type == "number":
        return float(value)
    return output.labels[int(value)] if output.labels is not None else int(value)


def _near_ties(rows: RowSet, limits: Limits, python: Answers) -> list[NearTie]:
    found = []
    for name, ties in limits.ties.items():
        bound = limits.decisions[name]
        if bound.margin is None or bound.moved is None:
            continue
        moved = bound.moved.max(axis=0)
        found += [
            NearTie(name, rows.names[int(row)], float(bound.margin[row]), float(moved[row]))
            for row in np.flatnonzero(ties & ~python.refused)
        ]
    return found
