"""Binarizer and KBinsDiscretizer: numbers to a few values."""

import numpy as np
from sklearn.preprocessing import Binarizer, KBinsDiscretizer

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter


@exporter(Binarizer)
def binarizer(step: Binarizer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """1 where x > threshold, else 0. Tier T0. Source: binarize."""
    x = graph.validate(step, x, sparse=True)
    threshold = np.full(x.width, float(step.threshold))
    above = graph.add("compare", graph.dense(x), how="greater", by=threshold)
    return graph.add("to_sparse", above) if x.kind == "csr" else above


@exporter(KBinsDiscretizer)
def k_bins_discretizer(step: KBinsDiscretizer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """How many inner edges lie at or below a number, as it is or one-hot. Tier T0.

    Source: KBinsDiscretizer.transform.
    """
    if step.dtype is not None and np.dtype(step.dtype) != np.float64:
        raise Unsupported(step, f"dtype={np.dtype(step.dtype).name}", "Pass dtype='float64'")
    x = graph.validate(step, x)
    blocks = []
    for i, edges in enumerate(step.bin_edges_):
        column = graph.add("select", x, columns=np.array([i]))
        code = graph.add("bucket", column, edges=np.asarray(edges, np.float64)[1:-1])
        if step.encode == "ordinal":
            blocks.append(graph.add("cast", code))
            continue
        width = int(step.n_bins_[i])
        sparse = step.encode == "onehot"
        positions = np.arange(width)
        blocks.append(graph.add("one_hot", code, width=width, sparse=sparse, position=positions))
    return blocks[0] if len(blocks) == 1 else graph.add("concat", *blocks)
