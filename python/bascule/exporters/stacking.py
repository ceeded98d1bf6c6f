"""StackingClassifier and StackingRegressor: a model of what other models answer."""

from typing import Any

import numpy as np
from sklearn.ensemble import StackingClassifier, StackingRegressor

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.members import answers_of, labels_as_numbers


@exporter(StackingClassifier)
def stacking_classifier(step: StackingClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The final estimator on the members' answers side by side; of two probabilities the second.

    With passthrough the input's columns follow. The tier is the estimators'.
    Source: _BaseStacking._concatenate_predictions, StackingClassifier.predict.
    """
    if isinstance(step._label_encoder, list):
        raise Unsupported(step, "several labels for a row", "Fit one model per label")
    stacked = _stacked(step, x, len(step.classes_) == 2, graph)
    final = answers_of(step, graph.export(step.final_estimator_, stacked, "final_estimator"))
    names = ("predict", "predict_proba", "decision_function")
    outputs = Outputs({name: final[name] for name in names if name in final}, classes=step.classes_)
    outputs["transform"] = stacked
    return outputs


@exporter(StackingRegressor)
def stacking_regressor(step: StackingRegressor, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The final estimator on what the members predict, side by side.

    With passthrough the input's columns follow. The tier is the estimators'.
    Source: _BaseStacking._concatenate_predictions and predict.
    """
    stacked = _stacked(step, x, False, graph)
    final = answers_of(step, graph.export(step.final_estimator_, stacked, "final_estimator"))
    return Outputs({"predict": final["predict"], "transform": stacked})


def _stacked(step: Any, x: Tensor | Frame, two_classes: bool, graph: Graph) -> Tensor:
    named = [(name, e) for name, e in step.estimators if not isinstance(e, str)]
    if len(named) != len(step.estimators_):  # cv="prefit" keeps no dropped ones either
        named = [(f"estimators_[{i}]", e) for i, e in enumerate(step.estimators_)]
    methods = [method for method in step.stack_method_ if method is not None]
    parts = []
    for (name, _), estimator, method in zip(named, step.estimators_, methods, strict=True):
        answers = answers_of(step, graph.export(estimator, x, name, type(step).__name__))
        if method not in answers:
            raise Unsupported(step, f"a member whose exporter gives no {method!r}", "Use another")
        part = answers[method]
        if method == "predict":
            part = labels_as_numbers(step, answers, graph)
        elif method == "predict_proba" and two_classes:
            part = graph.add("select", part, columns=np.arange(1, part.width))
        parts.append(part)
    if step.passthrough:
        parts.append(graph.matrix(x))
    return parts[0] if len(parts) == 1 else graph.add("concat", *parts)
