"""From what a user holds (frames, arrays, texts, rows) to the columns that the engine reads.

Floats are passed as they lie in memory where their type and order allow it. Nulls of every sort
(None, NaN in a column of objects or texts, pd.NA) are one null to the engine: what a null means to
the model was recorded when it was packed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bascule.errors import InputError
from bascule.schema import in_order, is_null, is_tokens

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class Buffer:
    """One column of `rows` rows.

    values   f64, f32 or i64 [rows] or f64 [rows, k]; u8 [rows] for booleans; u8 bytes for strings
             and tokens
    offsets  i64 [rows + 1] into the bytes of strings; of all tokens, i64 [tokens + 1]
    starts   i64 [rows + 1] among the tokens; tokens only
    valid    bool [rows], False where null; None when nothing is null, and for floats, where NaN
             says it
    """

    values: Array
    offsets: Array | None = None
    valid: Array | None = None
    starts: Array | None = None

    @property
    def rows(self) -> int:
        ends = self.starts if self.starts is not None else self.offsets
        return len(self.values) if ends is None else len(ends) - 1


def to_buffers(data: Any, inputs: Sequence[Mapping[str, Any]]) -> tuple[int, list[Buffer]]:
    """The number of rows, and one buffer per input column of the manifest, in its order.

    data  a pandas frame, a mapping of columns, or a list of rows (mappings): columns by name, extra
          ones ignored; a 2-D array for a model of one matrix or of numbers only; a list, array or
          Series of texts, or of lists of texts, for a model of one such column
    InputError names a column that is missing or of another type.
    """
    rows, columns = _columns(data, inputs)
    buffers = []
    for column, values in zip(inputs, columns, strict=True):
        if values is None:
            values = [None] * rows
        buffer = _buffer(column, values)
        if buffer.rows != rows:
            raise InputError(f"column '{column['name']}' has {buffer.rows} rows, expected {rows}")
        buffers.append(buffer)
    return rows, buffers


def _columns(data: Any, inputs: Sequence[Mapping[str, Any]]) -> tuple[int, list[Any]]:
    """Each input's values, None for an optional column that is absent."""
    if hasattr(data, "tocsr"):
        data = data.toarray()
    if hasattr(data, "columns") and hasattr(data, "iloc"):
        places = {str(label): i for i, label in enumerate(data.columns)}
        return len(data), _by_name(places, inputs, lambda name: data.iloc[:, places[name]])
    if isinstance(data, Mapping):
        for column in inputs:
            if column["name"] in data and _is_one_value(data[column["name"]]):
                raise InputError(
                    f"column '{column['name']}' is one value, expected a list of them; "
                    "pass [row] to score a row"
                )
        rows = max((len(v) for v in data.values() if not _is_one_value(v)), default=0)
        return rows, _by_name(data, inputs, data.__getitem__)
    if isinstance(data, (list, tuple)) and not data:
        return 0, [[] for _ in inputs]
    if isinstance(data, (list, tuple)) and isinstance(data[0], Mapping):
        known = {name for row in data for name in row}
        return len(data), _by_name(known, inputs, lambda name: _cells(data, name, inputs))
    if len(inputs) == 1 and not inputs[0]["type"].startswith("number["):
        if isinstance(data, str):
            raise InputError("one text was passed, expected a list of texts")
        return len(data), [data]
    matrix = np.asarray(data)
    if len(inputs) == 1:
        return len(matrix), [matrix]
    if matrix.ndim != 2 or matrix.shape[1] != len(inputs) or matrix.dtype.kind not in "fiu":
        names = ", ".join(column["name"] for column in inputs)
        raise InputError(f"{_shape(data)} was passed, expected a frame with the columns {names}")
    return len(matrix), list(matrix.T)


def _is_one_value(values: Any) -> bool:
    return isinstance(values, str) or not hasattr(values, "__len__")


def _by_name(have: Any, inputs: Sequence[Mapping[str, Any]], get: Any) -> list[Any]:
    absent = [c["name"] for c in inputs if c["name"] not in have and not c.get("optional")]
    if absent:
        needed = ", ".join(column["name"] for column in inputs)
        raise InputError(f"column '{absent[0]}' is missing; the model needs {needed}")
    return [get(column["name"]) if column["name"] in have else None for column in inputs]


def _cells(
    data: Sequence[Mapping[str, Any]], name: str, inputs: Sequence[Mapping[str, Any]]
) -> list[Any]:
    column = next(c for c in inputs if c["name"] == name)
    optional = column.get("optional")
    for position, row in enumerate(data):
        if column.get("missing") == "absent" and name in row and is_null(row[name]):
            raise InputError(
                f"column '{name}' is {row[name]} in row {position}; leave the key out, as in fit"
            )
        if name not in row and not optional:
            needed = ", ".join(column["name"] for column in inputs)
            raise InputError(
                f"column '{name}' is missing from row {position}; the model needs {needed}"
            )
    return [row.get(name) for row in data]


def _shape(data: Any) -> str:
    shape = getattr(data, "shape", None)
    return f"a {type(data).__name__}" + (f" of shape {shape}" if shape is not None else "")


def _buffer(column: Mapping[str, Any], values: Any) -> Buffer:
    match column["type"].partition("["):
        case ("number", "[", _):
            return _matrix_buffer(column, values)
        case ("number", _, _):
            return _float_buffer(column, values, np.float64)
        case ("number32", _, _):
            return _float_buffer(column, values, np.float32)
        case ("integer", _, _):
            return _integer_buffer(column, values)
        case ("boolean", _, _):
            return _boolean_buffer(column, values)
        case ("string", _, _):
            return _string_buffer(column, values)
        case ("tokens", _, _):
            return _tokens_buffer(column, values)
    raise InputError(
        f"column '{column['name']}' has type {column['type']}, which this version of "
        "bascule cannot pass from Python"
    )


