"""Linear models: a weighted sum of the columns, and what is made of it."""

from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter


@exporter(LinearRegression, Ridge)
def linear_regression(step: LinearRegression | Ridge, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = x @ coef.T + intercept, one column per target. Tier T1.

    The products are added in column order; BLAS adds them in an order of its own.
    Source: LinearModel._decision_function.
    """
    return Outputs({"predict": _weighted_sum(step, x, graph)})


@exporter(LogisticRegression)
def logistic_regression(step: LogisticRegression, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Two classes: the sigmoid of the sum. More: softmax. Tier T1, for the sum.

    Source: LogisticRegression.predict_proba, predict_log_proba, LinearClassifierMixin.predict.
    """
    if getattr(step, "multi_class", "deprecated") == "ovr" and len(step.classes_) > 2:
        raise Unsupported(step, "multi_class='ovr'", "Leave multi_class out: softmax is exported")
    score = _weighted_sum(step, x, graph)
    if len(step.classes_) == 2:
        proba = graph.add("with_complement", graph.add("sigmoid", score))
    else:
        proba = graph.add("softmax", score)
    return Outputs(
        {
            "predict": _decided(score, graph),
            "predict_proba": proba,
            "predict_log_proba": graph.add("log", proba),
            "decision_function": score,
        },
        classes=step.classes_,
    )


@exporter(RidgeClassifier)
def ridge_classifier(step: RidgeClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The class of the largest sum. Tier T1. Source: LinearClassifierMixin.predict."""
    if step._label_binarizer.y_type_.startswith("multilabel"):
        raise Unsupported(step, "several labels for a row", "Fit one model per label")
    score = _weighted_sum(step, x, graph)
    outputs = {"predict": _decided(score, graph), "decision_function": score}
    return Outputs(outputs, classes=step.classes_)


def _weighted_sum(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    coef = step.coef_.toarray() if hasattr(step.coef_, "toarray") else np.asarray(step.coef_)
    if coef.dtype != np.float64:
        raise Unsupported(
            step, f"coef_ is {coef.dtype}: fitted on such numbers", "Fit on X.astype('float64')"
        )
    weights = np.atleast_2d(coef)
    bias = np.zeros(len(weights)) + np.asarray(step.intercept_, dtype=np.float64)
    x = graph.validate(step, x, sparse=True)
    return graph.add("linear", x, weights=weights, bias=bias)


def _decided(score: Tensor, graph: Graph) -> Tensor:
    if score.width == 1:
        return graph.add("greater", score, than=0.0)
    return graph.add("argmax", score)
