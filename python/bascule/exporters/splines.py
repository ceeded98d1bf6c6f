"""SplineTransformer: the basis functions of a spline at each number."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.preprocessing import SplineTransformer

from bascule.export import Array, Frame, Graph, Tensor, Unsupported, exporter
from bascule.exporters.columns import in_range


@exporter(SplineTransformer)
def spline_transformer(step: SplineTransformer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Per column every basis function between the first and the last knot, and beyond them what
    `extrapolation` says; 0 for missing values with handle_missing="zeros". Tier T0.

    Source: SplineTransformer.transform, scipy.interpolate.BSpline.
    """
    zeros = getattr(step, "handle_missing", "error") == "zeros"  # since scikit-learn 1.8
    reads_batch = step.extrapolation not in ("constant", "linear") and len(step.bsplines_) > 1
    if zeros and step.sparse_output and reads_batch:
        raise Unsupported(
            step,
            "handle_missing='zeros' with sparse_output=True, which takes a missing value for the "
            "least of its batch",
            "Pass sparse_output=False",
        )
    if zeros:
        graph.check_columns(step, x)
        x = graph.dense(x)  # scikit-learn then lets infinity pass too
    else:
        x = graph.validate(step, x)
    degree, blocks = step.degree, []
    for i, spline in enumerate(step.bsplines_):
        column = graph.add("select", x, columns=np.array([i]))
        if step.extrapolation == "constant":
            values = _constant(step, column, spline, graph)
        elif step.extrapolation == "linear":
            values = _linear(step, column, spline, degree, graph)
            degree = max(degree, min(degree + 1, 2))  # for the next column: see _linear
        else:
            values = _everywhere(step, column, spline, graph)
        if zeros:
            missing = graph.add("is_missing", column)
            values = graph.add("choose", missing, _zeros(values, graph), values)
        if not step.include_bias:
            if values.width == 1:
                continue
            values = graph.add("select", values, columns=np.arange(values.width - 1))
        blocks.append(values)
    if not blocks:
        raise Unsupported(step, "no column is left", "Pass include_bias=True")
    result = blocks[0] if len(blocks) == 1 else graph.add("concat", *blocks)
    return graph.add("to_sparse", result) if step.sparse_output else result


def _basis(
    x: Tensor, spline: Any, graph: Graph, *, periodic: bool = False, all_terms: bool = False
) -> Tensor:
    return graph.add(
        "bspline",
        x,
        knots=np.asarray(spline.t, np.float64).copy(),
        degree=int(spline.k),
        periodic=periodic,
        all_terms=all_terms,
    )


def _everywhere(step: SplineTransformer, x: Tensor, spline: Any, graph: Graph) -> Tensor:
    """extrapolation "continue", "periodic" or "error"."""
    first, last = spline.t[spline.k], spline.t[len(spline.t) - spline.k - 1]
    if step.extrapolation == "error":
        x = in_range(x, float(first), float(last), graph)
    elif step.extrapolation == "periodic" and not first < last:
        raise Unsupported(step, "a periodic column with one value", "Drop the column")
    periodic = step.extrapolation == "periodic"
    return _basis(x, spline, graph, periodic=periodic, all_terms=not step.sparse_output)


def _constant(step: SplineTransformer, x: Tensor, spline: Any, graph: Graph) -> Tensor:
    """Beyond the knots the values at the outermost one. Of degree 0 they are 0 below, and above
    Python raises unless the output is sparse."""
    low, high = (np.array([end]) for end in _ends(spline, spline.k))
    if spline.k == 0 and not step.sparse_output:
        if spline.c.shape[1] == 1:
            raise Unsupported(step, "degree=0 with two knots", "Pass more knots")
        x = in_range(x, -np.inf, float(high[0]), graph)
    values = _basis(graph.add("clip", x, low=low, high=high), spline, graph)
    if spline.k > 0:
        return values
    inside = graph.add("compare", x, how="greater_equal", by=low)
    return graph.add("choose", inside, values, _zeros(values, graph))


def _linear(step: SplineTransformer, x: Tensor, spline: Any, degree: int, graph: Graph) -> Tensor:
    """Beyond the knots the tangent at the outermost one, for the first and the last functions.

    scikit-learn raises `degree` once for degrees 0 and 1, and keeps it for the columns that
    follow: their outermost knot is then another one, and so it is here.
    """
    low, high = _ends(spline, degree)
    values = _basis(x, spline, graph)
    touched = max(degree, min(degree + 1, 2))
    if touched > values.width or low > high:
        raise Unsupported(
            step, f"extrapolation='linear' with {len(spline.t)} knots", "Pass more knots"
        )
    nothing = _zeros(x, graph)
    rest = np.zeros(values.width - touched, np.int64)
    for end, how, at in ((low, "less", slice(touched)), (high, "greater", slice(-touched, None))):
        beyond = graph.add("subtract", x, by=np.array([end]))
        tangent = graph.add("select", beyond, columns=np.zeros(touched, np.int64))
        tangent = graph.add("multiply", tangent, by=np.asarray(spline(end, nu=1))[at])
        tangent = graph.add("add", tangent, by=np.asarray(spline(end))[at])
        if len(rest):
            others = graph.add("select", nothing, columns=rest)
            sides = (tangent, others) if how == "less" else (others, tangent)
            tangent = graph.add("concat", *sides)
        outside = graph.add("compare", x, how=how, by=np.array([end]))
        values = graph.add("choose", outside, tangent, values)
    return values


def _ends(spline: Any, degree: int) -> tuple[float, float]:
    return float(spline.t[degree]), float(spline.t[len(spline.t) - degree - 1])


def _zeros(x: Tensor, graph: Graph) -> Tensor:
    none: Array = np.zeros(x.width)
    return graph.add("fill_missing", graph.add("clip", x, low=none, high=none), value=none)
