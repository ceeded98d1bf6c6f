"""KNNImputer and IterativeImputer: a missing cell is told by similar rows, or by other columns."""

from typing import Any

import numpy as np
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer

from bascule.export import Array, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.columns import is_nan


@exporter(KNNImputer)
def knn_imputer(step: KNNImputer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The mean of the n nearest rows of fit that have the column. Tier T1.

    Distances skip what is missing on either side; indicator columns follow.
    Source: KNNImputer.transform and _calc_impute, nan_euclidean_distances.
    """
    if step.metric != "nan_euclidean":
        name = getattr(step.metric, "__name__", str(step.metric))
        raise Unsupported(step, f"metric={name}", "Use metric='nan_euclidean'")
    if step.weights not in ("uniform", "distance"):
        name = getattr(step.weights, "__name__", str(step.weights))
        raise Unsupported(step, f"weights={name}", "Use weights='uniform' or 'distance'")
    if step._fit_X.dtype == np.float32:  # Python averages its cells in float32
        raise Unsupported(step, "fitted on float32", "Fit on X.astype('float64')")
    x = _marked(step, x, graph)
    known = np.where(step._mask_fit_X, np.nan, np.asarray(step._fit_X, np.float64))
    valid = np.asarray(step._valid_mask)
    filled = graph.add(
        "impute_nearest",
        x,
        metric="nan_euclidean",
        points=np.ascontiguousarray(known),
        means=np.array([_mean(known[:, col]) for col in range(known.shape[1])]),
        k=int(step.n_neighbors),
        weights=step.weights,
    )
    columns = [_column(filled, col, graph) for col in range(x.width)]
    if step.keep_empty_features:
        kept = [c if valid[i] else _zeros(x, graph) for i, c in enumerate(columns)]
    else:
        kept = [c for i, c in enumerate(columns) if valid[i]]
    if not kept:
        raise Unsupported(step, "every column was empty in fit", "Remove this imputer")
    return _with_indicator(step, x, _joined(kept, graph), graph)


@exporter(IterativeImputer)
def iterative_imputer(step: IterativeImputer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Round by round each missing column is predicted from the others. Tier T2.

    A row is imputed for itself: one with nothing in it keeps its first filling, as Python gives
    when it is asked for that row alone; among others Python would go through the rounds.
    Source: IterativeImputer.transform and _impute_one_feature.
    """
    if step.sample_posterior:
        raise Unsupported(
            step, "sample_posterior=True: imputations are drawn at random", "Pass False"
        )
    x = _marked(step, x, graph)
    first = graph.transform(_for_nan(step), x, "initial_imputer_")
    first = graph.dense(first)
    empty = np.asarray(step._is_empty_feature)
    origin = np.arange(x.width) if step.keep_empty_features else np.flatnonzero(~empty)
    if step.n_iter_ == 0:
        return _with_indicator(step, x, first, graph)
    given = graph.add("select", x, columns=origin)
    missing = graph.add("is_missing", given)
    columns = [_column(first, i, graph) for i in range(len(origin))]
    zeros = _zeros(x, graph)
    holes = [_column(missing, i, graph) for i in range(len(origin))]
    for at, (target, neighbors, estimator) in enumerate(step.imputation_sequence_):
        if step.keep_empty_features and empty[target]:
            continue
        others = _joined([columns[i] for i in neighbors], graph)
        # Python asks for the rows that miss the column only, and may refuse those only.
        unasked = graph.add("select", zeros, columns=np.zeros(others.width, np.int64))
        asked = graph.add("choose", holes[target], others, unasked)
        predicted = _predicted(estimator, asked, at, graph)
        low, high = float(step._min_value[target]), float(step._max_value[target])
        clipped = graph.add("clip", predicted, low=np.array([low]), high=np.array([high]))
        columns[target] = graph.add("choose", holes[target], clipped, columns[target])
    seen = given
    if step.keep_empty_features and empty.any() and not empty.all():
        seen = graph.add("select", x, columns=np.flatnonzero(~empty))
    if not (step.keep_empty_features and empty.any()):
        rounds = graph.add("unless_all_missing", seen, first, _joined(columns, graph))
    else:
        # An empty column counts as present, so the rounds are never skipped.
        rounds = _joined(columns, graph)
    return _with_indicator(step, x, rounds, graph)


def _for_nan(step: IterativeImputer) -> Any:
    """The first imputer, of cells whose mark is NaN by now."""
    from sklearn.base import clone

    fitted = step.initial_imputer_
    if is_nan(step.missing_values):
        return fitted
    again = clone(fitted).set_params(missing_values=np.nan)
    again.__dict__.update({k: v for k, v in vars(fitted).items() if k.endswith("_")})
    for name in ("_fit_dtype", "_fill_dtype"):  # the second since scikit-learn 1.7
        if hasattr(fitted, name):
            setattr(again, name, getattr(fitted, name))
    return again


def _predicted(estimator: Any, x: Tensor, at: int, graph: Graph) -> Tensor:
    result = graph.export(estimator, x, str(at), "imputation")
    if not isinstance(result, Outputs) or "predict" not in result:
        raise Unsupported(estimator, "it predicts no column", "Use a regressor")
    predict = result["predict"]
    if predict.kind != "f64" or predict.width != 1:
        raise Unsupported(estimator, "it predicts labels, not numbers", "Use a regressor")
    return predict


def _marked(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Numbers, with the step's own mark of a missing value turned into NaN."""
    if is_nan(step.missing_values):
        return graph.validate(step, x, missing=True)
    mark = step.missing_values
    if not isinstance(mark, (int, float, np.integer, np.floating)) or not np.isfinite(mark):
        raise Unsupported(step, f"missing_values={mark!r}", "Mark missing numbers with NaN")
    return graph.add("mark_missing", graph.validate(step, x), value=float(mark))


def _with_indicator(step: Any, x: Tensor, filled: Tensor, graph: Graph) -> Tensor:
    if not step.add_indicator or len(step.indicator_.features_) == 0:
        return filled
    chosen = graph.add("select", x, columns=np.asarray(step.indicator_.features_))
    return graph.add("concat", filled, graph.add("is_missing", chosen))


def _mean(column: Array) -> float:
    known = column[~np.isnan(column)]
    return float(np.ma.array(column, mask=np.isnan(column)).mean()) if len(known) else np.nan


def _column(x: Tensor, at: int, graph: Graph) -> Tensor:
    return graph.add("select", x, columns=np.array([at]))


def _joined(columns: list[Tensor], graph: Graph) -> Tensor:
    return columns[0] if len(columns) == 1 else graph.add("concat", *columns)


def _zeros(x: Tensor, graph: Graph) -> Tensor:
    missing = graph.add("is_missing", _column(x, 0, graph))
    return graph.add("multiply", missing, by=np.zeros(1))
