"""SimpleImputer and MissingIndicator: fill what is missing, and say where it was."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.impute import MissingIndicator, SimpleImputer

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter
from bascule.exporters.columns import column_name, is_nan, single_columns


@exporter(SimpleImputer)
def simple_imputer(step: SimpleImputer, x: Tensor | Frame, graph: Graph) -> Tensor | Frame:
    """Missing cells become the column's statistic; indicator columns follow. Tier T0.

    Columns whose statistic is NaN (nothing was seen in fit) are left out. Numbers are one matrix;
    with texts among them each column is filled on its own, as numpy does in an object array.
    Source: SimpleImputer.transform and _BaseImputer._concatenate_indicator.
    """
    if isinstance(x, Tensor) and x.kind == "csr":
        raise Unsupported(step, "sparse input", "Make the input dense first")
    if all(column.is_number for column in (x if isinstance(x, Frame) else [x])):
        return _numbers(step, _checked(step, x, graph), graph)
    return _objects(step, x, graph)


@exporter(MissingIndicator)
def missing_indicator(step: MissingIndicator, x: Tensor | Frame, graph: Graph) -> Tensor:
    """1 where a cell is missing, for the columns `features_`. Tier T0.

    With `error_on_new` a row that misses another column is refused.
    Source: MissingIndicator.transform.
    """
    if step.sparse is True or (isinstance(x, Tensor) and x.kind == "csr"):
        raise Unsupported(step, "sparse=True", "Pass sparse=False")
    x = _checked(step, x, graph)
    features = np.asarray(step.features_)
    others = np.setdiff1d(np.arange(x.width), features)
    if step.features == "missing-only" and step.error_on_new and len(others):
        complete = _select(x, others, graph)
        complete = graph.add("check_finite", complete, columns=list(complete.columns))
        x = graph.add("concat", _select(x, features, graph), complete)
        features = np.arange(len(features))
    return graph.add("is_missing", _select(x, features, graph))


def _checked(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Numbers, with the step's own mark of a missing value turned into NaN."""
    mark = step.missing_values
    if is_nan(mark):
        return graph.validate(step, x, missing=True)
    if not isinstance(mark, (int, float, np.integer, np.floating)) or not np.isfinite(mark):
        raise Unsupported(
            step, f"missing_values={mark!r} on numbers", "Mark missing numbers with NaN"
        )
    return graph.add("mark_missing", graph.validate(step, x), value=float(mark))


def _numbers(step: SimpleImputer, x: Tensor, graph: Graph) -> Tensor:
    kept = _kept(step)
    if len(kept) == 0:
        raise Unsupported(step, "every column was empty in fit", "Remove this imputer")
    values = np.asarray(step.statistics_)[kept].astype(step._fill_dtype).astype(np.float64)
    filled = graph.add("fill_missing", _select(x, kept, graph), value=values)
    if not step.add_indicator or len(step.indicator_.features_) == 0:
        return filled
    missing = graph.add("is_missing", _select(x, step.indicator_.features_, graph))
    return graph.add("concat", filled, missing)


def _kept(step: SimpleImputer) -> NDArray[np.int64]:
    statistics = list(step.statistics_)
    if step.keep_empty_features:
        return np.arange(len(statistics))
    return np.array([i for i, value in enumerate(statistics) if not is_nan(value)], dtype=np.int64)


def _select(x: Tensor, columns: NDArray[np.int64], graph: Graph) -> Tensor:
    if np.array_equal(columns, np.arange(x.width)):
        return x
    return graph.add("select", x, columns=np.asarray(columns))


def _objects(step: SimpleImputer, x: Tensor | Frame, graph: Graph) -> Frame:
    columns = single_columns(step, x, graph)
    filled = [_filled(step, x, columns[i], i, graph) for i in _kept(step)]
    if step.add_indicator:
        filled += [_is_missing(step, x, columns[i], i, graph) for i in step.indicator_.features_]
    names = _names(step, len(filled))
    return Frame(
        (name, replace(column, dtype="object")) for name, column in zip(names, filled, strict=True)
    )


def _names(step: SimpleImputer, count: int) -> list[str]:
    names = list(step.get_feature_names_out())
    return [str(name) for name in names] if len(names) == count else [str(i) for i in range(count)]


def _filled(
    step: SimpleImputer, x: Tensor | Frame, column: Tensor, position: int, graph: Graph
) -> Tensor:
    value = step.statistics_[position]
    if isinstance(value, str) != (column.kind == "string"):
        raise Unsupported(
            step,
            f"column {column_name(x, position)} is filled with {value!r}, which is of another kind",
            "Impute texts and numbers in two steps",
        )
    if not _is_filled(step, x, column, position):
        return column
    if column.kind == "string":
        return graph.add("fill_missing_string", column, value=value)
    number = column if column.kind == "f64" else graph.add("cast", column)
    return graph.add("fill_missing", number, value=np.array([float(value)]))


def _is_missing(
    step: SimpleImputer, x: Tensor | Frame, column: Tensor, position: int, graph: Graph
) -> Tensor:
    if not _is_filled(step, x, column, position):
        raise Unsupported(
            step, "an indicator for a column whose nulls it does not see", "Use NaN for missing"
        )
    if column.kind not in ("f64", "string"):
        column = graph.add("cast", column)
    return graph.add("is_missing", column)


def _is_filled(step: SimpleImputer, x: Tensor | Frame, column: Tensor, position: int) -> bool:
    """Whether a null of this column is what the step calls missing.

    In an object array NaN is found by `x != x` and None by `x == None`
    (sklearn.utils._mask._get_dense_mask), so an imputer for NaN leaves None as it is.
    """
    null = column.missing or "nan"
    if is_nan(step.missing_values) and null in ("nan", "none"):
        return null == "nan"
    if step.missing_values is None and null == "none":
        return True
    raise Unsupported(
        step,
        f"missing_values={step.missing_values!r} while a null of column "
        f"{column_name(x, position)} is {null!r} in Python",
        "Use NaN for missing values: X.fillna(float('nan'))",
    )
