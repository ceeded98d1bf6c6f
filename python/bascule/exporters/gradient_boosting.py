"""GradientBoostingClassifier and GradientBoostingRegressor."""

from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
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
from bascule.exporters.sklearn_trees import float32_input, leaf_ids, sklearn_tree
from bascule.exporters.trees import ensemble_tensors

# `greater` than the largest double below 0 is "at least 0", for -0.0 too.
_JUST_BELOW_ZERO = float(np.nextafter(0.0, -np.inf))
_EPS = float(np.finfo(np.float64).eps)
# Where scipy's logit changes its formula.
_LOGIT_LOW, _LOGIT_HIGH = 0.3, 0.65
# `init` gets the columns as float32; these answer the same for the same numbers as float64.
_SAME_ON_FLOAT32 = (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)


@exporter(GradientBoostingRegressor)
def gradient_boosting_regressor(
    step: GradientBoostingRegressor, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """predict = the sum of the stages; every loss has the identity link. Tier T0.

    Source: GradientBoostingRegressor.predict and apply.
    """
    x = float32_input(step, x, False, graph)
    return Outputs({"predict": _raw(step, x, graph), "apply": _leaves(step, x, graph)})


@exporter(GradientBoostingClassifier)
def gradient_boosting_classifier(
    step: GradientBoostingClassifier, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """Two classes: sigmoid of the sum (of twice the sum for loss='exponential'). More: softmax.

    Tier T0, softmax T1. A sum of exactly 0 is the second class.
    Source: GradientBoostingClassifier.predict, predict_proba and apply, sklearn._loss.
    """
    x = float32_input(step, x, False, graph)
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
    outputs = Outputs(
        {
            "predict": predict,
            "predict_proba": proba,
            "predict_log_proba": graph.add("log", proba),
            "decision_function": raw,
        },
        classes=step.classes_,
    )
    outputs["apply"] = _leaves(step, x, graph)
    return outputs


def _raw(step: Any, x: Tensor, graph: Graph) -> Tensor:
    """The start, then stage by stage and class by class `+= learning_rate * value` in float64.

    Source: BaseGradientBoosting._raw_predict, _gradient_boosting.predict_stages.
    """
    stages = step.estimators_
    width = stages.shape[1]
    trees = [sklearn_tree(tree.tree_, step.learning_rate) for tree in stages.ravel()]
    constant = _constant_start(step)
    inputs = [x] if constant is not None else [x, _start(step, x, graph)]
    return graph.add(
        "tree_ensemble",
        *inputs,
        **ensemble_tensors(trees),
        output=None if width == 1 else np.tile(np.arange(width), len(stages)),
        base=constant,
        input="float32",
        sum="float64",
        outputs=width,
    )


def _leaves(step: Any, x: Tensor, graph: Graph) -> Tensor:
    """Leaf numbers, stage by stage and within a stage class by class."""
    return leaf_ids([sklearn_tree(tree.tree_) for tree in step.estimators_.ravel()], x, graph)


def _constant_start(step: Any) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Where every row starts: a constant's link, as any row tells it. None for other `init`."""
    init = step.init_
    if isinstance(init, DummyClassifier) and init.strategy in ("stratified", "uniform"):
        raise Unsupported(step, f"init={init!r}, which is random", "Use strategy='prior'")
    if not isinstance(init, (str, DummyClassifier, DummyRegressor)):
        return None
    row = np.zeros((1, step.n_features_in_), dtype=np.float32)
    return np.asarray(step._raw_predict_init(row)[0], dtype=np.float64)


def _start(step: Any, x: Tensor, graph: Graph) -> Tensor:
    """The link of what `init` answers for the columns as float32.

    Source: _gb._init_raw_predictions; sklearn._loss.link.
    """
    init = step.init_
    if type(init) not in _SAME_ON_FLOAT32:
        raise Unsupported(
            step,
            f"init={type(init).__name__}(...), which Python runs in float32",
            "Pass init=None, init='zero' or a model of trees",
        )
    answers = graph.export(init, graph.add("round_float32", x), "init")
    assert isinstance(answers, Outputs)
    if not is_classifier(step):
        return answers["predict"]
    proba = answers["predict_proba"]
    if len(step.classes_) == 2:
        proba = graph.add("select", proba, columns=np.array([1]))
    low, high = np.full(proba.width, _EPS), np.full(proba.width, 1 - _EPS)
    proba = graph.add("clip", proba, low=low, high=high)
    if len(step.classes_) > 2:
        logarithms = graph.add("log", proba)
        count = np.array([float(proba.width)])
        mean = graph.add("divide", graph.add("reduce", logarithms, how="sum"), by=count)
        ratio = graph.add("combine", proba, graph.add("exp", mean), how="divide")
        return graph.add("log", ratio)
    logit = _logit(proba, graph)
    if step.loss == "exponential":
        return graph.add("multiply", logit, by=np.array([0.5]))
    return logit


def _logit(p: Tensor, graph: Graph) -> Tensor:
    """log(p / (1 - p)), near 0.5 log1p(s) - log1p(-s) with s = 2 (p - 0.5), as scipy does.

    Source: scipy.special.logit.
    """
    one, two = np.array([1.0]), np.array([2.0])
    negative = graph.add("function", p, name="negative")
    odds = graph.add("combine", p, graph.add("add", negative, by=one), how="divide")
    s = graph.add("multiply", graph.add("subtract", p, by=np.array([0.5])), by=two)
    central = graph.add(
        "combine",
        graph.add("function", s, name="log1p"),
        graph.add("function", graph.add("function", s, name="negative"), name="log1p"),
        how="subtract",
    )
    below = graph.add("compare", p, how="less", by=np.array([_LOGIT_LOW]))
    above = graph.add("compare", p, how="greater", by=np.array([_LOGIT_HIGH]))
    outside = graph.add("combine", below, above, how="add")
    return graph.add("choose", outside, graph.add("log", odds), central)
