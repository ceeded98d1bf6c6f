"""Linear decompositions: rows projected on components."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import numpy as np
from scipy import linalg
from sklearn.decomposition import (
    PCA,
    FactorAnalysis,
    FastICA,
    IncrementalPCA,
    MiniBatchSparsePCA,
    SparsePCA,
    TruncatedSVD,
)
from sklearn.neural_network import BernoulliRBM
from sklearn.utils.extmath import fast_logdet

from bascule.export import Array, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.fitted import float64


@exporter(PCA)
def pca(step: PCA, x: Tensor | Frame, graph: Graph) -> Outputs:
    """transform: x C' - mean C', divided by the scale with `whiten`. Tier T1.

    score_samples: the log-likelihood, of dense rows only, as in Python; where the covariance has
    no inverse Python has no answer, and there is no such output.
    Source: _BasePCA._transform, PCA.score_samples.
    """
    x = graph.validate(step, x, sparse=True)
    outputs = {"transform": _centred_after(step, x, graph)}
    if x.kind != "csr":
        with suppress(linalg.LinAlgError):
            outputs["score_samples"] = _log_likelihood(step, x, graph)
    return Outputs(outputs)


@exporter(IncrementalPCA)
def incremental_pca(step: IncrementalPCA, x: Tensor | Frame, graph: Graph) -> Tensor:
    """As PCA. Tier T1. Source: IncrementalPCA.transform."""
    return _centred_after(step, graph.validate(step, x, sparse=True), graph)


@exporter(TruncatedSVD)
def truncated_svd(step: TruncatedSVD, x: Tensor | Frame, graph: Graph) -> Tensor:
    """x C'. Tier T1. Source: TruncatedSVD.transform."""
    x = graph.validate(step, x, sparse=True)
    return graph.add("linear", x, weights=float64(step, "components_"))


@exporter(FastICA)
def fast_ica(step: FastICA, x: Tensor | Frame, graph: Graph) -> Tensor:
    """(x - mean) C'; without `whiten` x C'. Tier T1. Source: FastICA.transform."""
    x = graph.validate(step, x)
    if step.whiten:
        x = graph.add("subtract", x, by=step.mean_)
    return graph.add("linear", x, weights=float64(step, "components_"))


@exporter(FactorAnalysis)
def factor_analysis(step: FactorAnalysis, x: Tensor | Frame, graph: Graph) -> Outputs:
    """transform: ((x - mean) (C / noise)') cov; score_samples: the log-likelihood. Tier T1.

    Source: FactorAnalysis.transform and score_samples.
    """
    x = graph.validate(step, x)
    float64(step, "components_")
    # As the arrays lie in memory, here and below: an inverse widens what BLAS does to last bits.
    weighted = step.components_ / step.noise_variance_
    cov = linalg.inv(np.eye(len(weighted)) + np.dot(weighted, step.components_.T))
    centred = graph.add("subtract", x, by=step.mean_)
    latent = graph.add("linear", centred, weights=np.ascontiguousarray(weighted))
    return Outputs(
        {
            "transform": graph.add("linear", latent, weights=np.ascontiguousarray(cov.T)),
            "score_samples": _log_likelihood(step, x, graph),
        }
    )


@exporter(SparsePCA, MiniBatchSparsePCA)
def sparse_pca(step: SparsePCA | MiniBatchSparsePCA, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The ridge regression of x - mean on the components, by Cholesky. Tier T1.

    Source: _BaseSparsePCA.transform, _ridge._solve_cholesky and _solve_cholesky_kernel.
    """
    x = graph.add("subtract", graph.validate(step, x), by=step.mean_)
    components = float64(step, "components_")
    count, width = components.shape
    kernel = count > width
    rows = step.components_.T
    gram = rows @ rows.T if kernel else rows.T @ rows
    gram.flat[:: len(gram) + 1] += step.ridge_alpha
    try:
        lower = linalg.cholesky(gram, lower=False).T  # the factor that scipy's solve takes
    except linalg.LinAlgError:
        raise Unsupported(
            step, "components that are not independent", "Use a ridge_alpha above 0"
        ) from None
    if kernel:
        return graph.add("linear", _solved(x, lower, graph), weights=components)
    return _solved(graph.add("linear", x, weights=components), lower, graph)


@exporter(BernoulliRBM)
def bernoulli_rbm(step: BernoulliRBM, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The sigmoid of x C' + intercept. Tier T1. score_samples draws at random, so it is no output.

    Source: BernoulliRBM.transform.
    """
    x = graph.validate(step, x, sparse=True)
    components = float64(step, "components_")
    return graph.add(
        "sigmoid", graph.add("linear", x, weights=components, bias=step.intercept_hidden_)
    )


def _centred_after(step: Any, x: Tensor, graph: Graph) -> Tensor:
    x = graph.add("linear", x, weights=float64(step, "components_"))
    # Of the arrays as they lie in memory: BLAS has other last bits for another order.
    x = graph.add("subtract", x, by=(np.reshape(step.mean_, (1, -1)) @ step.components_.T)[0])
    if step.whiten:
        scale = np.sqrt(step.explained_variance_)
        x = graph.add("divide", x, by=np.maximum(scale, np.finfo(np.float64).eps))
    return x


def _log_likelihood(step: Any, x: Tensor, graph: Graph) -> Tensor:
    """-0.5 (x - mean) P (x - mean)' - 0.5 (n log(2 pi) - log |P|), P the precision."""
    precision = np.asarray(step.get_precision(), np.float64)
    centred = graph.add("subtract", x, by=step.mean_)
    turned = graph.add("linear", centred, weights=np.ascontiguousarray(precision.T))
    total = graph.add("reduce", graph.add("combine", centred, turned, how="multiply"), how="sum")
    constant = 0.5 * (x.width * math.log(2.0 * np.pi) - fast_logdet(precision))
    total = graph.add("multiply", total, by=np.array([-0.5]))
    return graph.add("subtract", total, by=np.array([constant]))


def _solved(x: Tensor, lower: Array, graph: Graph) -> Tensor:
    """The y with L L' y = x: the second system read backwards is a lower one too."""
    count = len(lower)
    upper = np.ascontiguousarray(lower.T[::-1, ::-1])
    triangle, backwards = np.tril_indices(count), np.arange(count)[::-1]
    half = graph.add("solve_lower", x, lower=lower[triangle])
    half = graph.add("select", half, columns=backwards)
    return graph.add(
        "select", graph.add("solve_lower", half, lower=upper[triangle]), columns=backwards
    )
