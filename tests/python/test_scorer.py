"""A scorer answers as the Python model does, and says which rows it cannot answer."""

import bascule
import numpy as np
import pandas as pd
import pytest
from models import fraud, matrix
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier


@pytest.fixture(scope="module")
def scorer():
    model, data = fraud()
    return bascule.load(bascule.pack(model, data, positive="fraud").bytes)


@pytest.fixture(scope="module")
def of_matrix():
    model, X = matrix()
    return bascule.load(bascule.pack(model, X).bytes), model, X


def test_every_method_answers_as_python_does(scorer):
    model, data = fraud()
    np.testing.assert_array_equal(scorer.predict(data), model.predict(data))
    for method in ("predict_proba", "predict_log_proba", "decision_function"):
        ours, theirs = getattr(scorer, method)(data), getattr(model, method)(data)
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_one_row_and_a_batch_give_the_same_bits(scorer):
    _, data = fraud()
    batch = scorer.predict_proba(data)
    single = np.vstack([scorer.predict_proba(data.iloc[[i]]) for i in range(len(data))])
    assert batch.tobytes() == single.tobytes()


def test_a_batch_larger_than_a_block_is_scored_whole(of_matrix):
    scorer, model, X = of_matrix
    many = np.tile(X, (20, 1))
    np.testing.assert_allclose(scorer.predict_proba(many), model.predict_proba(many), rtol=1e-12)
    assert scorer.predict_proba(many[:0]).shape == (0, 2)


@pytest.mark.parametrize("threads", [2, 5, -1])
def test_threads_share_a_batch_and_change_no_bit(of_matrix, threads):
    alone, _, X = of_matrix
    many = np.tile(X, (20, 1))
    many[1::700] = np.nan
    package = bascule.pack(of_matrix[1], X).bytes
    expected, refused = alone.predict_proba(many, errors="return")
    shared, also = bascule.load(package, threads=threads).predict_proba(many, errors="return")
    assert shared.tobytes() == expected.tobytes()
    assert [(e.row, str(e)) for e in also.errors] == [(e.row, str(e)) for e in refused.errors]
    assert len(also.errors) == len(many[1::700])


@pytest.mark.parametrize("threads", [0, -2, 1.5, 2000, "2"])
def test_a_count_of_threads_that_makes_no_sense_is_refused(of_matrix, threads):
    with pytest.raises(bascule.InputError, match="expected 1 to 1024, or -1 for every core"):
        bascule.load(b"", threads=threads)


def test_run_gives_the_default_outputs_or_those_that_are_named(scorer):
    _, data = fraud()
    assert set(scorer.run(data)) == {"predict", "predict_proba"}
    assert list(scorer.run(data, ["decision_function", "predict"])) == [
        "decision_function",
        "predict",
    ]
    with pytest.raises(bascule.InputError, match="no output 'transform'; it has predict"):
        scorer.transform(data)


@pytest.mark.parametrize(
    "labels",
    [
        np.array([0, 1]),
        np.array([-1, 1], np.int8),
        np.array([False, True]),
        np.array([0.0, 1.0]),
        np.array(["a", "b"]),
        np.array(["a", "b"], object),
        np.array([-5, 2**60 + 1]),
        np.array([1.0, 2.0]),
        np.array([-1.0, 1.0], np.float32),
    ],
)
def test_labels_have_the_type_that_python_gave_them(labels):
    X = np.random.default_rng(0).normal(size=(40, 2))
    y = labels[(X[:, 0] > 0).astype(int)]
    model = LogisticRegression().fit(X, y)
    scorer = bascule.load(bascule.pack(model, X, positive=labels[1]).bytes)
    answer = scorer.predict(X)
    assert answer.dtype == model.predict(X).dtype
    np.testing.assert_array_equal(answer, model.predict(X))
    assert scorer.classes_ == labels.tolist()


def test_a_refused_row_is_named_and_its_neighbours_are_not_disturbed(of_matrix):
    scorer, _, X = of_matrix
    bad = X[:3].copy()
    bad[1, 2] = np.inf
    with pytest.raises(bascule.RowErrors, match="1 of 3 rows are refused") as refused:
        scorer.predict(bad)
    (error,) = refused.value.errors
    assert (error.row, error.column) == (1, "x")
    assert "infinite" in error.message
    answers, errors = scorer.run(bad, errors="return")
    assert errors.mask.tolist() == [False, True, False]
    good = scorer.run(X[:3])
    for row in (0, 2):
        assert answers["predict_proba"][row].tobytes() == good["predict_proba"][row].tobytes()
        assert answers["predict"][row] == good["predict"][row]
    assert np.isnan(answers["predict_proba"][1]).all()
    assert answers["predict"][1] is None


