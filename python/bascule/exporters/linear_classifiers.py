"""Linear classifiers: weighted sums of the columns, and the classes they decide between."""

from typing import Any

import numpy as np
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    PassiveAggressiveClassifier,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
    SGDOneClassSVM,
)
from sklearn.svm import LinearSVC

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.linear_models import coefficients, weighted_sum
from bascule.exporters.probabilities import JUST_BELOW_ZERO, label_columns, share_of_each


@exporter(LogisticRegression, LogisticRegressionCV)
def logistic_regression(
    step: LogisticRegression | LogisticRegressionCV, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """Two classes: the sigmoid of the sum. More: softmax. Tier T1, for the sum.

    Source: LogisticRegression.predict_proba, predict_log_proba, LinearClassifierMixin.predict.
    """
    if getattr(step, "multi_class", "auto") not in ("auto", "deprecated", "warn"):
        raise Unsupported(
            step, f"multi_class={step.multi_class!r}", "Leave multi_class out: softmax is exported"
        )
    score = weighted_sum(step, x, graph)
    proba = _sigmoids(score, graph) if score.width == 1 else graph.add("softmax", score)
    return _with_probabilities(step, score, proba, graph)


@exporter(LinearSVC, PassiveAggressiveClassifier, Perceptron)
def linear_classifier(
    step: LinearSVC | PassiveAggressiveClassifier | Perceptron, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """The class of the largest sum. Tier T1. Source: LinearClassifierMixin.predict."""
    score = weighted_sum(step, x, graph)
    return Outputs(
        {"predict": decided(step, score, graph), "decision_function": score}, step.classes_
    )


@exporter(SGDClassifier)
def sgd_classifier(step: SGDClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The class of the largest sum; loss='log_loss' and 'modified_huber' have probabilities.

    log_loss: a sigmoid per class. modified_huber: (clip(sum, -1, 1) + 1) / 2. Of more than two
    classes each is divided by the sum of all, and where all are 0 each is 1 / classes. Tier T1.
    Source: SGDClassifier.predict_proba and predict_log_proba.
    """
    score = weighted_sum(step, x, graph)
    if step.loss == "log_loss":
        proba = _sigmoids(score, graph)
    elif step.loss == "modified_huber":
        proba = _clipped(score, graph)
    else:
        outputs = {"predict": decided(step, score, graph), "decision_function": score}
        return Outputs(outputs, step.classes_)
    return _with_probabilities(step, score, proba, graph)


@exporter(RidgeClassifier, RidgeClassifierCV)
def ridge_classifier(
    step: RidgeClassifier | RidgeClassifierCV, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """The class of the largest sum; of several labels each whose sum is above 0. Tier T1.

    Source: _RidgeClassifierMixin.predict.
    """
    score = weighted_sum(step, x, graph)
    if step._label_binarizer.y_type_.startswith("multilabel"):
        return Outputs({**label_columns(step, score, 0.0, graph), "decision_function": score})
    outputs = {"predict": decided(step, score, graph), "decision_function": score}
    return Outputs(outputs, step.classes_)


@exporter(SGDOneClassSVM)
def sgd_one_class(step: SGDOneClassSVM, x: Tensor | Frame, graph: Graph) -> Outputs:
    """decision_function = x @ coef - offset, an outlier below 0; score_samples adds the offset
    again. Tier T1.

    Source: SGDOneClassSVM.decision_function, score_samples and predict.
    """
    offset = np.asarray(step.offset_, dtype=np.float64).reshape(1)
    x = graph.validate(step, x, sparse=True)
    decision = graph.add("linear", x, weights=coefficients(step), bias=-offset)
    return Outputs(
        {
            "predict": graph.add("greater", decision, than=JUST_BELOW_ZERO),
            "decision_function": decision,
            "score_samples": graph.add("add", decision, by=offset),
        },
        classes=(-1, 1),
        kind="anomaly",
    )


def decided(step: Any, score: Tensor, graph: Graph) -> Tensor:
    """The class of the largest sum; with one sum the second class where it is above 0.

    Source: LinearClassifierMixin.predict.
    """
    if len(step.classes_) < 2:
        raise Unsupported(step, "one class only", "Fit on rows of two classes at least")
    if score.width == 1:
        return graph.add("greater", score, than=0.0)
    return graph.add("argmax", score)


def _with_probabilities(step: Any, score: Tensor, proba: Tensor, graph: Graph) -> Outputs:
    return Outputs(
        {
            "predict": decided(step, score, graph),
            "predict_proba": proba,
            "predict_log_proba": graph.add("log", proba),
            "decision_function": score,
        },
        classes=step.classes_,
    )


def _sigmoids(score: Tensor, graph: Graph) -> Tensor:
    """One against the rest. Source: LinearClassifierMixin._predict_proba_lr."""
    proba = graph.add("sigmoid", score)
    if proba.width == 1:
        return graph.add("with_complement", proba)
    return share_of_each(proba, graph)


def _clipped(score: Tensor, graph: Graph) -> Tensor:
    """The probabilities of loss='modified_huber'."""
    ones = np.ones(score.width)
    clipped = graph.add("clip", score, low=-ones, high=ones)
    proba = graph.add("divide", graph.add("add", clipped, by=ones), by=2 * ones)
    if proba.width == 1:
        return graph.add("with_complement", proba)
    return share_of_each(proba, graph)
