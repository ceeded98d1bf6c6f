"""Gaussian mixtures, and the one Gaussian of EllipticEnvelope."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import digamma
from sklearn.covariance import EllipticEnvelope
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.mixture._gaussian_mixture import _compute_log_det_cholesky

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.columns import integers
from bascule.exporters.fitted import float64

# `greater` than the largest double below 0 is "at least 0", for -0.0 too.
_JUST_BELOW_ZERO = float(np.nextafter(0.0, -np.inf))


@exporter(GaussianMixture, BayesianGaussianMixture)
def mixture(
    step: GaussianMixture | BayesianGaussianMixture, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """predict: the component of the largest weighted log-density; predict_proba: each one's share.

    score_samples: the log of the sum of the densities. Tier T1.
    Source: BaseMixture.predict, predict_proba and score_samples, _estimate_log_gaussian_prob,
    BayesianGaussianMixture._estimate_log_prob.
    """
    held = integers(x)
    if held is not None:
        raise Unsupported(
            step,
            f"columns of {held}, as which Python then keeps distances",
            "Fit on X.astype('float64')",
        )
    x = graph.validate(step, x)
    float64(step, "means_")
    log_prob = _log_gaussian(step, x, graph)
    if isinstance(step, BayesianGaussianMixture):
        log_prob = _bayesian(step, log_prob, x.width, graph)
    weighted = graph.add("add", log_prob, by=np.asarray(step._estimate_log_weights()))
    total = graph.add("log_sum_exp", weighted)
    share = graph.add("exp", graph.add("combine", weighted, total, how="subtract"))
    outputs = {
        "predict": graph.add("argmax", weighted),
        "predict_proba": share,
        "score_samples": total,
    }
    return Outputs(outputs, classes=range(step.n_components), kind="classes")


@exporter(EllipticEnvelope)
def elliptic_envelope(step: EllipticEnvelope, x: Tensor | Frame, graph: Graph) -> Outputs:
    """score_samples: minus the squared Mahalanobis distance; 1 where it reaches the offset. T1.

    Python takes a root and squares it again. Source: EllipticEnvelope.score_samples,
    decision_function and predict, EmpiricalCovariance.mahalanobis.
    """
    x = graph.validate(step, x)
    centred = graph.add("subtract", x, by=float64(step, "location_"))
    turned = graph.add("linear", centred, weights=np.asarray(step.get_precision()).T.copy())
    squared = graph.add("reduce", graph.add("combine", centred, turned, how="multiply"), how="sum")
    root = graph.add("function", squared, name="sqrt")
    distance = graph.add("function", root, name="square")
    score = graph.add("multiply", distance, by=np.array([-1.0]))
    decision = graph.add("subtract", score, by=np.array([float(step.offset_)]))
    outputs = {
        "predict": graph.add("greater", decision, than=_JUST_BELOW_ZERO),
        "decision_function": decision,
        "score_samples": score,
    }
    return Outputs(outputs, classes=(-1, 1), kind="anomaly")


def _log_gaussian(step: Any, x: Tensor, graph: Graph) -> Tensor:
    squared = {"diag": _diagonal, "spherical": _spherical}.get(step.covariance_type, _whole)(
        step, x, graph
    )
    log_det = _compute_log_det_cholesky(step.precisions_cholesky_, step.covariance_type, x.width)
    log_det = np.broadcast_to(np.asarray(log_det, np.float64), (squared.width,))
    shift = np.full(squared.width, x.width * math.log(2 * math.pi))
    half = graph.add(
        "multiply", graph.add("add", squared, by=shift), by=np.full(squared.width, -0.5)
    )
    return graph.add("add", half, by=log_det)


def _whole(step: Any, x: Tensor, graph: Graph) -> Tensor:
    """Full and tied: per component the squares of x P - mean P, P the factor of its precision."""
    found = []
    for i, mean in enumerate(step.means_):
        tied = step.covariance_type == "tied"
        factor = step.precisions_cholesky_ if tied else step.precisions_cholesky_[i]
        y = graph.add("linear", x, weights=np.ascontiguousarray(factor.T))
        y = graph.add("subtract", y, by=mean @ factor)
        found.append(graph.add("reduce", graph.add("function", y, name="square"), how="sum"))
    return graph.add("concat", *found)


def _diagonal(step: Any, x: Tensor, graph: Graph) -> Tensor:
    """sum(mean^2 p) - 2 x (mean p)' + x^2 p'."""
    precisions = step.precisions_cholesky_**2
    constant = np.sum(step.means_**2 * precisions, axis=1)
    product = graph.add("linear", x, weights=step.means_ * precisions)
    squares = graph.add("linear", graph.add("function", x, name="square"), weights=precisions)
    return _completed(constant, product, squares, graph)


def _spherical(step: Any, x: Tensor, graph: Graph) -> Tensor:
    """sum(mean^2) p - 2 (x mean' p) + |x|^2 p."""
    precisions = step.precisions_cholesky_**2
    constant = np.sum(step.means_**2, axis=1) * precisions
    product = graph.add("linear", x, weights=step.means_)
    product = graph.add("multiply", product, by=precisions)
    norm = graph.add("reduce", graph.add("function", x, name="square"), how="sum")
    squares = graph.add("linear", norm, weights=precisions[:, None])
    return _completed(constant, product, squares, graph)


def _completed(constant: Any, product: Tensor, squares: Tensor, graph: Graph) -> Tensor:
    twice = graph.add("multiply", product, by=np.full(product.width, -2.0))
    return graph.add("combine", graph.add("add", twice, by=constant), squares, how="add")


def _bayesian(step: BayesianGaussianMixture, log_prob: Tensor, width: int, graph: Graph) -> Tensor:
    # "tied" has one number for all components.
    freedom = np.broadcast_to(step.degrees_of_freedom_, (log_prob.width,))
    log_prob = graph.add("subtract", log_prob, by=0.5 * width * np.log(freedom))
    log_lambda = width * np.log(2.0) + np.sum(
        digamma(0.5 * (freedom - np.arange(0, width)[:, np.newaxis])), 0
    )
    return graph.add("add", log_prob, by=0.5 * (log_lambda - width / step.mean_precision_))
