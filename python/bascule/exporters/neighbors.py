"""Nearest neighbours: which stored rows are near, and what their labels and values say."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.metrics._pairwise_distances_reduction import RadiusNeighborsClassMode
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    KNeighborsTransformer,
    LocalOutlierFactor,
    NearestNeighbors,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
    RadiusNeighborsTransformer,
)
from sklearn.preprocessing import normalize

from bascule.export import Array, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.fitted import float64

# How scikit-learn spells the metrics that it computes itself.
_NAMES = {
    "l2": "euclidean",
    "cityblock": "manhattan",
    "l1": "manhattan",
    "infinity": "chebyshev",
    "p": "minkowski",
    "sokalmichener": "rogerstanimoto",
}
_METRICS = frozenset(
    "euclidean manhattan chebyshev minkowski seuclidean mahalanobis hamming canberra braycurtis "
    "jaccard dice rogerstanimoto russellrao sokalsneath haversine cosine nan_euclidean".split()
)
# Metrics whose brute force is scikit-learn's own loop (ArgKmin); of the others it is scipy's.
_SCANNED = frozenset(
    "manhattan chebyshev minkowski seuclidean canberra braycurtis haversine".split()
)
# Metrics that count columns, so that many rows are equally far.
_COUNTED = frozenset("hamming jaccard dice rogerstanimoto russellrao sokalsneath".split())
_TOO_MANY_CELLS = 2**25  # a quarter of a gigabyte


@exporter(KNeighborsClassifier)
def k_neighbors_classifier(step: KNeighborsClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The shares of the classes among the n nearest; the largest share wins, the first of equals.

    Whole votes T0 (distances by brute force T1), weights='distance' T1. Where two rows are equally
    near, the one that Python's tree or heap keeps.
    Source: KNeighborsClassifier.predict and predict_proba, _get_weights.
    """
    found = nearest(step, x, step.n_neighbors, graph)
    return _class_outputs(step, found, [None] * _target_count(step), graph)


