"""KernelRidge, KernelPCA and Nystroem: weighted sums of kernels."""

from typing import Any

import numpy as np
from sklearn.decomposition import KernelPCA
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge

from bascule.export import Frame, Graph, Outputs, Tensor, exporter
from bascule.exporters.fitted import float64
from bascule.exporters.kernels import pairwise_kernel


@exporter(KernelRidge)
def kernel_ridge(step: KernelRidge, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = the kernels with the rows of fit, times dual_coef. Tier T1.

    Source: KernelRidge.predict.
    """
    params = {"gamma": step.gamma, "degree": step.degree, "coef0": step.coef0}
    k = _kernel(step, params, step.X_fit_, x, graph)
    return Outputs({"predict": graph.add("linear", k, weights=np.atleast_2d(step.dual_coef_.T))})


@exporter(KernelPCA)
def kernel_pca(step: KernelPCA, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The kernels with the rows of fit, centred, projected on the scaled eigenvectors. Tier T1.

    Source: KernelPCA.transform, KernelCenterer.transform.
    """
    float64(step, "eigenvectors_")
    params = {"gamma": step.gamma_, "degree": step.degree, "coef0": step.coef0}
    k = _kernel(step, params, step.X_fit_, x, graph)
    k = graph.add("check_finite", k)  # as KernelCenterer.transform does
    centerer = step._centerer
    total = graph.add("reduce", k, how="sum")
    mean = graph.add("divide", total, by=np.array([float(len(centerer.K_fit_rows_))]))
    k = graph.add("subtract", k, by=centerer.K_fit_rows_)
    k = graph.add("combine", k, mean, how="subtract")
    k = graph.add("add", k, by=np.full(k.width, float(centerer.K_fit_all_)))
    used = np.flatnonzero(step.eigenvalues_)
    scaled = np.zeros_like(step.eigenvectors_)
    scaled[:, used] = step.eigenvectors_[:, used] / np.sqrt(step.eigenvalues_[used])
    return graph.add("linear", k, weights=np.ascontiguousarray(scaled.T))


@exporter(Nystroem)
def nystroem(step: Nystroem, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The kernels with the rows that fit drew, times the normalization. Tier T1.

    Source: Nystroem.transform and _get_kernel_params.
    """
    params = dict(step.kernel_params or {})
    for name in ("gamma", "degree", "coef0"):
        if getattr(step, name) is not None:
            params[name] = getattr(step, name)
    k = _kernel(step, params, step.components_, x, graph)
    return graph.add("linear", k, weights=np.asarray(step.normalization_, np.float64))


def _kernel(
    step: Any, params: dict[str, Any], points: Any, x: Tensor | Frame, graph: Graph
) -> Tensor:
    x = graph.validate(step, x, sparse=True)
    return pairwise_kernel(step, step.kernel, params, points, x, graph)
