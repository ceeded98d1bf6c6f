"""The columns of a model, as the sample shows them, and rows made in the sample's own form.

A model is fitted on a frame, an array or a list of texts. A `Schema` knows that form: it gives the
columns their types, makes the graph's inputs, and builds rows (for hostile and golden rows) exactly
as a caller of the Python model would hold them, with None for a missing value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bascule.errors import Unsupported
from bascule.export import Frame, Tensor, Value

_KIND_OF_TYPE = {
    "number": "f64",
    "number32": "f32",
    "integer": "i64",
    "boolean": "bool",
    "string": "string",
}
_INT64_MAX = 2**63 - 1


@dataclass(frozen=True)
class Column:
    """One input column.

    name      as in the package
    label     as in the sample: what a pandas frame is indexed by
    type      "number", "number32", "integer", "boolean", "string" or "number[k]"
    dtype     the sample's dtype, in which rows are built again
    missing   what a null is in Python: "nan", "none" or "na"
    refusal   why a column of this dtype cannot be used; it may still be left unused
    """

    name: str
    label: Any
    type: str
    dtype: Any
    missing: str
    width: int = 1
    nullable: bool = False
    optional: bool = False
    refusal: str | None = None


@dataclass(frozen=True)
class Schema:
    """All columns, and the form that Python gets rows in: "frame", "array", "texts" or "series"."""

    form: str
    columns: tuple[Column, ...]

    def graph_input(self, used: Sequence[int] | None = None) -> Value:
        """The model's input in the graph; `used` are the columns that the package will hold."""
        position = {index: at for at, index in enumerate(used)} if used is not None else None
        tensors = []
        for index, column in enumerate(self.columns):
            at = index if position is None else position.get(index, -1)
            tensors.append(_tensor(column, at))
        if self.form == "frame":
            return Frame((str(c.label), t) for c, t in zip(self.columns, tensors, strict=True))
        return tensors[0]

    def build(self, rows: Sequence[Sequence[Any]]) -> Any:
        """Rows (one value per column, None where missing) in the form of the sample."""
        values = list(zip(*rows, strict=True)) if rows else [()] * len(self.columns)
        if self.form == "frame":
            import pandas as pd

            made = {i: series_of(column, values[i]) for i, column in enumerate(self.columns)}
            frame = pd.DataFrame(made, index=range(len(rows)))
            frame.columns = pd.Index([column.label for column in self.columns])
            return frame
        if self.form == "array":
            width = self.columns[0].width
            cells = [[math.nan if v is None else v for v in row] for row in values[0]]
            return np.array(cells, np.float64).reshape(len(rows), width)
        if self.form == "series":
            return series_of(self.columns[0], values[0])
        return list(values[0])

    def rows(self, sample: Any, positions: Iterable[int]) -> list[list[Any]]:
        """Rows of the sample as plain values; the inverse of `build`."""
        chosen = self.take(sample, list(positions))
        if self.form == "frame":
            columns = [plain_values(chosen.iloc[:, i]) for i in range(len(self.columns))]
            return [list(row) for row in zip(*columns, strict=True)]
        if self.form == "array":
            return [[[float(v) for v in row]] for row in chosen]
        return [[value] for value in plain_values(chosen)]

    def take(self, data: Any, positions: Sequence[int]) -> Any:
        """Some rows of `data`, which has the form of the sample."""
        if self.form == "frame":
            return self._own_dtypes(data.iloc[list(positions)])
        if self.form == "series":
            return data.iloc[list(positions)]
        if self.form == "array":
            return data[np.asarray(positions, np.intp)]
        return [data[i] for i in positions]

    def _own_dtypes(self, frame: Any) -> Any:
        """`frame` with its own dtypes again where a value of another row widened them: integers and
        booleans that held a null, categories that held an unseen one."""
        frame = frame.copy(deep=False)
        for i, column in enumerate(self.columns):
            series = frame.iloc[:, i]
            if series.dtype == column.dtype:
                continue
            whole = isinstance(column.dtype, np.dtype) and column.dtype.kind in "iub"
            if str(column.dtype) == "category" or (whole and not series.isna().any()):
                narrow = series_of(column, plain_values(series))
                frame.isetitem(i, narrow.set_axis(frame.index))
        return frame

    def with_columns(self, columns: Sequence[Column]) -> Schema:
        return replace(self, columns=tuple(columns))


