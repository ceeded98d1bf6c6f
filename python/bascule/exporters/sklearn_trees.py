"""Decision trees and forests of scikit-learn."""

from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.columns import without_float32
from bascule.exporters.trees import LEAF, Tree, ensemble_tensors, round_down


@exporter(DecisionTreeClassifier, ExtraTreeClassifier)
def tree_classifier(step: Any, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Class fractions of the leaf. Tier T0. Source: DecisionTreeClassifier.predict_proba."""
    return _class_outputs(step, _forest(step, [step], x, graph), graph)


@exporter(RandomForestClassifier, ExtraTreesClassifier)
def forest_classifier(step: Any, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Fractions added tree by tree in float64, then one division by the trees. Tier T0.

    Source: ForestClassifier.predict_proba with n_jobs=1; with more, Python's own order varies.
    """
    return _class_outputs(step, _forest(step, step.estimators_, x, graph), graph)


@exporter(DecisionTreeRegressor, ExtraTreeRegressor)
def tree_regressor(step: Any, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The value of the leaf. Tier T0. Source: BaseDecisionTree.predict."""
    return Outputs({"predict": _forest(step, [step], x, graph)})


@exporter(RandomForestRegressor, ExtraTreesRegressor)
def forest_regressor(step: Any, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Values added tree by tree in float64, then one division by the trees. Tier T0.

    Source: ForestRegressor.predict with n_jobs=1.
    """
    return Outputs({"predict": _forest(step, step.estimators_, x, graph)})


def float32_input(step: Any, x: Tensor | Frame, missing: bool, graph: Graph) -> Tensor:
    """What scikit-learn's trees read: float32, a sparse cell that is absent as 0.

    A value that overflows float32 is refused; NaN only passes where `missing` and x is dense.
    Source: BaseDecisionTree._validate_X_predict and _support_missing_values.
    """
    x = without_float32(x, graph)
    sparse = isinstance(x, Tensor) and x.kind == "csr"
    checked = graph.validate(step, x, missing=missing and not sparse, float32=True, sparse=True)
    return graph.dense(checked)


def sklearn_tree(tree: Any, scale: float = 1.0) -> Tree:
    """A fitted `tree_`. Its values are multiplied by `scale`, as boosting does."""
    leaf = tree.children_left == -1
    return Tree(
        feature=np.where(leaf, LEAF, tree.feature),
        threshold=round_down(tree.threshold),
        left=tree.children_left,
        right=tree.children_right,
        value=scale * tree.value[:, 0, :],
        missing_left=tree.missing_go_to_left.astype(bool),
        cover=tree.weighted_n_node_samples,
    )


def _forest(step: Any, trees: list[Any], x: Tensor | Frame, graph: Graph) -> Tensor:
    if step.n_outputs_ != 1:
        raise Unsupported(step, f"{step.n_outputs_} targets", "Fit one model per target")
    x = float32_input(step, x, trees[0].__sklearn_tags__().input_tags.allow_nan, graph)
    single = trees[0] is step
    tensors = ensemble_tensors([sklearn_tree(tree.tree_) for tree in trees])
    outputs = tensors["leaf"].shape[1]
    return graph.add(
        "tree_ensemble",
        x,
        **tensors,
        # A forest starts from 0. One tree's leaf is the answer itself, and only -0.0 adds nothing.
        base=np.full(outputs, -0.0 if single else 0.0),
        input="float32",
        sum="float64",
        divide_by=None if single else len(trees),
        outputs=outputs,
    )


def _class_outputs(step: Any, proba: Tensor, graph: Graph) -> Outputs:
    return Outputs(
        {
            "predict": graph.add("argmax", proba),
            "predict_proba": proba,
            "predict_log_proba": graph.add("log", proba),
        },
        classes=step.classes_,
    )
