"""IsolationForest: how few splits set a row apart."""

from typing import Any

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.ensemble._iforest import _average_path_length

from bascule.export import Frame, Graph, Outputs, Tensor, exporter
from bascule.exporters.columns import without_float32
from bascule.exporters.sklearn_trees import float32_input, sklearn_tree
from bascule.exporters.trees import Tree, ensemble_tensors, on_columns
from bascule.sklearn_versions import isolation_forest_takes_any_number

# `greater` than the largest double below 0 is "at least 0", for -0.0 too.
_JUST_BELOW_ZERO = float(np.nextafter(0.0, -np.inf))


@exporter(IsolationForest)
def isolation_forest(step: IsolationForest, x: Tensor | Frame, graph: Graph) -> Outputs:
    """score_samples = -(2 ** -(depth / usual depth)), the depths added tree by tree. Tier T1.

    Of a leaf the depth is known at fit. No number is refused, not even infinity or NaN.
    Source: IsolationForest.predict, decision_function and _compute_score_samples.
    """
    usual = len(step.estimators_) * float(_average_path_length([step._max_samples])[0])
    depth = graph.add(
        "tree_ensemble",
        _input(step, x, graph),
        **ensemble_tensors([_tree(step, i) for i in range(len(step.estimators_))]),
        base=np.zeros(1),
        input="float32",
        sum="float64",
        outputs=1,
    )
    if usual == 0:  # fitted on rows one by one: every row scores as the only one did
        share = graph.add("add", graph.add("multiply", depth, by=np.zeros(1)), by=np.ones(1))
    else:
        share = graph.add("divide", depth, by=np.array([usual]))
    power = graph.add("function", graph.add("function", share, name="negative"), name="exp2")
    score = graph.add("function", power, name="negative")
    decision = graph.add("subtract", score, by=np.array([float(step.offset_)]))
    predict = graph.labels(graph.add("greater", decision, than=_JUST_BELOW_ZERO), (-1, 1))
    return Outputs(
        {"predict": predict, "decision_function": decision, "score_samples": score},
        kind="anomaly",
    )


def _input(step: IsolationForest, x: Tensor | Frame, graph: Graph) -> Tensor:
    if not isolation_forest_takes_any_number():
        return float32_input(step, x, False, graph)
    graph.check_columns(step, x)
    return graph.dense(without_float32(x, graph))


def _tree(step: Any, position: int) -> Tree:
    """A tree whose leaves hold the depth that a row is counted with there."""
    tree = sklearn_tree(step.estimators_[position].tree_)
    depth = (
        step._decision_path_lengths[position] + step._average_path_length_per_tree[position] - 1.0
    )
    return on_columns(tree, step.estimators_features_[position], depth.reshape(-1, 1))