def infer(sample: Any, optional: Sequence[str] = ()) -> Schema:
    """The schema of a sample: a pandas frame, a 2-D float64 array, a list or Series of texts."""
    schema = _infer(sample)
    names = [column.name for column in schema.columns]
    for name in optional:
        if name not in names:
            raise Unsupported("optional", f"the sample has no column {name!r}")
    return schema.with_columns([replace(c, optional=c.name in optional) for c in schema.columns])


def row_count(data: Any) -> int:
    return int(data.shape[0]) if hasattr(data, "shape") else len(data)


def _infer(sample: Any) -> Schema:
    module = type(sample).__module__.split(".")[0]
    if module == "pandas" and hasattr(sample, "columns"):
        return Schema("frame", tuple(_frame_columns(sample)))
    if module == "pandas":
        column = frame_column("text" if sample.name is None else sample.name, sample)
        if column.type != "string":
            raise Unsupported(
                "sample",
                f"a Series of {sample.dtype}",
                "Pass a frame, a 2-D array, or a Series of texts",
            )
        return Schema("series", (column,))
    if isinstance(sample, np.ndarray) and sample.ndim == 2:
        return Schema("array", (_array_column(sample),))
    listed = isinstance(sample, (list, tuple, np.ndarray))
    if listed and len(sample) and all(isinstance(text, str) for text in sample):
        return Schema("texts", (Column("text", None, "string", "object", "none"),))
    if hasattr(sample, "tocsr"):
        raise Unsupported(
            "sample",
            "a sparse matrix as the model's input",
            "Put what makes it (a vectorizer, an encoder) into the pipeline",
        )
    raise Unsupported(
        "sample",
        f"a {type(sample).__name__} as the model's input",
        "Pass what the model was fitted on: a pandas frame, a 2-D numpy array of "
        "float64, or a list of texts",
    )


def _array_column(sample: np.ndarray[Any, Any]) -> Column:
    if sample.dtype == np.float32:
        raise Unsupported(
            "sample",
            "an array of float32, with which Python computes in float32",
            "Fit on X.astype('float64')",
        )
    if sample.dtype != np.float64 and sample.dtype.kind not in "iub":
        raise Unsupported(
            "sample",
            f"an array of {sample.dtype}",
            "Pass a pandas frame when columns are not all numbers",
        )
    width = sample.shape[1]
    return Column("x", None, f"number[{width}]", np.dtype(np.float64), "nan", width)


def _frame_columns(sample: Any) -> list[Column]:
    labels = list(sample.columns)
    names = [str(label) for label in labels]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Unsupported("sample", f"two columns named {twice!r}", "Give each its own name")
    return [frame_column(label, sample.iloc[:, i]) for i, label in enumerate(labels)]


def frame_column(label: Any, series: Any) -> Column:
    """The column that a pandas Series shows."""
    dtype, name = series.dtype, str(label)
    kind = getattr(dtype, "kind", "O")
    extension = not isinstance(dtype, np.dtype)
    missing = "na" if extension else "nan"
    text = str(dtype)

    def column(type_: str, missing: str = missing, refusal: str | None = None) -> Column:
        return Column(name, label, type_, dtype, missing, refusal=refusal)

    if text in ("str", "string") or text.startswith("string["):
        return column("string", "nan" if _na_is_nan(dtype) else "na")
    if text == "object":
        return _object_column(column, series)
    if text == "category":
        return _category_column(name, label, dtype)
    if kind in "Mm":
        way_out = "convert it before fit, for example with .astype('str')"
        return column("integer", refusal=f"dtype {text} is not exported; {way_out}")
    if kind == "f" and dtype.itemsize == 8:
        return column("number")
    if kind == "f" and dtype.itemsize == 4 and not extension:
        return column("number32")
    if kind in "iu" and not (series.dropna() > _INT64_MAX).any():
        return column("integer")
    if kind == "b":
        return column("boolean")
    return column("number", refusal=f"dtype {text} is not exported; convert it before fit")