def _float_buffer(column: Mapping[str, Any], values: Any, dtype: type[np.floating[Any]]) -> Buffer:
    own = getattr(values, "dtype", None)
    if isinstance(own, np.dtype) and own.kind in "fiu":
        return Buffer(np.ascontiguousarray(values, dtype))
    if getattr(own, "kind", "O") in "fiu":  # a pandas extension type
        return Buffer(np.ascontiguousarray(values.to_numpy(dtype, na_value=np.nan)))
    cells = [np.nan if is_null(v) else v for v in values]
    _expect(column, cells, (int, float, np.integer, np.floating), "numbers")
    return Buffer(np.array(cells, dtype))


def _matrix_buffer(column: Mapping[str, Any], values: Any) -> Buffer:
    width = int(column["type"].partition("[")[2].rstrip("]"))
    try:
        matrix = np.asarray(values)
        if matrix.dtype.kind not in "fiub":
            matrix = np.array(
                [[np.nan if is_null(v) else float(v) for v in row] for row in values], np.float64
            )
    except (TypeError, ValueError) as error:
        raise InputError(f"column '{column['name']}': {error}; expected numbers") from None
    if matrix.size == 0 and matrix.ndim < 2:
        matrix = matrix.reshape(0, width)
    if matrix.ndim != 2 or matrix.shape[1] != width:
        raise InputError(
            f"column '{column['name']}' has shape {matrix.shape}, expected [rows, {width}]"
        )
    return Buffer(np.ascontiguousarray(matrix, np.float64))


def _integer_buffer(column: Mapping[str, Any], values: Any) -> Buffer:
    kind = getattr(getattr(values, "dtype", None), "kind", "O")
    if kind in "iu" and isinstance(values.dtype, np.dtype):
        plain = np.asarray(values)
        if kind == "u" and plain.size and plain.max() > np.iinfo(np.int64).max:
            raise InputError(f"column '{column['name']}' holds {plain.max()}, which is no int64")
        return Buffer(np.ascontiguousarray(plain, np.int64))
    cells = list(values)
    valid = np.array([not is_null(v) for v in cells], np.bool_)
    held = [0 if is_null(v) else v for v in cells]
    _expect(column, held, (int, float, np.integer, np.floating), "integers")
    for position, value in enumerate(held):
        if not np.isfinite(value) or value != int(value) or not -(2**63) <= int(value) < 2**63:
            raise InputError(
                f"column '{column['name']}' holds {value} in row {position}, expected an integer"
            )
    whole = np.array([int(value) for value in held], np.int64)
    return Buffer(whole, valid=None if valid.all() else valid)


def _boolean_buffer(column: Mapping[str, Any], values: Any) -> Buffer:
    if getattr(values, "dtype", None) == np.bool_:
        return Buffer(np.ascontiguousarray(values).view(np.uint8))
    cells = list(values)
    valid = np.array([not is_null(v) for v in cells], np.bool_)
    held = [False if is_null(v) else v for v in cells]
    for position, value in enumerate(held):
        if not isinstance(value, (bool, np.bool_)):
            raise _wrong(column, position, value, "booleans")
    return Buffer(np.array(held, np.uint8), valid=None if valid.all() else valid)


def _string_buffer(column: Mapping[str, Any], values: Any) -> Buffer:
    cells = values.tolist() if hasattr(values, "tolist") else list(values)
    valid = None
    if any(type(value) is not str for value in cells):
        present = [not is_null(v) for v in cells]
        valid = None if all(present) else np.array(present, np.bool_)
        cells = ["" if is_null(v) else v for v in cells]
        for position, value in enumerate(cells):
            if not isinstance(value, str):
                raise _wrong(column, position, value, "text")
    data, offsets = _joined(column, cells)
    return Buffer(data, offsets, valid)


def _tokens_buffer(column: Mapping[str, Any], values: Any) -> Buffer:
    valid = np.array([not is_null(row) for row in values], np.bool_)
    lists = [() if is_null(row) else row for row in values]
    for position, row in enumerate(lists):
        if not is_tokens(row):
            raise _wrong(column, position, row, "lists of texts")
    starts = np.zeros(len(lists) + 1, np.int64)
    np.cumsum([len(row) for row in lists], out=starts[1:])
    data, offsets = _joined(column, [token for row in lists for token in in_order(row)])
    return Buffer(data, offsets, None if valid.all() else valid, starts)


def _joined(column: Mapping[str, Any], cells: Sequence[str]) -> tuple[Array, Array]:
    """The bytes of all texts, and i64 [texts + 1] where each starts."""
    joined = "".join(cells)
    try:
        data = joined.encode("utf-8")
        sizes = map(len, cells) if len(data) == len(joined) else (len(v.encode()) for v in cells)
        lengths = np.fromiter(sizes, np.int64, len(cells))
    except UnicodeEncodeError as error:
        raise InputError(
            f"column '{column['name']}' holds text that is not Unicode: {error.reason}"
        ) from None
    offsets = np.zeros(len(cells) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return np.frombuffer(data, np.uint8), offsets


def _expect(
    column: Mapping[str, Any], cells: Sequence[Any], types: tuple[type, ...], what: str
) -> None:
    for position, value in enumerate(cells):
        if not isinstance(value, types) or isinstance(value, bool):
            raise _wrong(column, position, value, what)


def _wrong(column: Mapping[str, Any], row: int, value: Any, expected: str) -> InputError:
    shown = repr(value.item() if isinstance(value, np.generic) else value)
    shown = shown if len(shown) <= 40 else shown[:37] + "..."
    return InputError(f"column '{column['name']}' holds {shown} in row {row}, expected {expected}")
