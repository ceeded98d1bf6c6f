"""The columns of a model, as the sample shows them, and rows made in the sample's own form.

A model is fitted on a frame, an array, a list of texts or of dicts. A `Schema` knows that form: it
gives the columns their types, makes the graph's inputs, and builds rows (for hostile and golden
rows) exactly as a caller of the Python model would hold them, with None for a missing value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bascule.errors import Unsupported
from bascule.export import Frame, Graph, Tensor, Value

_KIND_OF_TYPE = {
    "number": "f64",
    "number32": "f32",
    "integer": "i64",
    "boolean": "bool",
    "string": "string",
    "tokens": "tokens",
}
_INT64_MAX = 2**63 - 1
_MAX_DENSE = 65_536


@dataclass(frozen=True)
class Column:
    """One input column.

    name      as in the package
    label     as in the sample: what a pandas frame is indexed by
    type      "number", "number32", "integer", "boolean", "string", "tokens" or "number[k]"
    dtype     the sample's dtype, in which rows are built again
    missing   what a null is in Python: "nan", "none" or "na"; "absent": a key that a dict has not
    refusal   why a column of this dtype cannot be used; it may still be left unused
    whole     the sample's own dtype where rows are built as floats and it holds none
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
    whole: str | None = None


@dataclass(frozen=True)
class Schema:
    """All columns, and the form that Python gets rows in: "frame", "array", "sparse", "texts",
    "tokens", "series" or "dicts"."""

    form: str
    columns: tuple[Column, ...]
    sparse: Any = None  # of the form "sparse": the class of the sample, csr_matrix or csr_array

    def enter(self, graph: Graph, used: Sequence[int] | None = None) -> Value:
        """The model's input as Python holds it, with the nodes that make it so of a row.

        A sparse matrix is made of a dense row without its zeros; float32 is rounded to.
        """
        x = self.graph_input(used)
        if isinstance(x, Frame):
            return x
        if self.form == "sparse":
            return replace(graph.add("to_sparse", x), dtype=x.dtype)
        if self.form == "array" and self.columns[0].dtype == np.float32:
            return replace(graph.add("round_float32", x), dtype="float32")
        return x

    def graph_input(self, used: Sequence[int] | None = None) -> Value:
        """The model's input in the graph; `used` are the columns that the package will hold."""
        position = {index: at for at, index in enumerate(used)} if used is not None else None
        tensors = []
        for index, column in enumerate(self.columns):
            at = index if position is None else position.get(index, -1)
            tensors.append(_tensor(column, at))
        if self.form in ("frame", "dicts"):
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
        if self.form in ("array", "sparse"):
            width = self.columns[0].width
            cells = [[math.nan if v is None else v for v in row] for row in values[0]]
            with np.errstate(over="ignore"):
                matrix = np.array(cells, np.float64).astype(self.columns[0].dtype)
            matrix = matrix.reshape(len(rows), width)
            return matrix if self.sparse is None else self.sparse(matrix)
        if self.form == "series":
            return series_of(self.columns[0], values[0])
        if self.form == "dicts":
            labels = [column.label for column in self.columns]
            return [
                {label: v for label, v in zip(labels, row, strict=True) if v is not None}
                for row in rows
            ]
        return list(values[0])

    def rows(self, sample: Any, positions: Iterable[int]) -> list[list[Any]]:
        """Rows of the sample as plain values; the inverse of `build`."""
        chosen = self.take(sample, list(positions))
        if self.form == "frame":
            columns = [plain_values(chosen.iloc[:, i]) for i in range(len(self.columns))]
            return [list(row) for row in zip(*columns, strict=True)]
        if self.form == "sparse":
            chosen = chosen.toarray()
        if self.form in ("array", "sparse"):
            return [[[float(v) for v in row]] for row in chosen]
        if self.form == "dicts":
            return [plain_values(row.get(c.label) for c in self.columns) for row in chosen]
        return [[value] for value in plain_values(chosen)]

    def take(self, data: Any, positions: Sequence[int]) -> Any:
        """Some rows of `data`, which has the form of the sample."""
        if self.form == "frame":
            return self._own_dtypes(data.iloc[list(positions)])
        if self.form == "series":
            return data.iloc[list(positions)]
        if self.form in ("array", "sparse"):
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


def infer(sample: Any, optional: Sequence[str] = (), keys: Sequence[str] = ()) -> Schema:
    """The schema of a sample: a pandas frame, a 2-D array, a sparse matrix, a list or Series of
    texts or of lists of texts, or a list of dicts.

    keys   of dicts: those of numbers that the model knows, though the sample may not show them
    """
    schema = _infer(sample)
    if schema.form == "dicts":
        seen = {column.name for column in schema.columns}
        more = [_dict_column(key, [0.0]) for key in keys if key not in seen]
        schema = schema.with_columns([*schema.columns, *more])
    names = [column.name for column in schema.columns]
    for name in optional:
        if name not in names:
            raise Unsupported("optional", f"the sample has no column {name!r}")
    return schema.with_columns(
        [replace(c, optional=c.optional or c.name in optional) for c in schema.columns]
    )


def row_count(data: Any) -> int:
    return int(data.shape[0]) if hasattr(data, "shape") else len(data)


