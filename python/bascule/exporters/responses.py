"""What meta-estimators ask of the estimators inside them: a response, its type, its label."""

from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.pipeline import Pipeline

from bascule.export import Array, Frame, Graph, Outputs, Tensor, Unsupported

# What gives on the answers of the estimator it holds, and where it holds it.
_DELEGATES = {
    "GridSearchCV": "best_estimator_",
    "RandomizedSearchCV": "best_estimator_",
    "HalvingGridSearchCV": "best_estimator_",
    "HalvingRandomSearchCV": "best_estimator_",
    "FrozenEstimator": "estimator",
    "FixedThresholdClassifier": "estimator_",
    "TunedThresholdClassifierCV": "estimator_",
    "SelfTrainingClassifier": "estimator_",
    "RFE": "estimator_",
    "RFECV": "estimator_",
}
_FLOAT32_LIBRARIES = ("xgboost",)


def predictor(step: Any, x: Tensor | Frame, graph: Graph, name: str, label: str) -> Outputs:
    """The outputs of an estimator that its parent calls `name`."""
    result = graph.export(step, x, name, label)
    if not isinstance(result, Outputs):
        raise Unsupported(step, "a transformer where a predictor is expected")
    return result


def inner(step: Any) -> Any:
    """The estimator that answers for a pipeline, a search, a frozen or a thresholded one."""
    while True:
        if isinstance(step, Pipeline):
            step = step.steps[-1][1]
        elif type(step).__name__ in _DELEGATES:
            step = getattr(step, _DELEGATES[type(step).__name__])
        else:
            return step


def is_float32(step: Any) -> bool:
    """Whether Python's answers are float32: arithmetic on them is float32 too."""
    return type(inner(step)).__module__.split(".")[0] in _FLOAT32_LIBRARIES


def rounded(x: Tensor, float32: bool, graph: Graph) -> Tensor:
    """`x`, the result of one operation, as Python rounds it."""
    return graph.add("round_float32", x) if float32 else x


def output_of(step: Any, outputs: Outputs, method: str) -> Tensor:
    """One of the outputs; refuses a method that has no exporter."""
    if method not in outputs:
        raise Unsupported(step, f"its '{method}' is not exported", "Use another estimator here")
    return outputs[method]


def column(x: Tensor, position: int, graph: Graph) -> Tensor:
    return x if x.width == 1 else graph.add("select", x, columns=np.array([position]))


def columns_of(x: Tensor, graph: Graph) -> list[Tensor]:
    return [column(x, i, graph) for i in range(x.width)]


def joined(parts: list[Tensor], graph: Graph) -> Tensor:
    """Dense values side by side."""
    return parts[0] if len(parts) == 1 else graph.add("concat", *parts)


def constant_like(x: Tensor, value: float, graph: Graph) -> Tensor:
    """`value` in every cell, whatever stands there in `x`."""
    zero = graph.add("compare", x, how="equal", by=np.full(x.width, np.nan))
    return zero if value == 0 else graph.add("add", zero, by=np.full(x.width, float(value)))


def at_least(x: Tensor, threshold: float, graph: Graph) -> Tensor:
    """1 where x >= threshold, else 0; i64."""
    below = np.nextafter(threshold, -np.inf)
    if np.isfinite(below):
        return graph.add("greater", x, than=float(below))
    holds = graph.add("compare", x, how="greater_equal", by=np.array([threshold]))
    return graph.add("greater", holds, than=0.5)


def label_values(predict: Tensor, classes: Array, graph: Graph) -> Tensor:
    """The labels themselves, as a column of numbers."""
    values = np.asarray(classes, np.float64)
    return graph.add("take", predict, values=values, otherwise=np.array([np.nan]))


def binary_score(step: Any, outputs: Outputs, graph: Graph) -> Tensor:
    """What says how much the second of two classes is meant.

    Source: sklearn.multiclass._predict_binary.
    """
    if is_regressor(step):
        return output_of(step, outputs, "predict")
    if hasattr(step, "decision_function"):
        return output_of(step, outputs, "decision_function")
    return column(output_of(step, outputs, "predict_proba"), 1, graph)


def binary_threshold(step: Any) -> float:
    """Source: sklearn.multiclass._threshold_for_binary_predict."""
    return 0.0 if hasattr(step, "decision_function") and is_classifier(step) else 0.5


def numbers_only(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor | Frame:
    """The input of a meta-estimator that makes one matrix of it, refusing no number."""
    graph.check_columns(step, x)
    for part in x if isinstance(x, Frame) else [x]:
        if not part.is_number and part.kind != "csr":
            raise Unsupported(
                step,
                "text where numbers are expected",
                "Encode it first, for example with OneHotEncoder",
            )
    return x
