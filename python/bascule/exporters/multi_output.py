"""One model per target: MultiOutputClassifier, MultiOutputRegressor, and chains of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
    RegressorChain,
)

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.responses import (
    column,
    joined,
    label_values,
    numbers_only,
    output_of,
    predictor,
)


@exporter(MultiOutputRegressor)
def multi_output_regressor(step: MultiOutputRegressor, x: Tensor | Frame, graph: Graph) -> Outputs:
    """A column per target. Tier of the estimators. Source: _MultiOutputEstimator.predict."""
    parts = [outputs["predict"] for outputs in _targets(step, x, graph)]
    return Outputs({"predict": joined(parts, graph)})


@exporter(MultiOutputClassifier)
def multi_output_classifier(
    step: MultiOutputClassifier, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """Each target's label and probabilities. Tier of the estimators.

    Source: _MultiOutputEstimator.predict, MultiOutputClassifier.predict_proba.
    """
    targets = _targets(step, x, graph)
    found = {f"predict.{i}": outputs["predict"] for i, outputs in enumerate(targets)}
    if hasattr(step, "predict_proba"):
        for i, (estimator, outputs) in enumerate(zip(step.estimators_, targets, strict=True)):
            found[f"predict_proba.{i}"] = output_of(estimator, outputs, "predict_proba")
    return Outputs(found)


def _targets(step: Any, x: Tensor | Frame, graph: Graph) -> list[Outputs]:
    found = []
    for i, estimator in enumerate(step.estimators_):
        outputs = predictor(estimator, x, graph, f"target {i}", type(step).__name__)
        if output_of(estimator, outputs, "predict").width != 1:
            raise Unsupported(
                step, f"target {i} gives several columns", "Fit one column per target"
            )
        found.append(outputs)
    return found


@exporter(RegressorChain)
def regressor_chain(step: RegressorChain, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Each target from the columns and the targets before it. Tier of the estimators.

    Source: _BaseChain._get_predictions.
    """
    chain = _chain(step, x, lambda estimator, outputs: outputs["predict"], graph)
    return Outputs({"predict": joined(_in_order(step, [o["predict"] for o in chain]), graph)})


@exporter(ClassifierChain)
def classifier_chain(step: ClassifierChain, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Each target from the columns and what `chain_method` gave for the targets before it.

    Python gives labels as floats. Probabilities and decision values are those of the second class,
    a column per target. Tier of the estimators. Source: _BaseChain._get_predictions.
    """

    def feature(estimator: Any, outputs: Outputs) -> Tensor:
        method = step.chain_method_
        if method == "predict":
            return label_values(outputs["predict"], estimator.classes_, graph)
        return _of_second(estimator, outputs, method, graph)

    chain = _chain(step, x, feature, graph)
    labels = [
        graph.labels(outputs["predict"], [float(label) for label in estimator.classes_])
        for estimator, outputs in zip(step.estimators_, chain, strict=True)
    ]
    found = {f"predict.{i}": label for i, label in enumerate(_in_order(step, labels))}
    if any(len(estimator.classes_) != 2 for estimator in step.estimators_):
        return Outputs(found)  # Python raises an error for the other methods
    for method in ("predict_proba", "decision_function"):
        if all(hasattr(estimator, method) for estimator in step.estimators_):
            pairs = zip(step.estimators_, chain, strict=True)
            parts = [_of_second(estimator, o, method, graph) for estimator, o in pairs]
            found[method] = joined(_in_order(step, parts), graph)
    if "predict_proba" in found:
        found["predict_log_proba"] = graph.add("log", found["predict_proba"])
    return Outputs(found)


def _chain(step: Any, x: Tensor | Frame, feature: Any, graph: Graph) -> list[Outputs]:
    """The outputs of each estimator, in the order of the chain."""
    numbers_only(step, x, graph)
    x = graph.validate(step, x, sparse=True)
    found = []
    for i, estimator in enumerate(step.estimators_):
        outputs = predictor(estimator, x, graph, f"link {i}", type(step).__name__)
        output_of(estimator, outputs, "predict")
        found.append(outputs)
        if i + 1 < len(step.estimators_):
            x = graph.add("concat", x, feature(estimator, outputs))
    return found


def _of_second(estimator: Any, outputs: Outputs, method: str, graph: Graph) -> Tensor:
    x = output_of(estimator, outputs, method)
    return column(x, 1, graph) if method != "decision_function" else x


def _in_order(step: Any, chain: Sequence[Tensor]) -> list[Tensor]:
    """What the links of the chain gave, target by target."""
    order = [int(target) for target in np.asarray(step.order_)]
    return [chain[order.index(target)] for target in range(len(order))]
