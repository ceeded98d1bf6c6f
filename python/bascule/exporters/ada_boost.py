"""AdaBoostClassifier and AdaBoostRegressor."""

from functools import reduce
from typing import Any

import numpy as np
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from bascule.export import Array, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.members import codes_of, numbers_of
from bascule.exporters.sklearn_trees import float32_input, sklearn_tree
from bascule.exporters.trees import ensemble_tensors, on_columns
from bascule.sklearn_versions import require_samme

_TREES = (DecisionTreeClassifier, ExtraTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor)


@exporter(AdaBoostClassifier)
def ada_boost_classifier(step: AdaBoostClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Each member's class gets its weight, the others share as much against; then a division by
    all weights, and softmax for probabilities. Decisions T0, probabilities T1.

    Source: AdaBoostClassifier.decision_function, predict, predict_proba.
    """
    require_samme(step)
    count = step.n_classes_
    if count == 1:
        raise Unsupported(step, "a single class", "Fit on rows of two classes at least")
    weights = step.estimator_weights_
    members = step.estimators_  # fewer than the weights, where boosting ended early
    tables = [_votes(step, i, float(weights[i])) for i in range(len(members))]
    if all(type(member) in _TREES for member in members):
        votes = _tree_votes(step, x, tables, graph)
    else:
        total = _member_votes(step, x, tables, graph)
        votes = graph.add("divide", total, by=np.full(count, float(weights.sum())))
    if count > 2:
        decision = votes
        predict = graph.add("argmax", votes)
        proba = graph.add("softmax", graph.add("divide", votes, by=np.full(count, count - 1.0)))
    else:
        first, second = (graph.add("select", votes, columns=np.array([i])) for i in (0, 1))
        decision = graph.add("combine", second, first, how="subtract")
        predict = graph.add("greater", decision, than=0.0)
        both = graph.add("concat", graph.add("function", decision, name="negative"), decision)
        proba = graph.add("softmax", graph.add("divide", both, by=np.full(2, 2.0)))
    return Outputs(
        {
            "predict": predict,
            "predict_proba": proba,
            "predict_log_proba": graph.add("log", proba),
            "decision_function": decision,
        },
        classes=step.classes_,
    )


@exporter(AdaBoostRegressor)
def ada_boost_regressor(step: AdaBoostRegressor, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The weighted median of what the members answer. Tier T0, given theirs.

    Source: AdaBoostRegressor._get_median_predict.
    """
    members = step.estimators_
    if all(type(member) in _TREES for member in members):
        answers = graph.add(
            "tree_ensemble",
            float32_input(step, x, False, graph),
            **ensemble_tensors([sklearn_tree(member.tree_) for member in members]),
            output=np.arange(len(members)),
            base=np.full(len(members), -0.0),
            input="float32",
            sum="float64",
            outputs=len(members),
        )
    else:
        x = graph.validate(step, x)
        parts = [
            numbers_of(step, graph.export(member, x, f"estimators_[{i}]"))
            for i, member in enumerate(members)
        ]
        answers = graph.add("concat", *parts)
    weights = np.asarray(step.estimator_weights_[: len(members)], dtype=np.float64)
    return Outputs({"predict": graph.add("weighted_median", answers, weights=weights)})


def _votes(step: Any, position: int, weight: float) -> Array:
    """Row by row of the member's own classes what each class gets."""
    own = step.estimators_[position].classes_
    hit = own[:, None] == step.classes_[None, :]
    return np.where(hit, weight, -1 / (step.n_classes_ - 1) * weight)


def _tree_votes(step: Any, x: Tensor | Frame, tables: list[Array], graph: Graph) -> Tensor:
    """Trees vote in their leaves: the first largest fraction is the class that is told."""
    trees = []
    for member, table in zip(step.estimators_, tables, strict=True):
        tree = sklearn_tree(member.tree_)
        told = tree.value[:, : len(member.classes_)].argmax(axis=1)
        trees.append(on_columns(tree, None, table[told]))
    return graph.add(
        "tree_ensemble",
        float32_input(step, x, False, graph),
        **ensemble_tensors(trees),
        base=np.zeros(step.n_classes_),
        input="float32",
        sum="float64",
        divide_by=float(step.estimator_weights_.sum()),
        outputs=step.n_classes_,
    )


def _member_votes(step: Any, x: Tensor | Frame, tables: list[Array], graph: Graph) -> Tensor:
    x = graph.validate(step, x, sparse=True)
    parts = []
    for i, (member, table) in enumerate(zip(step.estimators_, tables, strict=True)):
        code = codes_of(step, graph.export(member, x, f"estimators_[{i}]"))
        parts.append(graph.add("take", code, values=table, otherwise=np.zeros(step.n_classes_)))
    return reduce(lambda a, b: graph.add("combine", a, b, how="add"), parts)
