"""Discriminant analysis: linear, quadratic, and the nearest centroid."""

from typing import Any

import numpy as np
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.neighbors import NearestCentroid

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.fitted import as_float64
from bascule.exporters.linear_classifiers import decided
from bascule.exporters.linear_models import weighted_sum

_MAX_DENSE = 65_536
_SMALLEST = float(np.finfo(np.float64).smallest_normal)


@exporter(LinearDiscriminantAnalysis)
def linear_discriminant(
    step: LinearDiscriminantAnalysis, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """Two classes: the sigmoid of the sum. More: softmax. A log of 0 is that of the smallest
    normal number. transform projects on scalings_; solver='lsqr' has none. Tier T1.

    Source: LinearDiscriminantAnalysis.predict_proba, predict_log_proba and transform.
    """
    score = weighted_sum(step, x, graph)
    if score.width == 1:
        proba = graph.add("with_complement", graph.add("sigmoid", score))
    else:
        proba = graph.add("softmax", score)
    zero = graph.add("compare", proba, how="equal", by=np.zeros(proba.width))
    raised = graph.add("multiply", zero, by=np.full(proba.width, _SMALLEST))
    above_zero = graph.add("combine", proba, raised, how="add")
    outputs = {
        "predict": decided(step, score, graph),
        "predict_proba": proba,
        "predict_log_proba": graph.add("log", above_zero),
        "decision_function": score,
    }
    if step.solver != "lsqr":
        outputs["transform"] = _projected(step, x, graph)
    found = Outputs(outputs, step.classes_)
    if "transform" in found:  # its columns are directions, however many there are
        found["transform"] = outputs["transform"]
    return found


@exporter(QuadraticDiscriminantAnalysis)
def quadratic_discriminant(
    step: QuadraticDiscriminantAnalysis, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """Per class -0.5 * (|(x - mean) @ rotation / sqrt(scaling)|^2 + sum(log(scaling))) +
    log(prior). Tier T1.

    Source: QuadraticDiscriminantAnalysis._decision_function.
    """
    x = graph.validate(step, x)
    norms = []
    for mean, rotation, scaling in zip(step.means_, step.rotations_, step.scalings_, strict=True):
        centred = graph.add("subtract", x, by=as_float64(step, "means_", mean))
        turning = as_float64(step, "rotations_", rotation * scaling ** (-0.5))
        turned = graph.add("linear", centred, weights=turning.T)
        norms.append(graph.add("reduce", graph.add("function", turned, name="square"), how="sum"))
    volume = np.array([np.sum(np.log(scaling)) for scaling in step.scalings_])
    norm = graph.add("concat", *norms)
    halved = graph.add("add", norm, by=volume)
    halved = graph.add("multiply", halved, by=np.full(len(volume), -0.5))
    score = graph.add("add", halved, by=np.log(step.priors_))
    return Outputs(
        {"predict": graph.add("argmax", score), **_log_shares(score, graph)}, step.classes_
    )


@exporter(NearestCentroid)
def nearest_centroid(step: NearestCentroid, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The class whose centroid is nearest; with class priors that differ, the largest
    -distance^2 + 2 log(prior), distances in units of the spread within classes. Tier T1.

    Source: NearestCentroid.predict and _decision_function, pairwise_distances_argmin.
    """
    x = graph.validate(step, x, sparse=True)
    if x.kind == "csr" and x.width > _MAX_DENSE:
        raise Unsupported(
            step, f"{x.width} sparse columns", f"Use at most {_MAX_DENSE}, or another classifier"
        )
    x = graph.dense(x)
    even = bool(np.isclose(step.class_prior_, 1 / len(step.classes_)).all())
    euclidean = step.metric == "euclidean"
    centroids = np.asarray(step.centroids_, dtype=np.float64)
    outputs: dict[str, Tensor] = {}
    if even:
        away = (_squared_euclidean if euclidean else _manhattan)(x, centroids, graph)
        outputs["predict"] = graph.add("argmax", graph.add("function", away, name="negative"))
    if euclidean or not even:
        score = _centroid_scores(step, x, centroids, graph)
        if not even:
            outputs["predict"] = graph.add("argmax", score)
        if euclidean:
            outputs |= _log_shares(score, graph)
    return Outputs(outputs, step.classes_)


def _projected(step: LinearDiscriminantAnalysis, x: Tensor | Frame, graph: Graph) -> Tensor:
    x = graph.validate(step, x)
    if step.solver == "svd":
        x = graph.add("subtract", x, by=np.asarray(step.xbar_))
    return graph.add("linear", x, weights=step.scalings_[:, : step._max_components].T)


def _centroid_scores(step: NearestCentroid, x: Tensor, centroids: Any, graph: Graph) -> Tensor:
    """-distance^2 + 2 log(prior); a column without spread within classes stays as it is."""
    spread = np.asarray(step.within_class_std_dev_, dtype=np.float64)
    spread = np.where(spread != 0, spread, 1.0)
    x, centroids = graph.add("divide", x, by=spread), centroids / spread
    if step.metric == "euclidean":
        away = graph.add("function", _squared_euclidean(x, centroids, graph), name="sqrt")
    else:
        away = _manhattan(x, centroids, graph)
    squared = graph.add("function", away, name="square")
    score = graph.add("function", squared, name="negative")
    return graph.add("add", score, by=2.0 * np.log(step.class_prior_))


def _squared_euclidean(x: Tensor, centroids: Any, graph: Graph) -> Tensor:
    """|c|^2 - 2 x.c + |x|^2 to each centroid, at least 0.

    As scikit-learn has it: the error is one of |x|^2, so that a row far from all centroids is as
    near to each. Source: euclidean_distances, EuclideanArgKmin.
    """
    squares = graph.add("function", x, name="square")
    squared = graph.add(
        "linear",
        graph.add("concat", x, squares),
        weights=np.hstack([-2.0 * centroids, np.ones_like(centroids)]),
        bias=(centroids**2).sum(axis=1),
    )
    classes = len(centroids)
    return graph.add("clip", squared, low=np.zeros(classes), high=np.full(classes, np.inf))


def _manhattan(x: Tensor, centroids: Any, graph: Graph) -> Tensor:
    parts = []
    for centroid in centroids:
        away = graph.add("absolute", graph.add("subtract", x, by=centroid))
        parts.append(graph.add("reduce", away, how="sum"))
    return graph.add("concat", *parts)


def _log_shares(score: Tensor, graph: Graph) -> dict[str, Tensor]:
    """decision_function, predict_proba and predict_log_proba of log posteriors.

    Source: DiscriminantAnalysisPredictionMixin.
    """
    largest = graph.add("reduce", score, how="maximum")
    shifted = graph.add("combine", score, largest, how="subtract")
    total = graph.add("reduce", graph.add("exp", shifted), how="sum")
    log_proba = graph.add("combine", shifted, graph.add("log", total), how="subtract")
    decision = score
    if score.width == 2:
        first, second = (graph.add("select", score, columns=np.array([k])) for k in (0, 1))
        decision = graph.add("combine", second, first, how="subtract")
    return {
        "predict_proba": graph.add("exp", log_proba),
        "predict_log_proba": log_proba,
        "decision_function": decision,
    }
