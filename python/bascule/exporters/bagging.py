"""BaggingClassifier and BaggingRegressor: the mean of members that saw other rows and columns."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from sklearn.ensemble import BaggingClassifier, BaggingRegressor
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from bascule.export import Array, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.columns import without_float32
from bascule.exporters.members import answers_of, codes_of, numbers_of, placed, total
from bascule.exporters.sklearn_trees import float32_input, sklearn_tree
from bascule.exporters.trees import Tree, ensemble_tensors, on_columns
from bascule.sklearn_versions import allows_nan

_TREES = (DecisionTreeClassifier, ExtraTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor)


@exporter(BaggingClassifier)
def bagging_classifier(step: BaggingClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The members' probabilities (or votes, where they have none) added one by one, then a
    division by their number. Tier T0, given theirs; predict_log_proba by logaddexp, T1.

    Source: BaggingClassifier.predict_proba, predict_log_proba, decision_function with n_jobs=1.
    """
    if _are_trees(step):
        return _tree_classifier(step, x, graph)
    members = _members(step, x, graph)
    count, size = step.n_classes_, len(members)
    parts = []
    for estimator, answers in zip(step.estimators_, members, strict=True):
        if hasattr(estimator, "predict_proba"):
            part = placed(_method(step, answers, "predict_proba"), estimator.classes_, count, graph)
        else:
            hot = np.eye(count)[estimator.classes_]
            part = graph.add("take", codes_of(step, answers), values=hot, otherwise=np.zeros(count))
        parts.append(part)
    proba = graph.add("divide", total(parts, graph), by=np.full(count, float(size)))
    outputs = {"predict": graph.add("argmax", proba), "predict_proba": proba}
    if hasattr(step.estimator_, "predict_log_proba"):
        logs = [_method(step, answers, "predict_log_proba") for answers in members]
        outputs["predict_log_proba"] = _mean_of_logs(step, logs, graph)
    else:
        outputs["predict_log_proba"] = graph.add("log", proba)
    if hasattr(step, "decision_function"):
        decisions = [_method(step, answers, "decision_function") for answers in members]
        by = np.full(decisions[0].width, float(size))
        outputs["decision_function"] = graph.add("divide", total(decisions, graph), by=by)
    return Outputs(outputs, classes=step.classes_)


@exporter(BaggingRegressor)
def bagging_regressor(step: BaggingRegressor, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The members' answers added one by one, then a division. Tier T0, given theirs.

    Source: BaggingRegressor.predict with n_jobs=1.
    """
    if _are_trees(step):
        x, trees = _trees(step, x, graph)
        return Outputs({"predict": _sum_of_trees(trees, x, len(trees), graph)})
    parts = [numbers_of(step, answers) for answers in _members(step, x, graph)]
    by = np.full(parts[0].width, float(len(parts)))
    return Outputs({"predict": graph.add("divide", total(parts, graph), by=by)})


def _are_trees(step: Any) -> bool:
    return all(type(estimator) in _TREES for estimator in step.estimators_)


def _tree_classifier(step: Any, x: Tensor | Frame, graph: Graph) -> Outputs:
    """All trees as one ensemble; for predict_log_proba the logarithms of each one's leaves."""
    x, members = _trees(step, x, graph)
    trees, logs = [], []
    for estimator, tree in zip(step.estimators_, members, strict=True):
        fractions = np.zeros((len(tree.feature), step.n_classes_))
        fractions[:, estimator.classes_] = tree.value
        trees.append(on_columns(tree, None, fractions))
        with np.errstate(divide="ignore"):
            logarithms = on_columns(tree, None, np.log(fractions))
        logs.append(_sum_of_trees([logarithms], x, None, graph))
    proba = _sum_of_trees(trees, x, len(trees), graph)
    return Outputs(
        {
            "predict": graph.add("argmax", proba),
            "predict_proba": proba,
            "predict_log_proba": _log_of_mean(logs, graph),
        },
        classes=step.classes_,
    )


def _trees(step: Any, x: Tensor | Frame, graph: Graph) -> tuple[Tensor, list[Tree]]:
    """The members, and the columns that they read: the others are not checked either."""
    graph.check_columns(step, x)
    features = step.estimators_features_
    used = np.unique(np.concatenate(features))
    matrix = graph.matrix(without_float32(x, graph))
    picked = graph.add("select", matrix, columns=used)
    missing = allows_nan(step.estimators_[0])
    trees = []
    for estimator, own in zip(step.estimators_, features, strict=True):
        tree = sklearn_tree(estimator.tree_)
        trees.append(on_columns(tree, np.searchsorted(used, own), tree.value))
    return float32_input(None, picked, missing, graph), trees


def _sum_of_trees(trees: list[Tree], x: Tensor, divide_by: int | None, graph: Graph) -> Tensor:
    """From 0, or the answer itself where nothing is added: -0.0 changes no number."""
    tensors = ensemble_tensors(trees)
    outputs = tensors["leaf"].shape[1]
    return graph.add(
        "tree_ensemble",
        x,
        **tensors,
        base=np.full(outputs, -0.0 if divide_by is None else 0.0),
        input="float32",
        sum="float64",
        divide_by=divide_by,
        outputs=outputs,
    )


def _members(step: Any, x: Tensor | Frame, graph: Graph) -> list[Outputs]:
    """What each member answers for its own columns; it checks them itself."""
    graph.check_columns(step, x)
    matrix = graph.matrix(x)
    members = []
    for i, estimator in enumerate(step.estimators_):
        features: Array = np.asarray(step.estimators_features_[i])
        if matrix.kind == "csr" and np.any(np.diff(features) <= 0):
            matrix = graph.dense(matrix)
        own = graph.add("select", matrix, columns=features)
        result = graph.export(estimator, own, f"estimators_[{i}]")
        members.append(answers_of(step, result))
    return members


def _method(step: Any, answers: Outputs, method: str) -> Tensor:
    if method not in answers:
        raise Unsupported(step, f"a member whose exporter gives no {method!r}", "Use another")
    return answers[method]


def _mean_of_logs(step: Any, logs: Sequence[Tensor], graph: Graph) -> Tensor:
    """A class that a member does not know has the probability 0 there."""
    count = step.n_classes_
    whole = []
    for estimator, part in zip(step.estimators_, logs, strict=True):
        part = placed(part, estimator.classes_, count, graph)
        if len(estimator.classes_) < count:
            unknown = np.full(count, -np.inf)
            unknown[estimator.classes_] = 0.0
            part = graph.add("add", part, by=unknown)
        whole.append(part)
    return _log_of_mean(whole, graph)


def _log_of_mean(logs: Sequence[Tensor], graph: Graph) -> Tensor:
    joined = reduce(lambda a, b: graph.add("combine", a, b, how="logaddexp"), logs)
    return graph.add("subtract", joined, by=np.full(joined.width, np.log(len(logs))))
