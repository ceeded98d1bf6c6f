"""StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler: per column, centre and scale."""

import numpy as np
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from bascule.export import Array, Frame, Graph, Tensor, exporter


@exporter(StandardScaler)
def standard_scaler(step: StandardScaler, x: Tensor | Frame, graph: Graph) -> Tensor:
    """out = (x - mean) / scale, for x of [rows, n_features_in_] float64. Tier T0.

    Subtract, then divide: two roundings, in this order. Source: StandardScaler.transform.
    """
    x = graph.validate(step, x, missing=True, sparse=True)
    if x.kind == "csr":
        return _scaled_sparse(x, step.scale_ if step.with_std else None, graph)
    if step.with_mean:
        x = graph.add("subtract", x, by=step.mean_)
    if step.with_std:
        x = graph.add("divide", x, by=step.scale_)
    return x


@exporter(MinMaxScaler)
def min_max_scaler(step: MinMaxScaler, x: Tensor | Frame, graph: Graph) -> Tensor:
    """out = x * scale + min, clipped to feature_range with `clip`. Tier T0.

    Source: MinMaxScaler.transform.
    """
    x = graph.validate(step, x, missing=True)
    x = graph.add("multiply", x, by=step.scale_)
    x = graph.add("add", x, by=step.min_)
    if not step.clip:
        return x
    low, high = step.feature_range
    return _clipped(x, low, high, graph)


@exporter(MaxAbsScaler)
def max_abs_scaler(step: MaxAbsScaler, x: Tensor | Frame, graph: Graph) -> Tensor:
    """out = x / scale, clipped to [-1, 1] with `clip`. Tier T0. Source: MaxAbsScaler.transform."""
    x = graph.validate(step, x, missing=True, sparse=True)
    clip = getattr(step, "clip", False)
    if x.kind == "csr":
        x = _scaled_sparse(x, step.scale_, graph)
        if not clip:
            return x
        return graph.add("to_sparse", _clipped(graph.dense(x), -1.0, 1.0, graph))
    x = graph.add("divide", x, by=step.scale_)
    return _clipped(x, -1.0, 1.0, graph) if clip else x


@exporter(RobustScaler)
def robust_scaler(step: RobustScaler, x: Tensor | Frame, graph: Graph) -> Tensor:
    """out = (x - center) / scale. Tier T0. Source: RobustScaler.transform."""
    x = graph.validate(step, x, missing=True, sparse=True)
    if x.kind == "csr":
        return _scaled_sparse(x, step.scale_ if step.with_scaling else None, graph)
    if step.with_centering:
        x = graph.add("subtract", x, by=step.center_)
    if step.with_scaling:
        x = graph.add("divide", x, by=step.scale_)
    return x


def _scaled_sparse(x: Tensor, scale: Array | None, graph: Graph) -> Tensor:
    """Sparse cells are multiplied by the inverse. Source: sparsefuncs.inplace_column_scale."""
    return x if scale is None else graph.add("multiply", x, by=1.0 / scale)


def _clipped(x: Tensor, low: float, high: float, graph: Graph) -> Tensor:
    return graph.add(
        "clip", x, low=np.full(x.width, float(low)), high=np.full(x.width, float(high))
    )
