"""What users hold becomes columns: types, nulls, and sentences for what does not fit."""

import numpy as np
import pandas as pd
import pytest
from bascule.columns import to_buffers
from bascule.errors import InputError


def one(type_, data, **more):
    """The buffer of a single column 'c'."""
    column = {"name": "c", "type": type_, "optional": False, **more}
    rows, (buffer,) = to_buffers({"c": data}, [column])
    assert rows == len(data)
    return buffer


def texts(buffer):
    data = buffer.values.tobytes()
    cells = [data[a:b].decode() for a, b in zip(buffer.offsets, buffer.offsets[1:], strict=False)]
    if buffer.valid is not None:
        cells = [c if ok else None for c, ok in zip(cells, buffer.valid, strict=True)]
    return cells


def test_float64_is_passed_as_it_lies_in_memory():
    values = np.arange(4.0)
    assert one("number", values).values is values
    series = pd.Series(values)
    assert np.shares_memory(one("number", series).values, series.to_numpy())


@pytest.mark.parametrize(
    "data",
    [
        [1, None, 2.5],
        [1.0, np.nan, 2.5],
        np.array([1, np.nan, 2.5], np.float32),
        pd.Series([1, None, 2.5]),
        pd.Series([1, pd.NA, 2.5], dtype="Float64"),
        pd.Series([1, None, 2.5], dtype=object),
    ],
)
def test_a_missing_number_is_nan(data):
    np.testing.assert_array_equal(one("number", data).values, [1.0, np.nan, 2.5])


@pytest.mark.parametrize(
    "data",
    [
        [1, None, -3],
        [1.0, np.nan, -3.0],
        pd.Series([1, pd.NA, -3], dtype="Int64"),
        pd.Series([1, np.nan, -3]),
    ],
)
def test_a_missing_integer_is_null(data):
    buffer = one("integer", data)
    assert buffer.values.dtype == np.int64
    assert buffer.values[[0, 2]].tolist() == [1, -3]
    assert buffer.valid.tolist() == [True, False, True]


@pytest.mark.parametrize("dtype", ["str", "string", object])
def test_a_missing_text_is_null_and_an_empty_one_is_not(dtype):
    assert texts(one("string", pd.Series(["a", None, "", "\u20ac"], dtype=dtype))) == [
        "a",
        None,
        "",
        "\u20ac",
    ]


def test_a_missing_boolean_is_null():
    assert one("boolean", np.array([True, False])).valid is None
    buffer = one("boolean", pd.Series([True, pd.NA], dtype="boolean"))
    assert buffer.values[0] == 1
    assert buffer.valid.tolist() == [True, False]


@pytest.mark.parametrize(
    ("type_", "data", "message"),
    [
        ("number", [1.0, "2"], "column 'c' holds '2' in row 1, expected numbers"),
        ("number", [True], "holds True in row 0, expected numbers"),
        ("number", np.array([True]), "holds True in row 0, expected numbers"),
        ("integer", [1.5], "holds 1.5 in row 0, expected an integer"),
        ("integer", [float("inf")], "holds inf in row 0, expected an integer"),
        ("integer", np.array([2**63], np.uint64), "which is no int64"),
        ("boolean", [1], "holds 1 in row 0, expected booleans"),
        ("string", ["a", 7], "holds 7 in row 1, expected text"),
        ("string", ["\ud800"], "not Unicode"),
    ],
)
def test_what_does_not_fit_is_named_with_its_row(type_, data, message):
    with pytest.raises(InputError, match=message):
        one(type_, data)


COLUMNS = [
    {"name": "a", "type": "number", "optional": False},
    {"name": "b", "type": "string", "optional": True},
]


def test_columns_are_found_by_name_and_others_are_ignored():
    data = pd.DataFrame({"z": [0], "b": ["x"], "a": [1.5]})
    rows, (a, b) = to_buffers(data, COLUMNS)
    assert (rows, a.values.tolist(), texts(b)) == (1, [1.5], ["x"])


def test_rows_as_mappings_are_columns_too():
    _, (a, b) = to_buffers([{"a": 1, "b": "x"}, {"a": 2}], COLUMNS)
    assert (a.values.tolist(), texts(b)) == ([1.0, 2.0], ["x", None])
    with pytest.raises(InputError, match="column 'a' is missing from row 1; the model needs a, b"):
        to_buffers([{"a": 1}, {"b": "x"}], COLUMNS)


def test_an_absent_column_is_an_error_unless_it_is_optional():
    _, (_, b) = to_buffers(pd.DataFrame({"a": [1.0]}), COLUMNS)
    assert texts(b) == [None]
    with pytest.raises(InputError, match="column 'a' is missing; the model needs a, b"):
        to_buffers(pd.DataFrame({"A": [1.0], "b": ["x"]}), COLUMNS)


def test_columns_of_different_length_are_refused():
    with pytest.raises(InputError, match="column 'a' has 1 rows, expected 2"):
        to_buffers({"a": [1.0], "b": ["x", "y"]}, COLUMNS)


@pytest.mark.parametrize("row", [{"a": 1.5}, {"a": "text"}, {"a": None}, {"a": 1, "note": "x"}])
def test_one_row_is_no_mapping_of_columns(row):
    with pytest.raises(InputError, match=r"column 'a' is one value.*pass \[row\]"):
        to_buffers(row, COLUMNS)


def test_a_frame_of_numbers_may_be_sent_as_one_array():
    numbers = [{"name": n, "type": "number", "optional": False} for n in "ab"]
    rows, (a, b) = to_buffers(np.array([[1, 2], [3, 4]]), numbers)
    assert (rows, a.values.tolist(), b.values.tolist()) == (2, [1.0, 3.0], [2.0, 4.0])
    with pytest.raises(InputError, match=r"of shape \(2, 3\).*expected a frame with the columns a"):
        to_buffers(np.zeros((2, 3)), numbers)


def test_a_matrix_must_have_its_width():
    column = [{"name": "x", "type": "number[2]", "optional": False}]
    assert to_buffers([[1, 2], [3, None]], column)[1][0].values.shape == (2, 2)
    assert to_buffers(np.zeros((0, 2)), column)[0] == 0
    with pytest.raises(InputError, match=r"column 'x' has shape \(1, 3\), expected \[rows, 2\]"):
        to_buffers(np.zeros((1, 3)), column)


def test_one_text_is_not_a_list_of_letters():
    column = [{"name": "text", "type": "string", "optional": False}]
    assert to_buffers(["a", "b"], column)[0] == 2
    assert texts(to_buffers(pd.Series(["a"]), column)[1][0]) == ["a"]
    with pytest.raises(InputError, match="expected a list of texts"):
        to_buffers("abc", column)
