"""XGBClassifier and XGBRegressor: gradient boosted trees of XGBoost, computed in float32."""

import json
from typing import Any

import numpy as np
from xgboost import DMatrix, XGBClassifier, XGBRegressor
from xgboost import train as train_booster

from bascule.export import Array, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.columns import is_nan, without_float32
from bascule.exporters.trees import LEAF, Tree, ensemble_tensors, strictly_below

# The link from margin to prediction: src/objective/ of XGBoost, each `PredTransform`.
_IDENTITY = (
    "reg:squarederror",
    "reg:absoluteerror",
    "reg:pseudohubererror",
    "reg:quantileerror",
    "reg:squaredlogerror",
)
_LOG = ("count:poisson", "reg:gamma", "reg:tweedie")
_NAN = float("nan")


@exporter(XGBRegressor)
def xgb_regressor(step: XGBRegressor, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = the margin, or its sigmoid or exp in float32. Tier T0 (exp of the C library).

    Source: XGBModel.predict, Booster.inplace_predict.
    """
    objective = step.objective
    if objective not in (*_IDENTITY, *_LOG, "reg:logistic"):
        raise Unsupported(step, f"objective={objective!r}", f"Use one of {', '.join(_IDENTITY)}")
    margin = _margin(step, x, 1, graph)
    if objective in _LOG:
        margin = graph.add("exp_float32", margin)
    elif objective == "reg:logistic":
        margin = graph.add("sigmoid_float32", margin)
    return Outputs({"predict": margin})


@exporter(XGBClassifier)
def xgb_classifier(step: XGBClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Two classes: sigmoid, its complement, and 0.5 as the limit. More: softmax. In float32.

    Source: XGBClassifier.predict and predict_proba, _cls_predict_proba; src/common/math.h.
    """
    classes = step.n_classes_
    objective = step.objective
    if objective == "binary:logistic" and classes == 2:
        positive = graph.add("sigmoid_float32", _margin(step, x, 1, graph))
        # 1 - p of float32 numbers: exact in float64, then rounded once.
        proba = graph.add("round_float32", graph.add("with_complement", positive))
        predict = graph.add("greater", positive, than=0.5)
    elif objective == "multi:softprob" and classes > 2:
        proba = graph.add("softmax_float32", _margin(step, x, classes, graph))
        predict = graph.add("argmax", proba)
    else:
        raise Unsupported(
            step,
            f"objective={objective!r} with {classes} classes",
            "Use binary:logistic for two classes and multi:softprob for more",
        )
    return Outputs({"predict": predict, "predict_proba": proba}, classes=np.arange(classes))


def _margin(step: Any, x: Tensor | Frame, width: int, graph: Graph) -> Tensor:
    """Leaves added in float32 from the base margin, tree by tree.

    Left when `x < threshold` in float32. In a sparse matrix an absent cell is missing.
    Source: src/predictor/cpu_predictor.cc of XGBoost.
    """
    model = json.loads(step.get_booster().save_raw("json"))["learner"]
    _refuse_other_models(step, model, width)
    booster = model["gradient_booster"]["model"]
    count = _tree_count(step, booster)
    trees = [_neutral(tree) for tree in booster["trees"][:count]]
    return graph.add(
        "tree_ensemble",
        _features(step, x, graph),
        **ensemble_tensors(trees),
        output=None if width == 1 else np.array(booster["tree_info"][:count]),
        base=_base_margin(step, model, width),
        input="float32",
        sum="float32",
        outputs=width,
    )


def _features(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    graph.check_columns(step, x)
    x = without_float32(x, graph)
    if isinstance(x, Tensor) and x.kind == "csr":
        x = graph.add("to_dense_missing", x)
    else:
        x = graph.dense(x)
    mark = _NAN if step.missing is None else float(step.missing)
    if is_nan(mark):
        return x
    if not np.isfinite(mark):
        raise Unsupported(step, f"missing={mark}", "Mark missing numbers with NaN")
    return graph.add("mark_missing", x, value=mark, float32=True)


def _tree_count(step: Any, booster: dict[str, Any]) -> int:
    """All trees, or those up to the best iteration of early stopping."""
    try:
        iterations = int(step.best_iteration) + 1
    except AttributeError:
        return len(booster["trees"])
    return int(booster["iteration_indptr"][iterations])


def _base_margin(step: Any, model: dict[str, Any], width: int) -> Array:
    """`base_score` on the margin's scale. XGBoost itself turns it, in a model with no trees."""
    scores = json.loads(model["learner_model_param"]["base_score"])
    if step.objective in (*_IDENTITY, "multi:softprob"):
        return np.zeros(width) + np.array(scores, dtype=np.float32)
    parameters = {"objective": step.objective, "base_score": scores[0]}
    row = DMatrix(np.zeros((1, 1), dtype=np.float32), label=np.ones(1, dtype=np.float32))
    empty = train_booster(parameters, row, num_boost_round=0)
    return np.asarray(empty.predict(row, output_margin=True), dtype=np.float64)


def _neutral(tree: dict[str, Any]) -> Tree:
    left = np.array(tree["left_children"], dtype=np.int64)
    value = np.array(tree["split_conditions"], dtype=np.float32)
    leaf = left == -1
    return Tree(
        feature=np.where(leaf, LEAF, np.array(tree["split_indices"], dtype=np.int64)),
        threshold=strictly_below(value),
        left=left,
        right=np.array(tree["right_children"], dtype=np.int64),
        value=value.reshape(-1, 1),
        missing_left=np.array(tree["default_left"]) == 1,
        cover=np.array(tree["sum_hessian"], dtype=np.float32),
    )


def _refuse_other_models(step: Any, model: dict[str, Any], width: int) -> None:
    booster = model["gradient_booster"]
    if booster["name"] != "gbtree":
        raise Unsupported(step, f"booster={booster['name']!r}", "Use booster='gbtree'")
    trees = booster["model"]["trees"]
    if any(tree["categories_nodes"] for tree in trees):
        raise Unsupported(
            step, "categorical features", "Encode them first, for example with OrdinalEncoder"
        )
    if any(int(tree["tree_param"]["size_leaf_vector"]) > 1 for tree in trees):
        raise Unsupported(
            step, "multi_strategy='multi_output_tree'", "Use multi_strategy='one_output_per_tree'"
        )
    targets = int(model["learner_model_param"]["num_target"])
    if targets > 1 or (width == 1 and any(booster["model"]["tree_info"])):
        raise Unsupported(step, "several targets", "Fit one model per target")
