"""LabelPropagation and LabelSpreading: what the rows of fit were labelled, by similarity."""

import numpy as np
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.neighbors import fitted_points, nearest


@exporter(LabelPropagation, LabelSpreading)
def label_propagation(
    step: LabelPropagation | LabelSpreading, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """Label distributions of the rows of fit, weighed by kernel or averaged over the nearest.

    Tier T1. Source: BaseLabelPropagation.predict_proba and _get_kernel.
    """
    shares = np.ascontiguousarray(step.label_distributions_, np.float64)
    if step.kernel == "knn":
        checked = graph.validate(step, x)
        found = nearest(step.nn_fit, checked, step.n_neighbors, graph)
        said = graph.add(
            "neighbor_mean",
            found,
            values=shares,
            weights="uniform",
            otherwise=np.full(shares.shape[1], np.nan),
        )
    elif step.kernel == "rbf":
        points = fitted_points(step, step.X_)
        squares = graph.add(
            "distances",
            graph.dense(graph.validate(step, x, sparse=True)),
            metric="dot_euclidean",
            points=points,
            reduced=True,
        )
        scaled = graph.add("multiply", squares, by=np.full(len(points), -float(step.gamma)))
        weights = graph.add("exp", scaled)
        said = graph.add("linear", weights, weights=np.ascontiguousarray(shares.T))
    else:
        name = getattr(step.kernel, "__name__", str(step.kernel))
        raise Unsupported(step, f"kernel={name}", "Use kernel='rbf' or 'knn'")
    total = graph.add("reduce", said, how="sum")
    proba = graph.add("combine", said, total, how="divide")
    return Outputs(
        {"predict": graph.add("argmax", proba), "predict_proba": proba}, classes=step.classes_
    )
