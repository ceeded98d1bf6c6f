"""HistGradientBoostingClassifier and HistGradientBoostingRegressor."""

from typing import Any

import numpy as np
from sklearn._loss.link import LogLink
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from bascule.export import Array, Frame, Graph, Outputs, Tensor, exporter
from bascule.exporters.columns import without_float32
from bascule.exporters.trees import LEAF, Tree, ensemble_tensors


@exporter(HistGradientBoostingRegressor)
def hist_gradient_boosting_regressor(
    step: HistGradientBoostingRegressor, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """predict = the sum of the trees (T0); its exp for Poisson and gamma (T1).

    Source: HistGradientBoostingRegressor.predict.
    """
    raw = _raw(step, x, graph)
    logarithm = isinstance(step._loss.link, LogLink)
    return Outputs({"predict": graph.add("exp", raw) if logarithm else raw})


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
    """The baseline, then tree by tree, class by class, in float64. No number is refused.

    Numbers are not cast to float32 here, unlike in scikit-learn's other trees.
    Source: BaseHistGradientBoosting._raw_predict, _predictor._predict_one_from_raw_data.
    """
    width = step.n_trees_per_iteration_
    trees = [_neutral(tree) for iteration in step._predictors for tree in iteration]
    return graph.add(
        "tree_ensemble",
        _numbers(step, x, graph),
        **ensemble_tensors(trees),
        output=None if width == 1 else np.tile(np.arange(width), len(step._predictors)),
        base=np.asarray(step._baseline_prediction, dtype=np.float64).reshape(width),
        input="float64",
        sum="float64",
        outputs=width,
    )


def _numbers(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    """What the trees read: positions of categories first, then the other columns as they are.

    An unknown category is missing. Source: BaseHistGradientBoosting._preprocess_X.
    """
    if step._preprocessor is None:
        graph.check_columns(step, x)
        return graph.dense(without_float32(x, graph))
    categorical = np.flatnonzero(step.is_categorical_)
    others = np.flatnonzero(~step.is_categorical_)
    parts = []
    if len(categorical):
        encoder = step._preprocessor.named_transformers_["encoder"]
        codes = graph.transform(encoder, _columns(step, x, categorical, graph), "encoder")
        parts.append(graph.dense(codes))
    if len(others):
        parts.append(graph.dense(without_float32(_columns(step, x, others, graph), graph)))
    return parts[0] if len(parts) == 1 else graph.add("concat", *parts)


def _columns(step: Any, x: Tensor | Frame, picked: Array, graph: Graph) -> Tensor | Frame:
    """Some of the columns of fit; like the ColumnTransformer inside, a frame is read by name."""
    names = getattr(step, "feature_names_in_", None)
    if isinstance(x, Frame) and names is not None:
        return x.select([str(names[i]) for i in picked])
    graph.check_columns(step, x)
    if isinstance(x, Frame):
        return x.select(picked)
    return graph.add("select", graph.dense(x), columns=picked)


def _neutral(tree: Any) -> Tree:
    """A category that fit did not know at all never comes out of the encoder but as NaN."""
    nodes = tree.nodes
    leaf = nodes["is_leaf"] == 1
    return Tree(
        feature=np.where(leaf, LEAF, nodes["feature_idx"]),
        threshold=nodes["num_threshold"],
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        value=nodes["value"].reshape(-1, 1),
        missing_left=nodes["missing_go_to_left"] == 1,
        cover=nodes["count"],
        set=np.where(nodes["is_categorical"] == 1, nodes["bitset_idx"].astype(np.int64), -1),
        sets=list(tree.raw_left_cat_bitsets),
    )
