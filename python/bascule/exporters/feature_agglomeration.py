"""FeatureAgglomeration: one column for each cluster of columns."""

import numpy as np
from sklearn.cluster import FeatureAgglomeration

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter

_REDUCTIONS = {np.max: "maximum", np.min: "minimum", np.sum: "sum", np.prod: "product"}


@exporter(FeatureAgglomeration)
def feature_agglomeration(step: FeatureAgglomeration, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The mean of each cluster's columns, added in their order; or another reduction of numpy.

    Tier T1 for sums and means. Source: FeatureAgglomeration.transform.
    """
    x = graph.validate(step, x)
    labels = np.asarray(step.labels_)
    count = int(labels.max()) + 1
    if step.pooling_func == np.mean:
        members = (labels == np.arange(count)[:, None]).astype(np.float64)
        sums = graph.add("linear", x, weights=members)
        return graph.add("divide", sums, by=members.sum(axis=1))
    how = _REDUCTIONS.get(step.pooling_func)
    if how is None:
        name = getattr(step.pooling_func, "__name__", repr(step.pooling_func))
        raise Unsupported(step, f"pooling_func={name}", "Use np.mean, np.max, np.min or np.sum")
    parts = [
        graph.add("reduce", graph.add("select", x, columns=np.flatnonzero(labels == i)), how=how)
        for i in range(count)
    ]
    return parts[0] if len(parts) == 1 else graph.add("concat", *parts)
