"""Partial least squares and canonical correlation: predict and transform."""

from typing import Any

import numpy as np
from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression

from bascule.export import Frame, Graph, Outputs, Tensor, exporter
from bascule.exporters.fitted import float64


@exporter(CCA, PLSCanonical, PLSRegression)
def partial_least_squares(
    step: CCA | PLSCanonical | PLSRegression, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """predict = (x - mean) @ coef.T + intercept; transform = (x - mean) / std @ rotations. Tier T1.

    Source: _PLS.predict and _PLS.transform, of x alone.
    """
    x = graph.validate(step, x)
    centred = graph.add("subtract", x, by=float64(step, "_x_mean"))
    bias = np.zeros(len(step.coef_)) + np.asarray(step.intercept_, dtype=np.float64)
    return Outputs(
        {
            "predict": graph.add("linear", centred, weights=float64(step, "coef_"), bias=bias),
            "transform": _scores(step, centred, "x_rotations_", graph),
        }
    )


@exporter(PLSSVD)
def pls_svd(step: PLSSVD, x: Tensor | Frame, graph: Graph) -> Tensor:
    """(x - mean) / std @ weights. Tier T1. Source: PLSSVD.transform, of x alone."""
    x = graph.validate(step, x)
    centred = graph.add("subtract", x, by=float64(step, "_x_mean"))
    return _scores(step, centred, "x_weights_", graph)


def _scores(step: Any, centred: Tensor, directions: str, graph: Graph) -> Tensor:
    scaled = graph.add("divide", centred, by=float64(step, "_x_std"))
    return graph.add("linear", scaled, weights=float64(step, directions).T)
