"""HistGradientBoostingClassifier and HistGradientBoostingRegressor, on numbers."""

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.columns import without_float32
from bascule.exporters.trees import LEAF, Tree, ensemble_tensors

_LOG_LINK = ("poisson", "gamma")


@exporter(HistGradientBoostingRegressor)
def hist_gradient_boosting_regressor(
    step: HistGradientBoostingRegressor, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """predict = the sum of the trees (T0); its exp for Poisson and gamma (T1).

    Source: HistGradientBoostingRegressor.predict.
    """
    raw = _raw(step, x, graph)
    return Outputs({"predict": graph.add("exp", raw) if step.loss in _LOG_LINK else raw})


@exporter(HistGradientBoostingClassifier)
def hist_gradient_boosting_classifier(
    step: HistGradientBoostingClassifier, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """Two classes: the sigmoid of the sum (T0). More: softmax (T1).

    A sum of exactly 0 is the first class. Source: HistGradientBoostingClassifier.predict.
    """
    raw = _raw(step, x, graph)
    if raw.width == 1:
        proba = graph.add("with_complement", graph.add("sigmoid", raw))
        predict = graph.add("greater", raw, than=0.0)
    else:
        proba = graph.add("softmax", raw)
        predict = graph.add("argmax", raw)
    return Outputs(
        {"predict": predict, "predict_proba": proba, "decision_function": raw},
        classes=step.classes_,
    )


def _raw(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The baseline, then tree by tree, class by class, in float64. No row is refused.

    Numbers are not cast to float32 here, unlike in scikit-learn's other trees.
    Source: BaseHistGradientBoosting._raw_predict, _predictor._predict_one_from_raw_data.
    """
    if step.is_categorical_ is not None and np.any(step.is_categorical_):
        raise Unsupported(
            step,
            "categorical features",
            "Encode them first, for example with OrdinalEncoder, and pass "
            "categorical_features=None",
        )
    graph.check_columns(step, x)
    width = step.n_trees_per_iteration_
    trees = [_neutral(tree.nodes) for iteration in step._predictors for tree in iteration]
    return graph.add(
        "tree_ensemble",
        graph.dense(without_float32(x, graph)),
        **ensemble_tensors(trees),
        output=None if width == 1 else np.tile(np.arange(width), len(step._predictors)),
        base=np.asarray(step._baseline_prediction, dtype=np.float64).reshape(width),
        input="float64",
        sum="float64",
        outputs=width,
    )


def _neutral(nodes: Any) -> Tree:
    leaf = nodes["is_leaf"] == 1
    return Tree(
        feature=np.where(leaf, LEAF, nodes["feature_idx"]),
        threshold=nodes["num_threshold"],
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        value=nodes["value"].reshape(-1, 1),
        missing_left=nodes["missing_go_to_left"] == 1,
        cover=nodes["count"],
    )
