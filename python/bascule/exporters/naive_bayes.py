"""Naive Bayes: each class's log probability of the row, added column by column."""

from typing import Any

import numpy as np
from sklearn.naive_bayes import (
    BernoulliNB,
    CategoricalNB,
    ComplementNB,
    GaussianNB,
    MultinomialNB,
)

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.fitted import float64


@exporter(GaussianNB)
def gaussian_naive_bayes(step: GaussianNB, x: Tensor | Frame, graph: Graph) -> Outputs:
    """log(prior) + (-0.5 * sum(log(2 pi var)) - 0.5 * sum((x - theta)^2 / var)). Tier T1.

    Source: GaussianNB._joint_log_likelihood.
    """
    x = graph.validate(step, x)
    parts = []
    thetas, variances = float64(step, "theta_"), float64(step, "var_")
    for theta, var in zip(thetas, variances, strict=True):
        away = graph.add("function", graph.add("subtract", x, by=theta), name="square")
        parts.append(graph.add("reduce", graph.add("divide", away, by=var), how="sum"))
    classes = len(step.classes_)
    halves = graph.add("multiply", graph.add("concat", *parts), by=np.full(classes, -0.5))
    constant = np.array([-0.5 * np.sum(np.log(2.0 * np.pi * var)) for var in variances])
    joint = graph.add("add", graph.add("add", halves, by=constant), by=np.log(step.class_prior_))
    return _outputs(step, joint, graph)


@exporter(MultinomialNB)
def multinomial_naive_bayes(step: MultinomialNB, x: Tensor | Frame, graph: Graph) -> Outputs:
    """x @ feature_log_prob.T + class_log_prior. Tier T1.

    Source: MultinomialNB._joint_log_likelihood.
    """
    x = graph.validate(step, x, sparse=True)
    joint = graph.add("linear", x, weights=step.feature_log_prob_, bias=step.class_log_prior_)
    return _outputs(step, joint, graph)


@exporter(ComplementNB)
def complement_naive_bayes(step: ComplementNB, x: Tensor | Frame, graph: Graph) -> Outputs:
    """x @ feature_log_prob.T; of one class alone plus its prior. Tier T1.

    Source: ComplementNB._joint_log_likelihood.
    """
    x = graph.validate(step, x, sparse=True)
    bias = step.class_log_prior_ if len(step.classes_) == 1 else None
    joint = graph.add("linear", x, weights=step.feature_log_prob_, bias=bias)
    return _outputs(step, joint, graph)


@exporter(BernoulliNB)
def bernoulli_naive_bayes(step: BernoulliNB, x: Tensor | Frame, graph: Graph) -> Outputs:
    """x > binarize, then a weighted sum of what is 1. Tier T1.

    Source: BernoulliNB._check_X and _joint_log_likelihood.
    """
    x = graph.validate(step, x, sparse=True)
    if step.binarize is not None:
        x = graph.add("compare", x, how="greater", by=np.full(x.width, float(step.binarize)))
    absent = np.log(1 - np.exp(step.feature_log_prob_))
    joint = graph.add("linear", x, weights=step.feature_log_prob_ - absent)
    joint = graph.add("add", joint, by=step.class_log_prior_ + absent.sum(axis=1))
    return _outputs(step, joint, graph)


@exporter(CategoricalNB)
def categorical_naive_bayes(step: CategoricalNB, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Of each column the log probability of its category, added in column order, then the prior.
    A category is the number without its fraction; one that fit never counted is refused. The sums
    are T0.

    Source: CategoricalNB._check_X and _joint_log_likelihood.
    """
    whole = graph.add("function", graph.validate(step, x), name="trunc")
    joint = None
    for i, log_prob in enumerate(step.feature_log_prob_):
        known = log_prob.shape[1]
        code = graph.add(
            "lookup_number",
            graph.add("select", whole, columns=np.array([i])),
            categories=np.arange(known, dtype=np.float64),
            refuse_unknown=True,
            column=whole.columns[i],
        )
        values = log_prob.T if len(log_prob) > 1 else log_prob[0]
        part = graph.add("take", code, values=values, otherwise=np.zeros(len(log_prob)))
        joint = part if joint is None else graph.add("combine", joint, part, how="add")
    if joint is None:
        raise Unsupported(step, "no columns")
    return _outputs(step, graph.add("add", joint, by=step.class_log_prior_), graph)


def _outputs(step: Any, joint: Tensor, graph: Graph) -> Outputs:
    """The largest joint log probability decides; log_proba is joint - log(sum(exp(joint))).

    Source: _BaseNB.predict, predict_log_proba and predict_proba.
    """
    total = graph.add("log_sum_exp", joint)
    log_proba = graph.add("combine", joint, total, how="subtract")
    return Outputs(
        {
            "predict": graph.add("argmax", joint),
            "predict_proba": graph.add("exp", log_proba),
            "predict_log_proba": log_proba,
            "predict_joint_log_proba": joint,
        },
        classes=step.classes_,
    )