def _infer(sample: Any) -> Schema:
    module = type(sample).__module__.split(".")[0]
    if module == "pandas" and hasattr(sample, "columns"):
        return Schema("frame", tuple(_frame_columns(sample)))
    if module == "pandas":
        column = frame_column("text" if sample.name is None else sample.name, sample)
        if column.type not in ("string", "tokens"):
            raise Unsupported(
                "sample",
                f"a Series of {sample.dtype}",
                "Pass a frame, a 2-D array, or a Series of texts or of lists of texts",
            )
        return Schema("series", (column,))
    if isinstance(sample, np.ndarray) and sample.ndim == 2:
        return Schema("array", (_array_column(sample),))
    listed = isinstance(sample, (list, tuple, np.ndarray))
    if listed and len(sample) and all(isinstance(text, str) for text in sample):
        return Schema("texts", (Column("text", None, "string", "object", "none"),))
    if listed and len(sample) and all(is_tokens(row) for row in sample):
        return Schema("tokens", (Column("tokens", None, "tokens", "object", "none"),))
    if listed and len(sample) and all(isinstance(row, Mapping) for row in sample):
        return Schema("dicts", tuple(_dict_columns(sample)))
    if hasattr(sample, "tocsr"):
        return Schema("sparse", (_sparse_column(sample),), type(sample.tocsr()))
    raise Unsupported(
        "sample",
        f"a {type(sample).__name__} as the model's input",
        "Pass what the model was fitted on: a pandas frame, a 2-D numpy array of "
        "float64, a list of texts, of lists of texts, or of dicts",
    )


def _array_column(sample: np.ndarray[Any, Any]) -> Column:
    dtype = sample.dtype if sample.dtype == np.float32 else np.dtype(np.float64)
    if sample.dtype not in (np.float32, np.float64) and sample.dtype.kind not in "iub":
        raise Unsupported(
            "sample",
            f"an array of {sample.dtype}",
            "Pass a pandas frame when columns are not all numbers",
        )
    width = sample.shape[1]
    return Column("x", None, f"number[{width}]", dtype, "nan", width, whole=_whole(sample))


def _sparse_column(sample: Any) -> Column:
    width = sample.shape[1]
    if sample.dtype != np.float64 and sample.dtype.kind not in "iub":
        raise Unsupported(
            "sample",
            f"a sparse matrix of {sample.dtype}",
            "Fit on X.astype('float64')",
        )
    if width > _MAX_DENSE:
        raise Unsupported(
            "sample",
            f"a sparse matrix of {width} columns",
            f"At most {_MAX_DENSE} can be given; put what makes it into the pipeline",
        )
    float64 = np.dtype(np.float64)
    return Column("x", None, f"number[{width}]", float64, "nan", width, whole=_whole(sample))


def _whole(sample: Any) -> str | None:
    return str(sample.dtype) if sample.dtype.kind in "iub" else None


def plain(sample: Any) -> Any:
    """`sample` as the model gets it: lists of numbers as the array that numpy makes of them, and a
    sparse matrix as CSR that stores no zeros, for a row that is sent has none."""
    if hasattr(sample, "tocsr"):
        kept = sample.tocsr().copy()
        kept.sum_duplicates()
        kept.eliminate_zeros()
        return kept
    if isinstance(sample, (list, tuple)) and sample and isinstance(sample[0], (list, tuple)):
        try:
            made = np.array(sample)
        except ValueError:  # rows of different lengths
            return sample
        return made if made.ndim == 2 and made.dtype.kind in "fiub" else sample
    return sample


def _frame_columns(sample: Any) -> list[Column]:
    labels = list(sample.columns)
    names = [str(label) for label in labels]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Unsupported("sample", f"two columns named {twice!r}", "Give each its own name")
    if "" in names:
        raise Unsupported("sample", "a column without a name", "Give each its own name")
    return [frame_column(label, sample.iloc[:, i]) for i, label in enumerate(labels)]


def _dict_columns(sample: Sequence[Mapping[Any, Any]]) -> list[Column]:
    """A column per key, in the order in which they first occur."""
    cells: dict[Any, list[Any]] = {}
    for row in sample:
        for key, value in row.items():
            cells.setdefault(key, []).append(value)
    for key in cells:
        if not isinstance(key, str) or not key:
            raise Unsupported("sample", f"a dict with the key {key!r}", "Name keys by texts")
    return [_dict_column(key, values) for key, values in cells.items()]


def _dict_column(key: str, values: Sequence[Any]) -> Column:
    def column(type_: str, dtype: Any, refusal: str | None = None) -> Column:
        return Column(key, key, type_, dtype, "absent", optional=True, refusal=refusal)

    if any(is_null(value) for value in values):
        return column("number", np.dtype(np.float64), "holds None or NaN, not just no key")
    kinds = {type(value) for value in values}
    if all(issubclass(kind, str) for kind in kinds):
        return column("string", "object")
    if kinds == {bool}:
        return column("boolean", np.dtype(np.bool_))
    numbers = (int, float, np.integer, np.floating)
    if all(issubclass(kind, numbers) and kind is not bool for kind in kinds):
        return column("number", np.dtype(np.float64))
    names = " and ".join(sorted(kind.__name__ for kind in kinds))
    return column("number", np.dtype(np.float64), f"holds {names}, not one type")


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
    if text.startswith("Sparse["):
        return column("number", refusal=f"dtype {text} is not exported; make it dense before fit")
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
    if all(is_tokens(v) for v in values if not is_null(v)):
        return column("tokens", missing)
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


def is_tokens(value: Any) -> bool:
    """True for a list, tuple, array or set of texts."""
    if not isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
        return False
    return getattr(value, "ndim", 1) == 1 and all(isinstance(token, str) for token in value)


def in_order(tokens: Any) -> Iterable[str]:
    """The texts of a row; of a set sorted, for it has no order of its own."""
    return sorted(tokens) if isinstance(tokens, (set, frozenset)) else tokens


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
        dtype=column.whole or str(dtype),
        missing=column.missing,
        refusal=column.refusal,
        categorical=str(column.dtype) == "category",
    )


def _numpy_dtype(column: Column) -> str:
    """The dtype that `to_numpy` gives for a pandas extension type."""
    return {"integer": "int64", "boolean": "bool", "number": "float64"}.get(column.type, "object")
