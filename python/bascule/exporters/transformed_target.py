"""TransformedTargetRegressor: a regressor, and the way back from the target it was fitted on."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from bascule.export import Array, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.responses import (
    columns_of,
    constant_like,
    is_float32,
    joined,
    output_of,
    predictor,
    rounded,
)
from bascule.ops.numbers import FUNCTIONS

_BOUNDS_THRESHOLD = 1e-7  # sklearn.preprocessing._data.BOUNDS_THRESHOLD
_OPERATORS = {np.exp: "exp", np.log: "log", np.absolute: "absolute"}
_UFUNCS = {getattr(np, name): name for name in FUNCTIONS if hasattr(np, name)}
# Of a float32 number the float64 result, rounded, is what numpy gives in float32: one rounding of
# the exact result, which a first rounding to more than twice the digits does not change.
_EXACT_IN_FLOAT32 = frozenset("ceil floor negative reciprocal rint sign sqrt square trunc".split())


@exporter(TransformedTargetRegressor)
def transformed_target(
    step: TransformedTargetRegressor, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """The regressor's prediction through `inverse_func`, or the transformer's inverse_transform.

    Tier of the regressor; T1 for functions that are. Source: TransformedTargetRegressor.predict.
    """
    outputs = predictor(step.regressor_, x, graph, "regressor_", "TransformedTargetRegressor")
    predicted = output_of(step.regressor_, outputs, "predict")
    with graph.at("transformer_", "TransformedTargetRegressor"):
        back = inverse(step.transformer_, predicted, is_float32(step.regressor_), graph)
    return Outputs({"predict": back})


def inverse(step: Any, x: Tensor, float32: bool, graph: Graph) -> Tensor:
    """`step.inverse_transform` of x; with `float32` as numpy computes it of a float32 array."""
    if isinstance(step, Pipeline):
        for _, part in reversed(step.steps):
            if part is not None and part != "passthrough":
                x = inverse(part, x, float32, graph)
        return x
    run = _INVERSES.get(type(step))
    if run is None:
        raise Unsupported(
            step,
            f"the inverse of transformer={type(step).__name__}",
            f"Use one of {', '.join(cls.__name__ for cls in _INVERSES)}",
        )
    return run(step, x, float32, graph)


def _of_function(step: FunctionTransformer, x: Tensor, float32: bool, graph: Graph) -> Tensor:
    """Source: FunctionTransformer.inverse_transform."""
    if step.validate:
        x = graph.add("check_finite", x)
    function = step.inverse_func
    if function is None:
        return x
    name = _UFUNCS.get(function) if isinstance(function, np.ufunc) else None
    if float32 and name not in _EXACT_IN_FLOAT32:
        raise Unsupported(
            step,
            "inverse_func on a prediction in float32",
            "Use a regressor that answers in float64",
        )
    if step.inv_kw_args:
        raise Unsupported(step, f"inv_kw_args={step.inv_kw_args!r}", "Leave inv_kw_args out")
    if isinstance(function, np.ufunc) and function in _OPERATORS:
        return graph.add(_OPERATORS[function], x)
    if name is not None:
        return rounded(graph.add("function", x, name=name), float32, graph)
    # Whatever else the exporter of FunctionTransformer can carry across, or its refusal.
    result = graph.export(FunctionTransformer(function), x)
    assert isinstance(result, Tensor)
    return result


def _scaled(
    x: Tensor, scale: Array | None, shift: Array | None, float32: bool, graph: Graph
) -> Tensor:
    """x * scale + shift, each rounded."""
    x = graph.add("check_finite", x, missing=True)
    if scale is not None:
        x = rounded(graph.add("multiply", x, by=np.asarray(scale, np.float64)), float32, graph)
    if shift is not None:
        x = rounded(graph.add("add", x, by=np.asarray(shift, np.float64)), float32, graph)
    return x


def _of_standard(step: StandardScaler, x: Tensor, float32: bool, graph: Graph) -> Tensor:
    """Source: StandardScaler.inverse_transform; scale_ and mean_ are cast to the type of x."""
    scale = _as(step.scale_, float32) if step.with_std else None
    return _scaled(x, scale, _as(step.mean_, float32) if step.with_mean else None, float32, graph)


def _as(values: Array, float32: bool) -> Array:
    return np.asarray(values, np.float32 if float32 else np.float64)


def _of_robust(step: RobustScaler, x: Tensor, float32: bool, graph: Graph) -> Tensor:
    """Source: RobustScaler.inverse_transform."""
    scale = step.scale_ if step.with_scaling else None
    return _scaled(x, scale, step.center_ if step.with_centering else None, float32, graph)


def _of_max_abs(step: MaxAbsScaler, x: Tensor, float32: bool, graph: Graph) -> Tensor:
    """Source: MaxAbsScaler.inverse_transform."""
    return _scaled(x, step.scale_, None, float32, graph)


def _of_min_max(step: MinMaxScaler, x: Tensor, float32: bool, graph: Graph) -> Tensor:
    """(x - min) / scale. Source: MinMaxScaler.inverse_transform."""
    x = graph.add("check_finite", x, missing=True)
    x = rounded(graph.add("subtract", x, by=step.min_), float32, graph)
    return rounded(graph.add("divide", x, by=step.scale_), float32, graph)


def _of_quantiles(step: QuantileTransformer, x: Tensor, float32: bool, graph: Graph) -> Tensor:
    """The quantile of each cell's share, of a normal one that of its cdf. Tier T1 for normal.

    Source: QuantileTransformer.inverse_transform, _transform_col.
    """
    _refuse_float32(step, float32)
    x = graph.add("check_finite", x, missing=True)
    cells = zip(columns_of(x, graph), step.quantiles_.T, strict=True)
    return joined([_of_quantile(step, cell, curve, graph) for cell, curve in cells], graph)


def _of_quantile(step: QuantileTransformer, x: Tensor, curve: Array, graph: Graph) -> Tensor:
    normal = step.output_distribution == "normal"
    if normal:
        half = graph.add("function", graph.add("multiply", x, by=np.array([0.5**0.5])), name="erf")
        half = graph.add("multiply", half, by=np.array([0.5]))
        x = graph.add("add", half, by=np.array([0.5]))
    inside = graph.add("curve", x, points=step.references_, values=np.asarray(curve))
    if not normal:
        return inside  # which has the first and the last quantile at 0 and 1 by itself
    near = np.array([_BOUNDS_THRESHOLD])
    above = graph.add("compare", graph.add("add", x, by=near), how="greater", by=np.ones(1))
    below = graph.add("compare", graph.add("subtract", x, by=near), how="less", by=np.zeros(1))
    inside = graph.add("choose", above, constant_like(x, float(curve[-1]), graph), inside)
    return graph.add("choose", below, constant_like(x, float(curve[0]), graph), inside)


def _of_power(step: PowerTransformer, x: Tensor, float32: bool, graph: Graph) -> Tensor:
    """Out of the scaler, then the inverse power of each column. Tier T1.

    Source: PowerTransformer.inverse_transform, _yeo_johnson_inverse_transform.
    """
    _refuse_float32(step, float32)
    if step.method != "yeo-johnson":
        raise Unsupported(
            step, f"the inverse of method={step.method!r}", "Use method='yeo-johnson'"
        )
    x = graph.add("check_finite", x, missing=True)
    if step.standardize:
        x = _of_standard(step._scaler, x, False, graph)
    cells = zip(columns_of(x, graph), step.lambdas_, strict=True)
    return joined([_yeo_johnson_inverse(cell, float(power), graph) for cell, power in cells], graph)


def _yeo_johnson_inverse(x: Tensor, power: float, graph: Graph) -> Tensor:
    def times(x: Tensor, by: float) -> Tensor:
        return graph.add("multiply", x, by=np.array([by]))

    def plus(x: Tensor, by: float) -> Tensor:
        return graph.add("add", x, by=np.array([by]))

    def to_the(x: Tensor, exponent: float) -> Tensor:
        return graph.add("combine", x, constant_like(x, exponent, graph), how="power")

    if abs(power) < np.spacing(1.0):
        right = plus(graph.add("exp", x), -1.0)
    else:
        right = plus(to_the(plus(times(x, power), 1.0), 1 / power), -1.0)
    if abs(power - 2) > np.spacing(1.0):
        left = to_the(plus(times(x, -(2 - power)), 1.0), 1 / (2 - power))
    else:
        left = graph.add("exp", graph.add("function", x, name="negative"))
    left = plus(graph.add("function", left, name="negative"), 1.0)
    positive = graph.add("compare", x, how="greater_equal", by=np.zeros(1))
    return graph.add("choose", positive, right, left)


def _refuse_float32(step: Any, float32: bool) -> None:
    if float32:
        raise Unsupported(
            step,
            "the inverse of a prediction in float32",
            "Use StandardScaler, or a regressor that answers in float64",
        )


_INVERSES: dict[type, Callable[..., Tensor]] = {
    FunctionTransformer: _of_function,
    StandardScaler: _of_standard,
    MinMaxScaler: _of_min_max,
    MaxAbsScaler: _of_max_abs,
    RobustScaler: _of_robust,
    QuantileTransformer: _of_quantiles,
    PowerTransformer: _of_power,
}