@exporter(KNeighborsRegressor)
def k_neighbors_regressor(step: KNeighborsRegressor, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The mean of the n nearest targets. Tier T1. Source: KNeighborsRegressor.predict."""
    found = nearest(step, x, step.n_neighbors, graph)
    return Outputs({"predict": _mean(step, found, graph)})


@exporter(RadiusNeighborsClassifier)
def radius_neighbors_classifier(
    step: RadiusNeighborsClassifier, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """The shares of the classes within the radius; with none there, `outlier_label`.

    Without `outlier_label` such a row is refused. Tiers as KNeighborsClassifier.
    Source: RadiusNeighborsClassifier.predict and predict_proba.
    """
    classes = _classes(step)
    by_class = _is_by_class(step, x)
    outliers: list[Any] = [None] * len(classes)
    if step.outlier_label_ is not None:
        known = [np.arange(len(classes[0]))] if by_class else classes
        labels = [step.outlier_label] if by_class else step.outlier_label_
        outliers = [
            np.array([label == one for one in of], np.float64)
            for of, label in zip(known, labels, strict=True)
        ]
    found = within(step, x, graph, check=not by_class)
    return _class_outputs(step, found, outliers, graph)


@exporter(RadiusNeighborsRegressor)
def radius_neighbors_regressor(
    step: RadiusNeighborsRegressor, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """The mean of the targets within the radius; with none there, NaN. Tier T1.

    Source: RadiusNeighborsRegressor.predict.
    """
    return Outputs({"predict": _mean(step, within(step, x, graph), graph)})


@exporter(NearestNeighbors)
def nearest_neighbors(step: NearestNeighbors, x: Tensor | Frame, graph: Graph) -> Outputs:
    """kneighbors.0 are the distances to the n nearest, kneighbors.1 their positions in fit.

    Tier T0; by dot products T1. Source: KNeighborsMixin.kneighbors.
    """
    found = nearest(step, x, step.n_neighbors, graph)
    return Outputs(
        {"kneighbors.0": distances_of(found, graph), "kneighbors.1": positions_of(found, graph)}
    )


@exporter(KNeighborsTransformer)
def k_neighbors_transformer(step: KNeighborsTransformer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """A sparse row over the rows of fit; with mode='distance' of one neighbour more.

    Tiers as NearestNeighbors. Source: KNeighborsTransformer.transform.
    """
    by_distance = step.mode == "distance"
    found = nearest(step, x, step.n_neighbors + int(by_distance), graph)
    return graph.add(
        "neighbor_graph", found, points=int(step.n_samples_fit_), connectivity=not by_distance
    )


@exporter(RadiusNeighborsTransformer)
def radius_neighbors_transformer(
    step: RadiusNeighborsTransformer, x: Tensor | Frame, graph: Graph
) -> Tensor:
    """A sparse row over the rows of fit that lie within the radius.

    Tiers as NearestNeighbors. Source: RadiusNeighborsTransformer.transform.
    """
    return within(step, x, graph, connectivity=step.mode == "connectivity")


@exporter(LocalOutlierFactor)
def local_outlier_factor(step: LocalOutlierFactor, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The density around the nearest, relative to the row's own. Tier T1.

    Source: LocalOutlierFactor.score_samples and _local_reachability_density.
    """
    if not step.novelty:
        raise Unsupported(step, "novelty=False", "Fit with novelty=True to score new rows")
    k = step.n_neighbors_
    found = nearest(step, x, k, graph)
    at = positions_of(found, graph)
    farthest = float64(step, "_distances_fit_X_")[:, k - 1]
    far = graph.add("take_each", at, values=np.ascontiguousarray(farthest))
    reach = graph.add("combine", distances_of(found, graph), far, how="maximum")
    density = graph.add(
        "function", _shifted(_mean_of(reach, graph), 1e-10, graph), name="reciprocal"
    )
    around = graph.add("take_each", at, values=np.asarray(step._lrd, np.float64))
    ratio = graph.add("combine", around, density, how="divide")
    score = graph.add("function", _mean_of(ratio, graph), name="negative")
    decision = graph.add("subtract", score, by=np.array([float(step.offset_)]))
    inlier = graph.add("greater", decision, than=-5e-324)
    return Outputs(
        {
            "predict": graph.labels(inlier, [-1, 1]),
            "score_samples": score,
            "decision_function": decision,
        },
        kind="anomaly",
    )


def nearest(step: Any, x: Tensor | Frame, k: int, graph: Graph) -> Tensor:
    """The k nearest of the rows that `step` was fitted on: k distances, then k positions.

    Source: KNeighborsMixin.kneighbors.
    """
    if k > step.n_samples_fit_:
        raise Unsupported(
            step,
            f"n_neighbors={k} of {step.n_samples_fit_} rows, which Python refuses",
            "Fit with fewer neighbours, or on more rows",
        )
    x, search, given = _search(step, x, graph)
    if search == "partition" and given["metric"] in _COUNTED:
        # numpy.argpartition keeps of equals what the processor's sort leaves: one label in seven.
        raise Unsupported(
            step,
            f"metric={given['metric']!r} by brute force, which chooses among equals by processor",
            "Use algorithm='ball_tree'",
        )
    return graph.add("nearest", x, k=int(k), search=search, **given)


def within(
    step: Any, x: Tensor | Frame, graph: Graph, connectivity: bool = False, check: bool = True
) -> Tensor:
    """The rows of fit within `step.radius`, sparse. Source: RadiusNeighborsMixin."""
    x, search, given = _search(step, x, graph, check)
    return graph.add(
        "within",
        x,
        radius=float(step.radius),
        search="scan" if search == "partition" else search,
        connectivity=connectivity,
        **given,
    )


def distances_of(found: Tensor, graph: Graph) -> Tensor:
    """The first half of what `nearest` gives."""
    return graph.add("select", found, columns=np.arange(found.width // 2))


def positions_of(found: Tensor, graph: Graph) -> Tensor:
    """The second half of what `nearest` gives."""
    return graph.add("select", found, columns=np.arange(found.width // 2, found.width))


def _search(
    step: Any, x: Tensor | Frame, graph: Graph, check: bool = True
) -> tuple[Tensor, str, dict[str, Any]]:
    """The checked input, how it is searched, and what `nearest` and `within` need for that."""
    metric = metric_of(step, step.effective_metric_, step.effective_metric_params_)
    integers = _is_whole(x)
    if check:
        x = graph.validate(step, x, missing=metric == "nan_euclidean", sparse=True)
    else:
        x = graph.dense(x)
        x = graph.add("select", x, columns=np.arange(x.width))
    x = graph.dense(x)
    parameters = parameters_of(step, metric, step.effective_metric_params_ or {})
    method = step._fit_method
    if method in ("kd_tree", "ball_tree"):
        given = {**tree_tensors(step, step._tree), **parameters}
        return x, method, {"metric": metric, **given}
    points = fitted_points(step, step._fit_X)
    own = step._fit_X.dtype == np.float64 and not integers and _is_dense(step._fit_X)
    if metric == "cosine":
        points = normalize(points)
    given = {"points": points, **parameters}
    if metric == "euclidean":
        return x, "scan" if own else "partition", {"metric": "dot_euclidean", **given}
    return x, "scan" if own and metric in _SCANNED else "partition", {"metric": metric, **given}


def metric_of(step: Any, metric: Any, params: Mapping[str, Any]) -> str:
    """The engine's name of a metric."""
    known = _NAMES.get(metric, metric) if isinstance(metric, str) else None
    if known not in _METRICS:
        shown = metric if isinstance(metric, str) else getattr(metric, "__name__", str(metric))
        raise Unsupported(
            step, f"metric={shown!r}", "Use a metric that scikit-learn computes itself"
        )
    if known == "minkowski" and np.isinf(params.get("p", 2)):
        return "chebyshev"
    return str(known)


def parameters_of(step: Any, metric: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """What the metric itself needs."""
    if metric == "minkowski":
        weights = params.get("w")
        given = None if weights is None else np.asarray(weights, np.float64)
        return {"p": float(params.get("p", 2)), "column_weights": given}
    if metric == "seuclidean":
        if "V" not in params:
            raise _without("V", step, metric)
        return {"column_weights": np.asarray(params["V"], np.float64)}
    if metric == "mahalanobis":
        if "VI" not in params and "V" not in params:
            raise _without("VI", step, metric)
        inverse = params["VI"] if params.get("VI") is not None else np.linalg.inv(params["V"])
        return {"matrix": np.ascontiguousarray(inverse, np.float64)}
    return {}


def _without(name: str, step: Any, metric: str) -> Unsupported:
    return Unsupported(
        step, f"metric={metric!r} without {name}", f"Pass metric_params={{{name!r}: ...}}"
    )


def fitted_points(step: Any, X: Any) -> Array:
    """The rows of fit, dense float64."""
    if int(X.shape[0]) * int(X.shape[1]) > _TOO_MANY_CELLS:
        raise Unsupported(
            step,
            f"{X.shape[0]} sparse rows of {X.shape[1]} columns to compare with",
            "Reduce the columns first, for example with TruncatedSVD",
        )
    dense = X if _is_dense(X) else X.toarray()
    if dense.dtype == np.float32:
        raise Unsupported(step, "fitted on float32", "Fit on X.astype('float64')")
    return np.ascontiguousarray(dense, np.float64)


def tree_tensors(step: Any, tree: Any) -> dict[str, Any]:
    """A fitted KDTree or BallTree as the engine searches it."""
    data, order, nodes, bounds = (np.asarray(part) for part in tree.get_arrays())
    if data.dtype != np.float64:
        raise Unsupported(step, "fitted on float32", "Fit on X.astype('float64')")
    return {
        "points": np.ascontiguousarray(data),
        "order": order.astype(np.int64),
        "first": nodes["idx_start"].astype(np.int64),
        "last": nodes["idx_end"].astype(np.int64),
        "leaf": nodes["is_leaf"].astype(np.uint8),
        "node_radius": np.ascontiguousarray(nodes["radius"], np.float64),
        "bounds": np.ascontiguousarray(bounds.reshape(-1, data.shape[1])),
    }


def _is_by_class(step: RadiusNeighborsClassifier, x: Tensor | Frame) -> bool:
    """Whether Python counts classes in its own loop over an array.

    That loop does not check for NaN, and compares `outlier_label` with the positions of the
    classes. Source: RadiusNeighborsClassifier.predict_proba, RadiusNeighborsClassMode.
    """
    euclidean = step.metric == "euclidean" or (step.metric == "minkowski" and step.p == 2)
    usable = RadiusNeighborsClassMode.is_usable_for(step._fit_X, step._fit_X, step.metric)
    by_loop = step._fit_method == "brute" and step.weights == "uniform" and usable
    return isinstance(x, Tensor) and by_loop and not euclidean and not step.outputs_2d_


def _is_dense(X: Any) -> bool:
    return isinstance(X, np.ndarray)


def _is_whole(x: Tensor | Frame) -> bool:
    """Whether Python holds these columns as a matrix of integers."""
    columns = x.tensors if isinstance(x, Frame) else [x]
    return all(column.kind in ("i64", "bool") for column in columns)


def _weights(step: Any) -> str:
    if step.weights in (None, "uniform"):
        return "uniform"
    if step.weights == "distance":
        return "distance"
    name = getattr(step.weights, "__name__", type(step.weights).__name__)
    raise Unsupported(step, f"weights={name}", "Use weights='uniform' or 'distance'")


def _target_count(step: Any) -> int:
    return len(step.classes_) if step.outputs_2d_ else 1


def _classes(step: Any) -> list[Any]:
    return list(step.classes_) if step.outputs_2d_ else [step.classes_]


def _class_outputs(step: Any, found: Tensor, outliers: list[Any], graph: Graph) -> Outputs:
    """Shares and decisions, one of each per target.

    outliers   the shares of a row without neighbours, per target; None: it is refused
    """
    labels = np.asarray(step._y).reshape(step.n_samples_fit_, -1)
    classes = _classes(step)
    methods: dict[str, Tensor] = {}
    shares = []
    for target, known in enumerate(classes):
        share = graph.add(
            "neighbor_votes",
            found,
            labels=labels[:, target].astype(np.int64),
            classes=len(known),
            weights=_weights(step),
            otherwise=outliers[target],
        )
        shares.append(graph.labels(share, known))
        methods[_part("predict", target, step)] = _decided(step, share, target, outliers, graph)
    for target, share in enumerate(shares):
        methods[_part("predict_proba", target, step)] = share
    return Outputs(methods)


def _decided(step: Any, share: Tensor, target: int, outliers: list[Any], graph: Graph) -> Tensor:
    """The class of the largest share; a label that no class has where all shares are 0."""
    known = list(_classes(step)[target])
    if outliers[target] is None or outliers[target].any():
        return graph.labels(graph.add("argmax", share), known)
    most = graph.add("reduce", share, how="maximum")
    nothing = graph.add("compare", most, how="equal", by=np.zeros(1))
    twice = graph.add("multiply", nothing, by=np.array([2.0]))
    chosen = graph.add("argmax", graph.add("concat", share, twice))
    label = step.outlier_label_[target]
    if label in known:
        codes = np.array([*range(len(known)), known.index(label)])
        return graph.labels(graph.add("map_codes", chosen, map=codes, otherwise=0), known)
    return graph.labels(chosen, [*known, label])


def _part(method: str, target: int, step: Any) -> str:
    return f"{method}.{target}" if step.outputs_2d_ else method


def _mean(step: Any, found: Tensor, graph: Graph) -> Tensor:
    y = np.asarray(step._y)
    values = y.reshape(step.n_samples_fit_, -1)
    if y.dtype == np.float32:
        raise Unsupported(step, "targets of float32", "Fit on y.astype('float64')")
    with np.errstate(invalid="ignore"):
        nothing = np.full_like(values[0], np.nan)  # of whole targets what NaN becomes as one
    return graph.add(
        "neighbor_mean",
        found,
        values=np.ascontiguousarray(values, np.float64),
        weights=_weights(step),
        otherwise=nothing.astype(np.float64),
    )


def _mean_of(x: Tensor, graph: Graph) -> Tensor:
    return graph.add("divide", graph.add("reduce", x, how="sum"), by=np.array([float(x.width)]))


def _shifted(x: Tensor, by: float, graph: Graph) -> Tensor:
    return graph.add("add", x, by=np.array([by]))