def test_no_refused_row_gives_an_empty_list(of_matrix):
    scorer, _, X = of_matrix
    proba, errors = scorer.predict_proba(X, errors="return")
    assert errors.errors == []
    assert proba.shape == (len(X), 2)


def test_null_in_a_column_that_is_not_nullable_refuses_the_row(scorer):
    _, data = fraud()
    data = data.assign(note=[None, *data["note"][1:]])
    with pytest.raises(bascule.RowErrors, match="column 'note' is missing"):
        scorer.predict(data)


def test_a_transform_keeps_two_dimensions():
    X = np.random.default_rng(0).normal(size=(9, 1))
    scorer = bascule.load(bascule.pack(StandardScaler().fit(X), X).bytes)
    np.testing.assert_array_equal(scorer.transform(X), StandardScaler().fit_transform(X))


def test_rows_may_be_mappings_and_frames_may_have_other_orders(scorer):
    _, data = fraud()
    expected = scorer.predict_proba(data)
    shuffled = data[["note", "country", "age", "amount"]].assign(extra=1)
    np.testing.assert_array_equal(scorer.predict_proba(shuffled), expected)
    rows = [dict(zip(data.columns, row, strict=True)) for row in data.itertuples(index=False)]
    np.testing.assert_array_equal(scorer.predict_proba(rows), expected)
    with pytest.raises(bascule.InputError, match="column 'country' is missing"):
        scorer.predict(data.drop(columns="country"))


def test_the_index_is_no_input(scorer):
    _, data = fraud()
    renamed = data.set_index(pd.Index(range(1000, 1000 + len(data))))
    np.testing.assert_array_equal(scorer.predict_proba(renamed), scorer.predict_proba(data))


def test_what_is_no_package_is_refused(tmp_path):
    with pytest.raises(bascule.PackageError):
        bascule.load(b"PK\x03\x04 no package")
    with pytest.raises(bascule.PackageError, match=r"nothing\.bascule"):
        bascule.load(tmp_path / "nothing.bascule")


def test_threads_share_a_scorer(of_matrix):
    from concurrent.futures import ThreadPoolExecutor

    scorer, _, X = of_matrix
    expected = scorer.predict_proba(X).tobytes()
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda _: scorer.predict_proba(X).tobytes(), range(64))
        assert set(answers) == {expected}


LABELS = np.array(["low", "mid", "high"])


@pytest.fixture(scope="module")
def of_two_targets():
    X = np.random.default_rng(3).normal(size=(60, 2))
    y = np.column_stack([LABELS[np.digitize(X[:, 0], [0, 1])], LABELS[(X[:, 1] > 0).astype(int)]])
    model = MultiOutputClassifier(DecisionTreeClassifier(max_depth=3, random_state=0)).fit(X, y)
    return bascule.load(bascule.pack(model, X).bytes), model, X


def test_labels_of_several_targets_are_a_matrix(of_two_targets):
    scorer, model, X = of_two_targets
    answer = scorer.predict(X)
    assert answer.dtype == model.predict(X).dtype
    np.testing.assert_array_equal(answer, model.predict(X))
    assert scorer.classes_ == [classes.tolist() for classes in model.classes_]


def test_probabilities_of_several_targets_are_a_list(of_two_targets):
    scorer, model, X = of_two_targets
    ours, theirs = scorer.predict_proba(X), model.predict_proba(X)
    assert [a.tobytes() for a in ours] == [np.ascontiguousarray(b).tobytes() for b in theirs]


def test_every_part_is_an_output_of_its_own(of_two_targets):
    scorer, model, X = of_two_targets
    assert scorer.inspect()["kind"] == "classes"
    assert set(scorer.run(X)) == {"predict.0", "predict.1", "predict_proba.0", "predict_proba.1"}
    second = scorer.run(X, ["predict_proba.1"])["predict_proba.1"]
    np.testing.assert_array_equal(second, model.predict_proba(X)[1])
    by_method = bascule.pack(model, X, outputs=["predict"])
    assert set(bascule.load(by_method.bytes).run(X)) == {"predict.0", "predict.1"}


def test_a_refused_row_of_several_targets_has_no_labels(of_two_targets):
    scorer, model, X = of_two_targets
    bad = X[:3].copy()
    bad[1, 0] = np.inf
    labels, errors = scorer.predict(bad, errors="return")
    assert errors.mask.tolist() == [False, True, False]
    assert labels[1].tolist() == [None, None]
    assert labels[[0, 2]].tolist() == model.predict(X[[0, 2]]).tolist()
