"""KernelDensity: how dense the rows of fit lie around a row."""

import numpy as np
from sklearn.neighbors import KDTree, KernelDensity

from bascule.export import Frame, Graph, Outputs, Tensor, exporter
from bascule.exporters.columns import without_float32
from bascule.exporters.neighbors import metric_of, parameters_of, tree_tensors


@exporter(KernelDensity)
def kernel_density(step: KernelDensity, x: Tensor | Frame, graph: Graph) -> Outputs:
    """score_samples = the log of the mean kernel, bounded node by node as Python does. Tier T1.

    Within `atol` and `rtol` the answer is an approximation, and it is the same one.
    Source: KernelDensity.score_samples, BinaryTree.kernel_density.
    """
    tree = step.tree_
    metric = metric_of(step, step.metric, step.metric_params or {})
    weights = None if tree.sample_weight is None else np.asarray(tree.sample_weight, np.float64)
    total = float(tree.data.shape[0]) if weights is None else float(tree.sum_weight)
    with np.errstate(divide="ignore"):
        logs = None if weights is None else np.array([np.log(weight) for weight in weights])
    log_density = graph.add(
        "kernel_density",
        graph.validate(step, without_float32(x, graph)),
        metric=metric,
        search="kd_tree" if isinstance(tree, KDTree) else "ball_tree",
        kernel=step.kernel,
        bandwidth=float(step.bandwidth_),
        atol=float(step.atol * total),
        rtol=float(step.rtol),
        breadth_first=bool(step.breadth_first),
        weights=weights,
        log_weights=logs,
        total=None if weights is None else total,
        **tree_tensors(step, tree),
        **parameters_of(step, metric, step.metric_params or {}),
    )
    score = graph.add("subtract", log_density, by=np.array([np.log(total)]))
    return Outputs({"score_samples": score})
