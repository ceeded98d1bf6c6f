"""Decompositions without negative numbers: topics of texts, and parts."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import NMF, LatentDirichletAllocation, MiniBatchNMF

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter
from bascule.exporters.fitted import float64


@exporter(LatentDirichletAllocation)
def latent_dirichlet_allocation(
    step: LatentDirichletAllocation, x: Tensor | Frame, graph: Graph
) -> Tensor:
    """Each row's shares of the topics, by the iteration that Python runs for each row. Tier T2.

    Source: LatentDirichletAllocation.transform, _update_doc_distribution.
    """
    words = float64(step, "exp_dirichlet_component_")
    x = _not_negative(graph.validate(step, x, sparse=True), graph)
    return graph.add(
        "topic_distribution",
        x,
        words=np.ascontiguousarray(words.T),
        prior=float(step.doc_topic_prior_),
        tolerance=float(step.mean_change_tol),
        iterations=int(step.max_doc_update_iter),
    )


@exporter(NMF)
def nmf(step: NMF, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The weights of a row by coordinate descent, as Python solves for that row alone. Tier T2.

    Python stops when all rows of a batch together have converged, so that its answer for a row
    differs with the rows beside it; a package answers each row as `transform` of that one row.
    Source: NMF.transform, _fit_coordinate_descent, _update_cdnmf_fast.
    """
    if step.solver != "cd":
        raise Unsupported(
            step,
            f"solver={step.solver!r}, which starts from the mean of a batch",
            "Use solver='cd'",
        )
    if step.shuffle and step.n_components_ > 1:
        raise Unsupported(step, "shuffle=True, which draws an order at random", "Set shuffle=False")
    components = float64(step, "components_")
    graph.alone = True
    x = _not_negative(graph.validate(step, x, sparse=True), graph)
    l1 = x.width * step.alpha_W * step.l1_ratio
    l2 = x.width * step.alpha_W * (1.0 - step.l1_ratio)
    transposed = np.ascontiguousarray(components.T)
    gram = np.dot(transposed.T, transposed)
    if l2 != 0.0:
        gram.flat[:: len(gram) + 1] += l2
    product = graph.add("linear", x, weights=np.ascontiguousarray(components))
    if l1 != 0.0:
        product = graph.add("subtract", product, by=np.full(product.width, l1))
    return graph.add(
        "non_negative_weights",
        product,
        gram=gram,
        tolerance=float(step.tol),
        iterations=int(step.max_iter),
    )


@exporter(MiniBatchNMF)
def mini_batch_nmf(step: MiniBatchNMF, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The weights of a row by multiplicative updates, as Python finds them for that row alone. T2.

    Python starts every row of a batch from one mean and stops them together, so that its answer
    for a row differs with the rows beside it; a package answers each as `transform` of that row.
    Negative numbers are let in, as Python does. Source: MiniBatchNMF.transform, _solve_W,
    _multiplicative_update_w.
    """
    components = float64(step, "components_")
    graph.alone = True
    x = graph.validate(step, x, sparse=True)
    beta = float(step._beta_loss)
    return graph.add(
        "multiplicative_weights",
        x,
        components=np.ascontiguousarray(components.T),
        gram=np.dot(components, components.T) if beta == 2 else None,
        beta=beta,
        power=float(step._gamma),
        l1=float(x.width * step.alpha_W * step.l1_ratio),
        l2=float(x.width * step.alpha_W * (1.0 - step.l1_ratio)),
        tolerance=float(step.tol),
        iterations=int(step._transform_max_iter),
    )


def _not_negative(x: Tensor, graph: Graph) -> Tensor:
    return graph.add("check_range", x, low=np.zeros(x.width), high=np.full(x.width, np.inf))
