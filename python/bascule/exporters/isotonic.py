"""IsotonicRegression: a broken line through the points that fit kept."""

from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.trees import LEAF, Tree, ensemble_tensors


@exporter(IsotonicRegression)
def isotonic_regression(step: IsotonicRegression, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict and transform: slope * (x - point) + value, with the point to the left of x. Beyond
    the ends NaN, with out_of_bounds='clip' the value at the end; 'raise' refuses the row. Tier T0.

    Source: IsotonicRegression._transform, scipy.interpolate.interp1d and numpy.interp.
    """
    points, values = np.asarray(step.X_thresholds_), np.asarray(step.y_thresholds_)
    if points.dtype != np.float64:
        raise Unsupported(step, f"fitted on {points.dtype}", "Fit on X.astype('float64')")
    if x.width != 1:
        raise Unsupported(step, f"fitted on 1 column, but it gets {x.width}")
    x = graph.validate(step, x)
    if step.out_of_bounds == "clip":
        x = graph.add("clip", x, low=np.array([step.X_min_]), high=np.array([step.X_max_]))
    elif step.out_of_bounds == "raise" and len(points) > 1:
        x = graph.add("check_range", x, low=points[:1], high=points[-1:])
    line = _line_through(step, points, values, x, graph)
    return Outputs({"predict": line, "transform": line})


def _line_through(step: Any, points: Any, values: Any, x: Tensor, graph: Graph) -> Tensor:
    """The line, as a tree that finds the slope, the point and the value that x belongs to.

    One point alone is a constant, for every x. On the last point the line is its value itself.
    """
    with np.errstate(over="ignore"):
        slopes = np.append(np.diff(values) / np.diff(points), 0.0)
    if not np.isfinite(slopes).all():
        raise Unsupported(
            step, "points too close for a slope", "Fit on a coarser scale, or round X"
        )
    segments = np.column_stack([slopes, points, values])
    if len(points) == 1:
        cuts = np.empty(0)
    else:
        beyond = [0.0, 0.0, np.nan]
        segments = np.vstack([beyond, segments, beyond])
        # `x <= cut` is `x < point`; only beyond the last point x itself decides.
        cuts = np.append(np.nextafter(points, -np.inf), points[-1])
    found = graph.add(
        "tree_ensemble",
        x,
        **ensemble_tensors([_search_tree(cuts, segments)]),
        base=np.zeros(3),
        input="float64",
        sum="float64",
        outputs=3,
    )
    slope, point, value = (graph.add("select", found, columns=np.array([i])) for i in range(3))
    away = graph.add("combine", x, point, how="subtract")
    risen = graph.add("combine", slope, away, how="multiply")
    return graph.add("combine", risen, value, how="add")


def _search_tree(cuts: Any, leaves: Any) -> Tree:
    """The tree that finds `leaves[i]`, i the number of `cuts` below x, by halving."""
    nodes: list[list[Any]] = []  # feature, threshold, left, right, value

    def grow(low: int, high: int) -> int:
        middle, node = (low + high) // 2, len(nodes)
        if low == high:
            nodes.append([LEAF, 0.0, -1, -1, leaves[low]])
            return node
        nodes.append([0, cuts[middle], 0, 0, leaves[middle]])
        nodes[node][2:4] = grow(low, middle), grow(middle + 1, high)
        return node

    grow(0, len(leaves) - 1)
    feature, threshold, left, right, value = (np.array(part) for part in zip(*nodes, strict=True))
    return Tree(feature, threshold, left, right, value, None, cover=np.zeros(len(nodes)))
