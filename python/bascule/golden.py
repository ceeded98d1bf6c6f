"""Golden rows: rows in the package with the answers that Python gave.

By default they are made up from the columns' ranges and known categories: a package is widely
readable and cannot forget, so it holds no row of the training data. `golden="sample"` stores rows
of the sample instead, explicitly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bascule.assemble import Output, column_tensors
from bascule.columns import Buffer
from bascule.container import Named
from bascule.oracle import Answers
from bascule.parity import Limits

SOURCES = ("synthesised", "sample")
MAX_ROWS = 192


def choose(python: Answers, limits: Limits) -> NDArray[np.intp]:
    """At most MAX_ROWS rows, evenly thinned, in order.

    Left out are rows of which nothing is known, since any answer may be right: those that overflow,
    and, as long as there are others, those whose bound is infinite.
    """
    usable, known = (np.ones(len(python.refused), np.bool_) for _ in range(2))
    for name, bound in limits.anywhere.items():
        anything = np.isinf(bound)
        known &= ~anything.any(axis=1) | python.refused
        anything &= ~np.isfinite(python.values[name])
        usable &= ~anything.any(axis=1) | python.refused
    rows = np.flatnonzero(known if known.any() else usable)
    if len(rows) > MAX_ROWS:
        rows = rows[np.linspace(0, len(rows) - 1, MAX_ROWS).astype(np.intp)]
    return rows


def golden_tensors(
    buffers: Sequence[Buffer],
    outputs: Sequence[Output],
    python: Answers,
    limits: Limits,
    rows: NDArray[np.intp],
) -> list[Named]:
    """The `golden.*` tensors for these rows; `buffers` hold exactly these rows."""
    tensors: list[Named] = []
    for i, buffer in enumerate(buffers):
        tensors += column_tensors(f"golden.in.{i}", buffer)
    refused = python.refused[rows]
    if refused.any():
        tensors.append(("golden.refused", refused.astype(np.uint8)))
    for j, output in enumerate(outputs):
        values = python.values[output.name][rows]
        if output.type == "number":
            tensors.append((f"golden.out.{j}", values))
            for place, bound in (("here", limits.here), ("anywhere", limits.anywhere)):
                kept = np.where(refused[:, None], 0.0, bound[output.name][rows])
                if kept.any():
                    tensors.append((f"golden.bound.{place}.{j}", kept))
        else:
            whole = np.where(refused[:, None], 0, np.nan_to_num(values)).astype(np.int64)
            flat = whole.reshape(-1) if output.type == "label" else whole
            tensors.append((f"golden.out.{j}", flat))
            ties = limits.ties[output.name][rows]
            if ties.any():
                tensors.append((f"golden.tie.{j}", ties.astype(np.uint8)))
    return tensors


def largest_bounds(
    output: Output, python: Answers, limits: Limits, rows: NDArray[np.intp]
) -> tuple[float, float]:
    """The largest bound of an output over the golden rows, here and anywhere."""
    if output.type != "number":
        return 0.0, 0.0
    scored = rows[~python.refused[rows]]

    def largest(bound: NDArray[np.float64]) -> float:
        cells = bound[scored]
        return float(cells[np.isfinite(cells)].max(initial=0.0))

    return largest(limits.here[output.name]), largest(limits.anywhere[output.name])


def take_buffers(buffers: Sequence[Buffer], rows: NDArray[Any]) -> list[Buffer]:
    """Some rows of each buffer."""
    taken = []
    for buffer in buffers:
        valid = None if buffer.valid is None else buffer.valid[rows]
        if buffer.offsets is None:
            taken.append(Buffer(buffer.values[rows], None, valid))
            continue
        texts, starts = rows, None
        if buffer.starts is not None:
            first, end = buffer.starts[rows], buffer.starts[rows + 1]
            starts = _ends(end - first)
            lists = [np.arange(a, b) for a, b in zip(first, end, strict=True)]
            texts = np.concatenate([np.zeros(0, np.intp), *lists])
        data = buffer.values.tobytes()
        cells = [data[buffer.offsets[i] : buffer.offsets[i + 1]] for i in texts]
        offsets = _ends([len(cell) for cell in cells])
        taken.append(Buffer(np.frombuffer(b"".join(cells), np.uint8), offsets, valid, starts))
    return taken


def _ends(sizes: Any) -> NDArray[np.int64]:
    """0, and where each of these ends."""
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
