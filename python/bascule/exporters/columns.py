"""One column at a time: how encoders and imputers read a frame or a matrix."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bascule.export import Frame, Graph, Tensor, Unsupported

_EXACT_INTEGER = 2**53
_MOST_NAMED = 4096


def single_columns(step: object, x: Tensor | Frame, graph: Graph) -> list[Tensor]:
    """Every column of `x` as a Tensor of width 1; numbers of any kind stay as they are."""
    graph.check_columns(step, x)
    if isinstance(x, Frame):
        return x.tensors
    if x.kind == "csr":
        raise Unsupported(step, "sparse input", "Make the input dense first")
    if x.width == 1 and not (x.kind == "f64" and x.dtype == "float32"):
        return [x]
    x = graph.dense(x)
    return [graph.add("select", x, columns=np.array([i])) for i in range(x.width)]


def column_name(x: Tensor | Frame, position: int) -> str:
    if isinstance(x, Frame):
        return repr(x.names[position])
    return repr(x.names[position]) if x.names else str(position)


def without_float32(x: Tensor | Frame, graph: Graph) -> Tensor | Frame:
    """`x` with float32 columns cast, for steps whose own arithmetic makes that cast exact."""
    if isinstance(x, Tensor):
        if x.kind == "f64":
            return replace(x, dtype="float64") if x.dtype == "float32" else x
        return graph.add("cast", x) if x.kind == "f32" else x
    return Frame(
        (name, graph.add("cast", column) if column.kind == "f32" else column)
        for name, column in zip(x.names, x, strict=True)
    )


def in_range(x: Tensor, low: float, high: float, graph: Graph, *, is_open: bool = False) -> Tensor:
    """`x`, refusing rows with a cell outside [low, high], or at its ends if `is_open`."""
    known = any(column >= 0 for column in x.columns)
    return graph.add(
        "check_range",
        x,
        low=np.full(x.width, low),
        high=np.full(x.width, high),
        open=is_open,
        columns=list(x.columns) if known and x.width <= _MOST_NAMED else None,
    )


def integers(x: Tensor | Frame) -> str | None:
    """The type of the matrix that Python makes of whole numbers or booleans; None of others."""
    dtypes = [np.dtype(c.dtype) for c in (x if isinstance(x, Frame) else [x])]
    found = np.result_type(*dtypes) if dtypes else np.dtype(object)
    return str(found) if found.kind in "iub" else None


def is_nan(value: object) -> bool:
    return isinstance(value, (float, np.floating)) and bool(np.isnan(value))


def is_unicode(text: str) -> bool:
    """Not half of a surrogate pair, which no UTF-8 holds."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def exact_floats(step: object, values: list[object], what: str) -> NDArray[np.float64]:
    """Numbers as float64, refusing integers that float64 cannot hold."""
    for value in values:
        if not isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating)):
            raise Unsupported(step, f"{what} {value!r} is neither a number nor text")
        if isinstance(value, (int, np.integer)) and abs(int(value)) > _EXACT_INTEGER:
            raise Unsupported(step, f"{what} {value} is beyond 2^53", "Pass such codes as text")
    return np.array([float(value) for value in values], dtype=np.float64)  # type: ignore[arg-type]
