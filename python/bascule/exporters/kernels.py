"""Kernels: a row compared with the stored rows of fit, as a graph."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.preprocessing import normalize

from bascule.export import Graph, Tensor, Unsupported

# Of sklearn.metrics.pairwise: kernels of the dot product and of a distance.
PAIRWISE = frozenset(
    "linear poly polynomial rbf sigmoid laplacian cosine chi2 additive_chi2".split()
)


def stored_points(step: Any, points: Any, x: Tensor) -> dict[str, Any]:
    """The tensors of `pairwise_kernel` for `points`, in the form that rows of `x` take."""
    sparse = hasattr(points, "tocsr")
    if points.dtype != np.float64:
        points = points.astype(np.float64)
    if x.kind != "csr":
        return {"points": np.ascontiguousarray(points.toarray() if sparse else points)}
    from scipy.sparse import csr_array

    rows = csr_array(points)
    rows.sum_duplicates()
    return {
        "starts": rows.indptr.astype(np.int64),
        "columns": rows.indices.astype(np.int64),
        "values": rows.data,
    }


def pairwise_kernel(
    step: Any, metric: Any, params: Mapping[str, Any], points: Any, x: Tensor, graph: Graph
) -> Tensor:
    """A column per stored point, as sklearn.metrics.pairwise_kernels(x, points, metric). Tier T1.

    params   gamma (None: 1 / columns), degree and coef0, those that the kernel knows
    Source: pairwise.py: linear_kernel, polynomial_kernel, sigmoid_kernel, rbf_kernel,
    laplacian_kernel, cosine_similarity, chi2_kernel, additive_chi2_kernel, euclidean_distances.
    """
    if not isinstance(metric, str) or metric not in PAIRWISE:
        shown = metric if isinstance(metric, str) else getattr(metric, "__name__", "a function")
        raise Unsupported(step, f"kernel={shown!r}", f"Use one of {', '.join(sorted(PAIRWISE))}")
    gamma = params.get("gamma")
    if metric in ("chi2", "additive_chi2"):
        low, high = np.zeros(x.width), np.full(x.width, np.inf)
        x = graph.add("check_range", x, low=low, high=high)
    if gamma is None:
        gamma = 1.0 if metric == "chi2" else 1.0 / x.width
    if metric == "cosine":
        x, points = graph.add("normalize_rows", x, norm="l2"), normalize(points)
    coef0 = float(params.get("coef0", 1))
    how: dict[str, Any]
    if metric in ("poly", "polynomial"):
        degree = float(params.get("degree", 3))
        how = {"distance": "dot", "function": "power", "degree": degree}
        how |= {"scale": float(gamma), "shift": coef0}
    elif metric == "sigmoid":
        how = {"distance": "dot", "function": "tanh", "scale": float(gamma), "shift": coef0}
    elif metric in ("linear", "cosine"):
        how = {"distance": "dot", "function": "identity"}
    elif metric == "additive_chi2":
        how = {"distance": "chi2", "function": "identity"}
    else:
        distance = {"rbf": "expanded", "laplacian": "manhattan", "chi2": "chi2"}[metric]
        scale = float(gamma) if metric == "chi2" else -float(gamma)
        how = {"distance": distance, "function": "exponential", "scale": scale}
    return graph.add("pairwise_kernel", x, **stored_points(step, points, x), **how)
