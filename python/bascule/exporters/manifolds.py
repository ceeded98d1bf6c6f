"""Manifolds and metrics that are learned: NeighborhoodComponentsAnalysis, Isomap, LLE."""

import numpy as np
from sklearn.manifold import Isomap, LocallyLinearEmbedding
from sklearn.neighbors import NeighborhoodComponentsAnalysis

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter
from bascule.exporters.neighbors import nearest, within


@exporter(NeighborhoodComponentsAnalysis)
def neighborhood_components_analysis(
    step: NeighborhoodComponentsAnalysis, x: Tensor | Frame, graph: Graph
) -> Tensor:
    """x @ components.T. Tier T1: BLAS. Source: NeighborhoodComponentsAnalysis.transform."""
    x = graph.validate(step, x)
    return graph.add("linear", x, weights=np.ascontiguousarray(step.components_, np.float64))


@exporter(Isomap)
def isomap(step: Isomap, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Shortest ways to every row of fit, by the neighbours; then the fitted kernel PCA. Tier T1.

    Source: Isomap.transform, KernelPCA.transform, KernelCenterer.transform.
    """
    if np.asarray(step.dist_matrix_).dtype != np.float64:
        raise Unsupported(step, "fitted on float32", "Fit on X.astype('float64')")
    if step.n_neighbors is not None:
        found = nearest(step.nbrs_, x, step.nbrs_.n_neighbors, graph)
    else:
        found = within(step.nbrs_, x, graph)
    paths = graph.add("nearest_paths", found, paths=np.ascontiguousarray(step.dist_matrix_))
    squares = graph.add("function", paths, name="square")
    kernel = graph.add("multiply", squares, by=np.full(paths.width, -0.5))
    kernel = graph.add("check_finite", kernel)
    pca, count = step.kernel_pca_, float(paths.width)
    mean = graph.add("divide", graph.add("reduce", kernel, how="sum"), by=np.array([count]))
    centred = graph.add("subtract", kernel, by=np.asarray(pca._centerer.K_fit_rows_))
    centred = graph.add("combine", centred, mean, how="subtract")
    centred = graph.add("add", centred, by=np.full(paths.width, pca._centerer.K_fit_all_))
    kept = np.flatnonzero(pca.eigenvalues_)
    alphas = np.zeros_like(pca.eigenvectors_)
    alphas[:, kept] = pca.eigenvectors_[:, kept] / np.sqrt(pca.eigenvalues_[kept])
    return graph.add("linear", centred, weights=np.ascontiguousarray(alphas.T))


@exporter(LocallyLinearEmbedding)
def locally_linear_embedding(
    step: LocallyLinearEmbedding, x: Tensor | Frame, graph: Graph
) -> Tensor:
    """The row as a weighted sum of its neighbours, in the embedding. Tier T2: a solved system.

    Source: LocallyLinearEmbedding.transform and barycenter_weights.
    """
    if step.reg <= 0:
        raise Unsupported(step, f"reg={step.reg}: the weights may be anything", "Use reg > 0")
    x = graph.validate(step, x)
    return graph.add(
        "barycenter",
        x,
        nearest(step.nbrs_, x, step.n_neighbors, graph),
        points=np.ascontiguousarray(step.nbrs_._fit_X, np.float64),
        values=np.ascontiguousarray(step.embedding_, np.float64),
        reg=float(step.reg),
    )
