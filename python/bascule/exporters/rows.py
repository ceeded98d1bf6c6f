"""Normalizer and KernelCenterer: each row by numbers of its own."""

import numpy as np
from sklearn.preprocessing import KernelCenterer, Normalizer

from bascule.export import Frame, Graph, Tensor, exporter

_SMALLEST_NORM = 10 * float(np.finfo(np.float64).eps)


@exporter(Normalizer)
def normalizer(step: Normalizer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """out = x / norm of its row. Tier T1 for l1 and l2 of dense rows, which numpy adds in an order
    of its own; T0 for max and for sparse rows.

    A dense row stays when its norm is below 10 ULP of 1, a sparse one when it is 0.
    Source: normalize, _handle_zeros_in_scale.
    """
    x = graph.validate(step, x, sparse=True)
    if x.kind == "csr":
        return graph.add("normalize_rows", x, norm=step.norm)
    if step.norm == "l2":
        squares = graph.add("reduce", graph.add("function", x, name="square"), how="sum")
        norm = graph.add("function", squares, name="sqrt")
    else:
        how = "sum" if step.norm == "l1" else "maximum"
        norm = graph.add("reduce", graph.add("absolute", x), how=how)
    small = graph.add("compare", norm, how="less", by=np.array([_SMALLEST_NORM]))
    one = graph.add("clip", norm, low=np.ones(1), high=np.ones(1))
    return graph.add("combine", x, graph.add("choose", small, one, norm), how="divide")


@exporter(KernelCenterer)
def kernel_centerer(step: KernelCenterer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """out = x - column means of fit - row mean + mean of fit, in this order. Tier T1.

    Source: KernelCenterer.transform.
    """
    x = graph.validate(step, x)
    rows = np.asarray(step.K_fit_rows_, np.float64)
    mean = graph.add("divide", graph.add("reduce", x, how="sum"), by=np.array([float(len(rows))]))
    centred = graph.add("combine", graph.add("subtract", x, by=rows), mean, how="subtract")
    return graph.add("add", centred, by=np.full(x.width, float(step.K_fit_all_)))