def _category_column(name: str, label: Any, dtype: Any) -> Column:
    """A column of pandas' dtype category: of the type that its categories have, or NaN."""
    inner = frame_column(label, dtype.categories.to_series())
    return Column(name, label, inner.type, dtype, "nan", refusal=inner.refusal)


def _object_column(column: Callable[..., Column], series: Any) -> Column:
    """A column of Python objects: texts or booleans, and one kind of missing value."""
    values = list(series)
    nulls = {
        "none" if v is None else "nan" if isinstance(v, float) else "na"
        for v in values
        if is_null(v)
    }
    kinds = {type(v) for v in values if not is_null(v)}
    missing = "none" if not nulls or "none" in nulls else nulls.copy().pop()
    if len(nulls) > 1:
        refusal = (
            "holds more than one kind of missing value (None, NaN, pd.NA), which encoders "
            "tell apart; replace them by one before fit"
        )
        return column("string", missing, refusal)
    if kinds <= {str}:
        return column("string", missing)
    if kinds <= {bool, np.bool_}:
        return column("boolean", missing)
    names = " and ".join(sorted(kind.__name__ for kind in kinds))
    return column(
        "string",
        missing,
        f"dtype object holding {names} is not exported; give it one type before fit",
    )


def _na_is_nan(dtype: Any) -> bool:
    value = getattr(dtype, "na_value", None)
    return isinstance(value, float) and math.isnan(value)


def is_null(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, float) and math.isnan(value))
        or type(value).__name__ == "NAType"
    )


def plain_values(values: Any) -> list[Any]:
    """A column's values as Python has them, None where missing (NaN of a number too)."""
    return [None if is_null(v) else v.item() if isinstance(v, np.generic) else v for v in values]


def series_of(column: Column, values: Sequence[Any]) -> Any:
    """A pandas Series of this column's dtype; a dtype that cannot hold these values is widened."""
    import pandas as pd

    null = {"nan": math.nan, "none": None, "na": pd.NA}[column.missing]
    held = [null if value is None else value for value in values]
    has_null = any(value is None for value in values)
    if str(column.dtype) == "category":
        return pd.Series(held, dtype=_widened(column.dtype, values), name=column.label)
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        if has_null:
            return pd.Series(held, dtype=np.float64, name=column.label)
        info = np.iinfo(column.dtype)
        fits = all(info.min <= value <= info.max for value in held)
        return pd.Series(held, dtype=column.dtype if fits else np.int64, name=column.label)
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "b" and has_null:
        return pd.Series(held, dtype=object, name=column.label)
    return pd.Series(held, dtype=column.dtype, name=column.label)


def _widened(dtype: Any, values: Sequence[Any]) -> Any:
    """The dtype with the values that it does not know yet: they are unseen, not missing."""
    known = set(dtype.categories)
    unseen = [v for v in dict.fromkeys(values) if v is not None and v not in known]
    return type(dtype)([*dtype.categories, *unseen], dtype.ordered) if unseen else dtype


def _tensor(column: Column, at: int) -> Tensor:
    kind = "f64" if column.width > 1 or column.type.startswith("number[") else None
    dtype = column.dtype if isinstance(column.dtype, np.dtype) else _numpy_dtype(column)
    return Tensor(
        f"column:{column.name}",
        kind or _KIND_OF_TYPE[column.type],
        column.width,
        (at,) * column.width,
        None,
        dtype=str(dtype),
        missing=column.missing,
        refusal=column.refusal,
        categorical=str(column.dtype) == "category",
    )


def _numpy_dtype(column: Column) -> str:
    """The dtype that `to_numpy` gives for a pandas extension type."""
    return {"integer": "int64", "boolean": "bool", "number": "float64"}.get(column.type, "object")
