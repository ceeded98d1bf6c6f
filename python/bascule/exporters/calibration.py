"""CalibratedClassifierCV and the classifiers with a threshold of their own."""

from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.responses import (
    at_least,
    column,
    columns_of,
    constant_like,
    is_float32,
    joined,
    output_of,
    predictor,
)

_LOGIT_EPS = 1e-12  # sklearn.calibration._convert_to_logits


@exporter(CalibratedClassifierCV)
def calibrated(step: CalibratedClassifierCV, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The mean of the folds' calibrated probabilities; the class of the largest. Tier T1.

    Source: CalibratedClassifierCV.predict_proba, _CalibratedClassifier.predict_proba.
    """
    parts = []
    for at, fold in enumerate(step.calibrated_classifiers_):
        outputs = predictor(fold.estimator, x, graph, f"fold {at}", "CalibratedClassifierCV")
        with graph.at(f"fold {at}", "CalibratedClassifierCV"):
            parts.append(_calibrated(fold, outputs, graph))
    total = parts[0]
    for part in parts[1:]:
        total = graph.add("combine", total, part, how="add")
    if len(parts) > 1:
        total = graph.add("divide", total, by=np.full(total.width, float(len(parts))))
    answers = {"predict": graph.add("argmax", total), "predict_proba": total}
    return Outputs(answers, classes=step.classes_)


def _calibrated(fold: Any, outputs: Outputs, graph: Graph) -> Tensor:
    """The calibrated probabilities of one fold, a column per class of the whole model."""
    if fold.method == "temperature":
        return _softened(fold, outputs, graph)
    classes = list(fold.classes)
    scores = columns_of(_response(fold.estimator, outputs, graph), graph)
    positions = [classes.index(label) for label in fold.estimator.classes_]
    columns: dict[int, Tensor] = {}
    for position, score, calibrator in zip(positions, scores, fold.calibrators, strict=False):
        columns[position] = _calibrated_column(calibrator, score, fold.estimator, graph)
    if len(classes) == 2:
        proba = graph.add("with_complement", columns[0])
    else:
        known = next(iter(columns.values()))
        proba = _normalized(
            joined(
                [
                    columns[i] if i in columns else constant_like(known, 0.0, graph)
                    for i in range(len(classes))
                ],
                graph,
            ),
            graph,
        )
    if fold.method == "isotonic":  # whose interpolation may exceed 1 by its last bit
        low, high = np.full(proba.width, -np.inf), np.ones(proba.width)
        proba = graph.add("clip", proba, low=low, high=high)
    return proba


def _response(estimator: Any, outputs: Outputs, graph: Graph) -> Tensor:
    """Decision values, else probabilities; of two classes those of the second.

    Source: sklearn.utils._response._get_response_values.
    """
    if hasattr(estimator, "decision_function"):
        return output_of(estimator, outputs, "decision_function")
    proba = output_of(estimator, outputs, "predict_proba")
    return column(proba, 1, graph) if len(estimator.classes_) == 2 else proba


def _calibrated_column(calibrator: Any, score: Tensor, estimator: Any, graph: Graph) -> Tensor:
    """The score through a sigmoid of a line, or an isotonic curve. Source: their `predict`."""
    if not isinstance(calibrator, IsotonicRegression):
        line = graph.add("multiply", score, by=np.array([float(calibrator.a_)]))
        line = graph.add("add", line, by=np.array([float(calibrator.b_)]))
        return graph.add("sigmoid", graph.add("function", line, name="negative"))
    score = graph.add("check_finite", score)
    points, values = calibrator.X_thresholds_, calibrator.y_thresholds_
    if len(points) == 1:
        return constant_like(score, float(values[0]), graph)
    float32 = points.dtype == np.float32
    return graph.add("curve", score, points=points, values=values, float32=float32 or None)


def _normalized(proba: Tensor, graph: Graph) -> Tensor:
    """Each row divided by its sum; equal shares where that is 0, and so is every cell."""
    total = graph.add("reduce", proba, how="sum")
    shares = graph.add("combine", proba, total, how="divide")
    uniform = graph.add("add", proba, by=np.full(proba.width, 1 / proba.width))
    empty = graph.add("compare", total, how="equal", by=np.zeros(1))
    return graph.add("choose", empty, uniform, shares)


def _softened(fold: Any, outputs: Outputs, graph: Graph) -> Tensor:
    """softmax(beta * logits), of the logarithms of probabilities or of the decision values.

    Source: _TemperatureScaling.predict, _convert_to_logits.
    """
    estimator, beta = fold.estimator, fold.calibrators[0].beta_
    if np.asarray(beta).dtype == np.float32:
        raise Unsupported(
            estimator,
            "method='temperature' on float32 answers, with which Python computes in float32",
            "Pass method='sigmoid' or 'isotonic'",
        )
    if hasattr(estimator, "decision_function"):
        score = graph.add("check_finite", output_of(estimator, outputs, "decision_function"))
        if score.width == 1:
            score = joined([graph.add("function", score, name="negative"), score], graph)
    else:
        proba = output_of(estimator, outputs, "predict_proba")
        if len(estimator.classes_) == 2:
            proba = graph.add("with_complement", column(proba, 1, graph))
        proba = graph.add("check_finite", proba)
        score = graph.add("log", graph.add("add", proba, by=np.full(proba.width, _LOGIT_EPS)))
    return graph.add("softmax", graph.add("multiply", score, by=np.full(score.width, float(beta))))


@exporter(FixedThresholdClassifier)
def fixed_threshold(step: FixedThresholdClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The positive label from `threshold` on. Source: FixedThresholdClassifier.predict."""
    threshold = None if step.threshold == "auto" else step.threshold
    return _thresholded(step, threshold, step.pos_label, x, graph)


@exporter(TunedThresholdClassifierCV)
def tuned_threshold(step: TunedThresholdClassifierCV, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The positive label from best_threshold_ on. Source: TunedThresholdClassifierCV.predict."""
    pos_label = step._curve_scorer._get_pos_label()
    return _thresholded(step, step.best_threshold_, pos_label, x, graph)


def _thresholded(
    step: Any, threshold: Any, pos_label: Any, x: Tensor | Frame, graph: Graph
) -> Outputs:
    estimator = getattr(step, "estimator_", step.estimator)
    outputs = predictor(estimator, x, graph, "estimator_", type(step).__name__)
    classes = list(estimator.classes_)
    positive = 1 if pos_label is None else classes.index(pos_label)
    method = step.response_method
    if method == "auto":
        method = "predict_proba" if hasattr(estimator, "predict_proba") else "decision_function"
    score = output_of(estimator, outputs, method)
    if method == "predict_proba":
        score = column(score, positive, graph)
    elif positive == 0:
        score = graph.add("function", score, name="negative")
    if threshold is None:
        threshold = 0.5 if method == "predict_proba" else 0.0
    if is_float32(estimator) and not isinstance(threshold, np.floating):
        threshold = np.float32(threshold)  # numpy compares such scores with a float in float32
    predict = at_least(score, float(threshold), graph)
    if positive == 0:
        predict = graph.add("map_codes", predict, map=np.array([1, 0]), otherwise=0)
    answers = {name: x for name, x in outputs.items() if name != "predict"}
    return Outputs({"predict": predict, **answers}, classes=classes).of(step)
