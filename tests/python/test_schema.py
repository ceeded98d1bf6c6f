"""A sample shows its columns; rows made from it are what a caller of Python would hold."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from bascule.schema import infer, plain, row_count


def frame():
    return pd.DataFrame(
        {
            "f": [1.5, np.nan],
            "i": np.array([1, 2], np.int16),
            "I": pd.array([1, None], dtype="Int64"),
            "b": [True, False],
            "s": pd.Series(["a", None], dtype="str"),
            "S": pd.Series(["a", None], dtype="string"),
            "o": pd.Series(["a", None], dtype=object),
            "h": np.array([1, 2], np.float32),
        }
    )


def test_the_types_of_a_frame():
    columns = infer(frame()).columns
    assert [c.type for c in columns] == [
        "number",
        "integer",
        "integer",
        "boolean",
        "string",
        "string",
        "string",
        "number32",
    ]
    missing = {c.name: c.missing for c in columns}
    assert missing == {
        "f": "nan",
        "i": "nan",
        "I": "na",
        "b": "nan",
        "s": "nan",
        "S": "na",
        "o": "none",
        "h": "nan",
    }


def test_rows_come_back_in_the_dtypes_of_the_sample():
    sample = frame()
    schema = infer(sample)
    again = schema.build(schema.rows(sample, [0, 1]))
    pd.testing.assert_frame_equal(again, sample)


def test_a_missing_integer_makes_its_column_float_as_in_pandas():
    schema = infer(pd.DataFrame({"i": [1, 2]}))
    assert schema.build([[None], [3]])["i"].dtype == np.float64
    assert schema.build([[2**40], [3]])["i"].dtype == np.int64


@pytest.mark.parametrize(
    ("sample", "form", "name", "type_"),
    [
        (np.zeros((4, 3)), "array", "x", "number[3]"),
        (np.zeros((4, 3), np.int64), "array", "x", "number[3]"),
        (np.zeros((4, 3), np.float32), "array", "x", "number[3]"),
        (sp.csr_matrix((4, 3)), "sparse", "x", "number[3]"),
        (sp.csr_array((4, 3)), "sparse", "x", "number[3]"),
        (["a", "b"], "texts", "text", "string"),
        (np.array(["a", "b"]), "texts", "text", "string"),
        (pd.Series(["a", "b"], name="note"), "series", "note", "string"),
        (pd.Series(["a", "b"]), "series", "text", "string"),
    ],
)
def test_the_form_of_a_sample(sample, form, name, type_):
    schema = infer(sample)
    assert (schema.form, schema.columns[0].name, schema.columns[0].type) == (form, name, type_)
    built = schema.build(schema.rows(sample, [1]))
    assert row_count(built) == 1
    assert type(built) is type(schema.take(sample, [1]))


def test_only_the_columns_that_are_used_get_a_position():
    value = infer(frame()).graph_input(used=[2, 0])
    assert [x.column for x in value] == [1, -1, 0, -1, -1, -1, -1, -1]


def test_float32_rows_are_built_in_float32():
    sample = np.array([[0.1, 2.0]], np.float32)
    schema = infer(sample)
    built = schema.build([[[0.1, 1e300]], *schema.rows(sample, [0])])
    assert built.dtype == np.float32
    assert built[0].tolist() == [float(np.float32(0.1)), np.inf]
    assert built[1].tobytes() == sample[0].tobytes()


def test_a_sparse_sample_stores_no_zeros():
    """A row that is sent is dense, so that nobody could send a stored zero."""
    stored = sp.csr_matrix((np.array([0.0, 2.0]), [0, 1], [0, 2]), shape=(1, 3))
    kept = plain(stored)
    assert (kept.nnz, stored.nnz) == (1, 2)
    assert plain(stored.tocsc()).format == "csr"


def test_a_list_of_lists_is_the_array_that_numpy_makes_of_it():
    assert plain([[1, 2], [3, 4]]).dtype == np.int64
    assert plain([(1.5, 2), (3, 4)]).tolist() == [[1.5, 2.0], [3.0, 4.0]]
    assert plain([[1.0], [2.0, 3.0]]) == [[1.0], [2.0, 3.0]]
    assert plain(["a", "b"]) == ["a", "b"]
