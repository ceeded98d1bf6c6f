"""Decision trees and forests of scikit-learn."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    RandomTreesEmbedding,
)
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.columns import without_float32
from bascule.exporters.trees import (
    LEAF,
    Tree,
    ensemble_tensors,
    leaf_tensors,
    path_tensors,
    round_down,
)
from bascule.sklearn_versions import allows_nan, paths_follow_missing

_MAX_TARGETS = 20  # with three outputs each and two more, a package has no room for others


@exporter(DecisionTreeClassifier, ExtraTreeClassifier)
def tree_classifier(step: Any, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Class fractions of the leaf. Tier T0. Source: DecisionTreeClassifier.predict_proba."""
    x = _tree_input(step, step, x, graph)
    trees = [sklearn_tree(step.tree_)]
    return _with_leaves(step, _classes(step, trees, x, graph), trees, x, graph)


@exporter(RandomForestClassifier, ExtraTreesClassifier)
def forest_classifier(step: Any, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Fractions added tree by tree in float64, then one division by the trees. Tier T0.

    Source: ForestClassifier.predict_proba with n_jobs=1; with more, Python's own order varies.
    """
    x = _tree_input(step, step.estimators_[0], x, graph)
    trees = [sklearn_tree(tree.tree_) for tree in step.estimators_]
    return _with_leaves(step, _classes(step, trees, x, graph), trees, x, graph)


@exporter(DecisionTreeRegressor, ExtraTreeRegressor)
def tree_regressor(step: Any, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The value of the leaf, one column per target. Tier T0. Source: BaseDecisionTree.predict."""
    x = _tree_input(step, step, x, graph)
    trees = [sklearn_tree(step.tree_)]
    outputs = Outputs({"predict": _leaf_values(step, trees, x, graph)})
    return _with_leaves(step, outputs, trees, x, graph)


@exporter(RandomForestRegressor, ExtraTreesRegressor)
def forest_regressor(step: Any, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Values added tree by tree in float64, then one division by the trees. Tier T0.

    Source: ForestRegressor.predict with n_jobs=1.
    """
    x = _tree_input(step, step.estimators_[0], x, graph)
    trees = [sklearn_tree(tree.tree_) for tree in step.estimators_]
    outputs = Outputs({"predict": _leaf_values(step, trees, x, graph)})
    return _with_leaves(step, outputs, trees, x, graph)


@exporter(RandomTreesEmbedding)
def random_trees_embedding(step: RandomTreesEmbedding, x: Tensor | Frame, graph: Graph) -> Outputs:
    """1 in the column of the leaf that the row falls into, tree by tree. Tier T0.

    Source: RandomTreesEmbedding.transform.
    """
    x = _tree_input(step, step.estimators_[0], x, graph)
    trees = [sklearn_tree(tree.tree_) for tree in step.estimators_]
    columns, width = [], 0
    for tree, leaves in zip(trees, step.one_hot_encoder_.categories_, strict=True):
        column = np.full(len(tree.feature), -1)
        column[leaves] = width + np.arange(len(leaves))
        columns.append(column)
        width += len(leaves)
    hot = graph.add("tree_path", x, **path_tensors(trees, columns), input="float32", width=width)
    outputs = Outputs({"transform": hot if step.sparse_output else graph.dense(hot)})
    return _with_leaves(step, outputs, trees, x, graph)


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
    """A fitted `tree_`: per leaf its targets one after the other, times `scale`, as boosting does.

    Source: Tree.predict and Tree.apply of sklearn/tree/_tree.pyx.
    """
    leaf = tree.children_left == -1
    return Tree(
        feature=np.where(leaf, LEAF, tree.feature),
        threshold=round_down(tree.threshold),
        left=tree.children_left,
        right=tree.children_right,
        value=scale * tree.value.reshape(tree.node_count, -1),
        missing_left=tree.missing_go_to_left.astype(bool),
        cover=tree.weighted_n_node_samples,
    )


def leaf_ids(trees: Sequence[Tree], x: Tensor, graph: Graph) -> Tensor:
    """The number of the leaf that a row falls into, one column per tree."""
    return graph.add(
        "tree_ensemble",
        x,
        **leaf_tensors(trees),
        base=np.zeros(len(trees)),
        input="float32",
        sum="float64",
        outputs=len(trees),
    )


def _tree_input(step: Any, tree: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    if getattr(tree, "is_categorical_", None) is not None and np.any(tree.is_categorical_):
        raise Unsupported(
            step, "categorical splits", "Encode categories first, for example with OrdinalEncoder"
        )
    return float32_input(step, x, allows_nan(tree), graph)


def _leaf_values(step: Any, trees: Sequence[Tree], x: Tensor, graph: Graph) -> Tensor:
    """Per target its value, or the fractions of its classes; all have as many as the most has."""
    single = not _is_forest(step)
    tensors = ensemble_tensors(trees)
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


def _classes(step: Any, trees: Sequence[Tree], x: Tensor, graph: Graph) -> Outputs:
    """One target, or several: then "predict.0", "predict.1" ... and so for the other methods."""
    fractions = _leaf_values(step, trees, x, graph)
    if step.n_outputs_ == 1:
        return Outputs(_of_fractions(fractions, "", graph), classes=step.classes_)
    if step.n_outputs_ > _MAX_TARGETS:
        raise Unsupported(
            step, f"{step.n_outputs_} targets of classes", f"Fit at most {_MAX_TARGETS} at once"
        )
    stride = fractions.width // step.n_outputs_
    outputs: dict[str, Tensor] = {}
    for k, classes in enumerate(step.classes_):
        own = graph.add("select", fractions, columns=k * stride + np.arange(len(classes)))
        outputs |= Outputs(_of_fractions(own, f".{k}", graph), classes=classes)
    in_order = sorted(outputs, key=lambda name: name.partition(".")[0])
    return Outputs({name: outputs[name] for name in in_order})


def _of_fractions(fractions: Tensor, part: str, graph: Graph) -> dict[str, Tensor]:
    return {
        f"predict{part}": graph.add("argmax", fractions),
        f"predict_proba{part}": fractions,
        f"predict_log_proba{part}": graph.add("log", fractions),
    }


def _with_leaves(
    step: Any, outputs: Outputs, trees: Sequence[Tree], x: Tensor, graph: Graph
) -> Outputs:
    """Adds `apply` and `decision_path`, which a forest gives as the first of two answers.

    Source: BaseDecisionTree.apply and decision_path, BaseForest.apply and decision_path.
    """
    outputs["apply"] = leaf_ids(trees, x, graph)
    if not paths_follow_missing():
        return outputs
    counts = [len(tree.feature) for tree in trees]
    width = sum(counts)
    columns = np.split(np.arange(width), np.cumsum(counts)[:-1])
    path = graph.add("tree_path", x, **path_tensors(trees, columns), input="float32", width=width)
    outputs["decision_path.0" if _is_forest(step) else "decision_path"] = path
    return outputs


def _is_forest(step: Any) -> bool:
    return hasattr(step, "estimators_")
