"""SimpleImputer and MissingIndicator: fill what is missing, and say where it was."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.utils._missing import is_pandas_na
from sklearn.utils._set_output import _get_output_config

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter
from bascule.exporters.columns import column_name, is_nan, single_columns
from bascule.sklearn_versions import fill_dtype

_MOST_NAMED = 4096  # columns whose place is told in a refusal


@exporter(SimpleImputer)
def simple_imputer(step: SimpleImputer, x: Tensor | Frame, graph: Graph) -> Tensor | Frame:
    """Missing cells become the column's statistic; indicator columns follow. Tier T0.

    Columns whose statistic is NaN (nothing was seen in fit) are left out. Numbers are one matrix;
    with texts among them each column is filled on its own, as numpy does in an object array. Of
    sparse input the stored cells are looked at.
    Source: SimpleImputer.transform and _BaseImputer._concatenate_indicator.
    """
    if not _numeric(x):
        return _objects(step, x, graph)
    result = _numbers(step, _checked(step, x, graph), graph)
    return graph.add("to_sparse", result) if _is_sparse(x) else result


@exporter(MissingIndicator)
def missing_indicator(step: MissingIndicator, x: Tensor | Frame, graph: Graph) -> Tensor:
    """1 where a cell is missing, for the columns `features_`. Tier T0.

    With `error_on_new` a row that misses another column is refused.
    Source: MissingIndicator.transform.
    """
    if is_pandas_na(step.missing_values):
        raise Unsupported(step, "missing_values=pd.NA", "Use NaN for missing values")
    features = np.asarray(step.features_)
    if len(features) == 0:
        raise Unsupported(step, "no column was missing in fit", "Remove this indicator")
    if _numeric(x):
        missing = graph.add("is_missing", _checked(step, x, graph))
    else:
        columns = single_columns(step, x, graph)
        parts = [_is_missing(step, x, columns[i], i, graph) for i in range(len(columns))]
        missing = parts[0] if len(parts) == 1 else graph.add("concat", *parts)
    if step.features == "missing-only" and step.error_on_new:
        known = np.isin(np.arange(missing.width), features)
        columns_of = list(x.columns) if isinstance(x, Tensor) else [c.column for c in x]
        missing = graph.add(
            "check_range",
            missing,
            low=np.zeros(missing.width),
            high=np.where(known, 1.0, 0.0),
            columns=columns_of if missing.width <= _MOST_NAMED else None,
        )
    missing = _select(missing, features, graph)
    return graph.add("to_sparse", missing) if _gives_sparse(step, x) else missing


def _numeric(x: Tensor | Frame) -> bool:
    return all(c.is_number or c.kind == "csr" for c in (x if isinstance(x, Frame) else [x]))


def _is_sparse(x: Tensor | Frame) -> bool:
    return isinstance(x, Tensor) and x.kind == "csr"


def _gives_sparse(step: MissingIndicator, x: Tensor | Frame) -> bool:
    return step.sparse is True or (step.sparse == "auto" and _is_sparse(x))


def _checked(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Numbers, dense, with the step's own mark of a missing value turned into NaN.

    What a sparse matrix does not store is 0, which cannot be the mark.
    """
    mark = step.missing_values
    if is_nan(mark) or is_pandas_na(mark):
        return graph.dense(graph.validate(step, x, missing=True, sparse=True))
    if not isinstance(mark, (int, float, np.integer, np.floating)) or not np.isfinite(mark):
        raise Unsupported(
            step, f"missing_values={mark!r} on numbers", "Mark missing numbers with NaN"
        )
    x = graph.dense(graph.validate(step, x, sparse=True))
    return graph.add("mark_missing", x, value=float(mark))


def _numbers(step: SimpleImputer, x: Tensor, graph: Graph) -> Tensor:
    kept = _kept(step)
    if len(kept) == 0:
        raise Unsupported(step, "every column was empty in fit", "Remove this imputer")
    values = np.asarray(step.statistics_)[kept].astype(fill_dtype(step)).astype(np.float64)
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
    column = _marked(step, x, column, position, graph)
    if not _is_filled(step, x, column, position):
        if _get_output_config("transform", step)["dense"] == "default":
            return column
        raise Unsupported(
            step,
            f"column {column_name(x, position)} keeps None, of which pandas makes NaN where a "
            "batch has texts too",
            "Use NaN for missing values, or set_output(transform='default')",
        )
    if column.kind == "string":
        return graph.add("fill_missing_string", column, value=value)
    number = column if column.kind == "f64" else graph.add("cast", column)
    return graph.add("fill_missing", number, value=np.array([float(value)]))


def _marked(step: Any, x: Tensor | Frame, column: Tensor, position: int, graph: Graph) -> Tensor:
    """A column of texts with the step's own mark of a missing text turned into a null.

    NaN is then refused, as check_array does, and None is no text that is missing.
    """
    mark = step.missing_values
    if not isinstance(mark, str):
        return column
    if column.kind != "string" or column.missing == "none":
        raise Unsupported(
            step,
            f"missing_values={mark!r} for column {column_name(x, position)}, which "
            + ("holds None" if column.kind == "string" else "holds numbers"),
            "Use NaN for missing values: X.replace(mark, float('nan'))",
        )
    marked = graph.add(
        "mark_missing_string", column, value=mark, refuse_missing=True, column=column.column
    )
    return replace(marked, missing="mark")


def _is_missing(
    step: Any, x: Tensor | Frame, column: Tensor, position: int, graph: Graph
) -> Tensor:
    column = _marked(step, x, column, position, graph)
    if not _is_filled(step, x, column, position):
        raise Unsupported(
            step, "an indicator for a column whose nulls it does not see", "Use NaN for missing"
        )
    if column.kind not in ("f64", "string"):
        column = graph.add("cast", column)
    return graph.add("is_missing", column)


def _is_filled(step: Any, x: Tensor | Frame, column: Tensor, position: int) -> bool:
    """Whether a null of this column is what the step calls missing.

    In an object array NaN is found by `x != x` and None by `x == None`
    (sklearn.utils._mask._get_dense_mask), so an imputer for NaN leaves None as it is.
    """
    null = column.missing or "nan"
    if null == "mark" or is_pandas_na(step.missing_values):
        return True
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
