"""Clusters: the nearest centre, and how far each centre is."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.cluster import (
    AffinityPropagation,
    Birch,
    BisectingKMeans,
    KMeans,
    MeanShift,
    MiniBatchKMeans,
)
from sklearn.utils.extmath import row_norms

from bascule.export import Array, Frame, Graph, Outputs, Tensor, Unsupported, exporter


@exporter(KMeans, MiniBatchKMeans)
def k_means(step: KMeans | MiniBatchKMeans, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = the first smallest |c|^2 - 2 x.c; transform = the distances. Tier T1: BLAS.

    Source: _labels_inertia (_update_chunk_dense and _sparse), euclidean_distances.
    """
    centers = _centers(step, step.cluster_centers_)
    x = graph.validate(step, x, sparse=True)
    return Outputs(
        {
            "predict": graph.add("argmax", _closeness(x, centers, graph)),
            "transform": _distances(x, centers, graph),
        }
    )


@exporter(BisectingKMeans)
def bisecting_k_means(step: BisectingKMeans, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = down the tree of bisections, each time to the closer centre. Tier T1.

    Source: BisectingKMeans._predict_recursive.
    """
    x = graph.validate(step, x, sparse=True)
    label = _bisected(step, step._bisecting_tree, x, graph)
    count = int(step.n_clusters)
    shares = [
        graph.add("compare", label, how="equal", by=np.array([float(i)])) for i in range(count)
    ]
    predict = graph.add("argmax", graph.add("concat", *shares) if count > 1 else shares[0])
    centers = _centers(step, step.cluster_centers_)
    return Outputs({"predict": predict, "transform": _distances(x, centers, graph)})


@exporter(MeanShift, AffinityPropagation)
def nearest_center(step: Any, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = the first nearest centre. Tier T1. Source: pairwise_distances_argmin."""
    if getattr(step, "affinity", "") == "precomputed":
        raise Unsupported(step, "affinity='precomputed'", "Use affinity='euclidean'")
    if step.cluster_centers_.shape[0] == 0:
        raise Unsupported(step, "no cluster was found in fit", "Raise max_iter or damping")
    centers = _centers(step, step.cluster_centers_)
    x = graph.validate(step, x, sparse=isinstance(step, AffinityPropagation))
    return Outputs({"predict": graph.add("argmax", _nearness(x, centers, graph))})


@exporter(Birch)
def birch(step: Birch, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = the cluster of the first nearest subcluster; transform = all distances. Tier T1.

    Source: Birch._predict and transform.
    """
    centers = _centers(step, step.subcluster_centers_)
    x = graph.validate(step, x, sparse=True)
    nearest = graph.add("argmax", _nearness(x, centers, graph))
    labels = np.asarray(step.subcluster_labels_, np.int64)
    if not np.array_equal(labels, np.arange(len(labels))):
        nearest = graph.add("map_codes", nearest, map=labels, otherwise=-1)
    return Outputs({"predict": nearest, "transform": _distances(x, centers, graph)})


def _centers(step: Any, centers: Any) -> Array:
    """Dense; AffinityPropagation keeps rows of the matrix that it was fitted on, as they are."""
    if sparse.issparse(centers):
        centers = centers.toarray()
    if np.asarray(centers).dtype != np.float64:
        raise Unsupported(step, "fitted on float32", "Fit on X.astype('float64')")
    return np.ascontiguousarray(centers)


def _closeness(x: Tensor, centers: Array, graph: Graph) -> Tensor:
    """2 x.c - |c|^2: larger is closer. Factors of 2 and -1 change no bit."""
    return graph.add("linear", x, weights=2 * centers, bias=-row_norms(centers, squared=True))


def _nearness(x: Tensor, centers: Array, graph: Graph) -> Tensor:
    """Minus the squared distance, as ArgKmin ranks it."""
    squares = graph.add(
        "distances", graph.dense(x), metric="dot_euclidean", points=centers, reduced=True
    )
    return graph.add("multiply", squares, by=np.full(len(centers), -1.0))


def _distances(x: Tensor, centers: Array, graph: Graph) -> Tensor:
    return graph.add("distances", graph.dense(x), metric="dot_euclidean", points=centers)


def _bisected(step: BisectingKMeans, node: Any, x: Tensor, graph: Graph) -> Tensor:
    """The label as a number: the left one where the left centre is at least as close."""
    if node.left is None:
        zero = graph.add("multiply", _first(x, graph), by=np.zeros(1))
        return graph.add("add", zero, by=np.array([float(node.label)]))
    centers = np.vstack((node.left.center, node.right.center))
    if hasattr(step, "_X_mean"):
        centers = centers + step._X_mean
    closeness = _closeness(x, _centers(step, centers), graph)
    sides = [graph.add("select", closeness, columns=np.array([i])) for i in range(2)]
    right = graph.add("compare", sides[1], sides[0], how="greater")
    return graph.add(
        "choose", right, _bisected(step, node.right, x, graph), _bisected(step, node.left, x, graph)
    )


def _first(x: Tensor, graph: Graph) -> Tensor:
    return graph.add("select", graph.dense(x), columns=np.array([0]))
