"""GradientBoostingClassifier and GradientBoostingRegressor."""

from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.sklearn_trees import float32_input, sklearn_tree
from bascule.exporters.trees import ensemble_tensors

# `greater` than the largest double below 0 is "at least 0", for -0.0 too.
_JUST_BELOW_ZERO = float(np.nextafter(0.0, -np.inf))


@exporter(GradientBoostingRegressor)
def gradient_boosting_regressor(
    step: GradientBoostingRegressor, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """predict = the sum of the stages; every loss has the identity link. Tier T0.

    Source: GradientBoostingRegressor.predict.
    """
    return Outputs({"predict": _raw(step, x, graph)})


@exporter(GradientBoostingClassifier)
def gradient_boosting_classifier(
    step: GradientBoostingClassifier, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """Two classes: sigmoid of the sum (of twice the sum for loss='exponential'). More: softmax.

    Tier T0, softmax T1. A sum of exactly 0 is the second class.
    Source: GradientBoostingClassifier.predict and predict_proba, sklearn._loss.
    """
    raw = _raw(step, x, graph)
    if raw.width == 1:
        margin = raw
        if step.loss == "exponential":
            margin = graph.add("multiply", raw, by=np.array([2.0]))
        proba = graph.add("with_complement", graph.add("sigmoid", margin))
        predict = graph.add("greater", raw, than=_JUST_BELOW_ZERO)
    else:
        proba = graph.add("softmax", raw)
        predict = graph.add("argmax", raw)
    return Outputs(
        {
            "predict": predict,
            "predict_proba": proba,
            "predict_log_proba": graph.add("log", proba),
            "decision_function": raw,
        },
        classes=step.classes_,
    )


def _raw(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The start, then stage by stage and class by class `+= learning_rate * value` in float64.

    Source: BaseGradientBoosting._raw_predict, _gradient_boosting.predict_stages.
    """
    if step.init is not None and not (isinstance(step.init, str) and step.init == "zero"):
        raise Unsupported(
            step,
            f"init={type(step.init).__name__}(...), which Python runs in float32",
            "Pass init=None or init='zero'",
        )
    stages = step.estimators_
    width = stages.shape[1]
    trees = [sklearn_tree(tree.tree_, step.learning_rate) for tree in stages.ravel()]
    # The prior is the same for every row, so any row tells it.
    base = step._raw_predict_init(np.zeros((1, step.n_features_in_), dtype=np.float32))[0]
    return graph.add(
        "tree_ensemble",
        float32_input(step, x, False, graph),
        **ensemble_tensors(trees),
        output=None if width == 1 else np.tile(np.arange(width), len(stages)),
        base=np.asarray(base, dtype=np.float64),
        input="float32",
        sum="float64",
        outputs=width,
    )
