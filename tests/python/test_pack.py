"""pack: what it learns from the sample, what it proves, and what it refuses."""

import os
import subprocess
import sys
from pathlib import Path

import bascule
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from bascule.columns import to_buffers
from bascule.container import write_package
from bascule.export import exporter
from catboost import CatBoostClassifier
from models import fraud, matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

HERE = Path(__file__).parent


def column(package, name):
    return next(entry for entry in package.inspect()["inputs"] if entry["name"] == name)


@pytest.fixture(scope="module")
def packed():
    model, data = fraud()
    return bascule.pack(model, data, name="fraud/charge", positive="fraud", notes="first")


def test_the_inputs_are_the_columns_that_the_model_reads(packed):
    names = [entry["name"] for entry in packed.inspect()["inputs"]]
    assert names == ["amount", "age", "country", "note"]


def test_nullable_is_what_python_scored_when_the_column_was_missing(packed):
    nullable = {entry["name"]: entry["nullable"] for entry in packed.inspect()["inputs"]}
    assert nullable == {"amount": True, "age": True, "country": True, "note": False}
    assert column(packed, "amount")["missing"] == "nan"
    assert column(packed, "amount")["missing_rate"] == pytest.approx(9 / 60)


def test_a_column_tells_people_its_categories_and_its_range(packed):
    assert column(packed, "country")["categories"] == ["DE", "FR", "IT"]
    assert column(packed, "country")["unknown"] == "accepted"
    low, high = column(packed, "age")["range"]
    _, data = fraud()
    assert (low, high) == (data["age"].min(), data["age"].max())
    assert len(column(packed, "age")["quantiles"]) == 21


def test_the_score_is_the_probability_of_the_positive_label(packed):
    manifest = packed.inspect()
    assert manifest["kind"] == "yes/no"
    assert manifest["model"] == "fraud/charge"
    assert manifest["score"] == {"output": "predict_proba", "column": 0, "positive": "fraud"}


def test_labels_that_say_nothing_need_positive():
    model, data = fraud()
    with pytest.raises(bascule.Unsupported, match="Pass positive='fraud' or positive='ok'"):
        bascule.pack(model, data)
    with pytest.raises(bascule.Unsupported, match="'yes' is no label"):
        bascule.pack(model, data, positive="yes")


def test_zero_and_one_need_no_positive():
    model, X = matrix()
    score = bascule.pack(model, X).inspect()["score"]
    assert score == {"output": "predict_proba", "column": 1, "positive": 1}


def test_the_same_model_gives_the_same_bytes_in_another_process():
    code = (
        "import bascule, models\n"
        "model, data = models.fraud()\n"
        "print(bascule.pack(model, data, positive='fraud', metrics={'b': 1, 'a': 2}).digest)"
    )
    digests = set()
    for seed in ("1", "2"):
        path = os.pathsep.join([str(HERE), *sys.path])
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        run = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(run.stdout.strip())
    model, data = fraud()
    here = bascule.pack(model, data, positive="fraud", metrics={"b": 1, "a": 2}).digest
    assert digests == {here}


def test_n_jobs_and_notes_leave_the_fingerprint_alone():
    X = np.random.default_rng(0).normal(size=(50, 2))
    y = (X[:, 0] > 0).astype(int)
    one = DecisionTreeClassifier(random_state=0).fit(X, y)
    first, second = bascule.pack(one, X), bascule.pack(one, X[:20], notes="other sample")
    assert first.digest != second.digest
    assert first.inspect()["fingerprint"] == second.inspect()["fingerprint"]
    parameters = first.inspect()["provenance"]["parameters"]["DecisionTreeClassifier"]
    assert parameters["random_state"] == 0
    assert "n_jobs" not in parameters


def test_golden_rows_are_made_up_unless_the_sample_is_asked_for(packed):
    _, data = fraud()
    secret = data["amount"].dropna().to_numpy()[7]
    assert packed.inspect()["golden"]["source"] == "synthesised"
    assert secret.tobytes() not in packed.bytes
    model, data = fraud()
    sampled = bascule.pack(model, data, positive="fraud", golden="sample")
    assert sampled.inspect()["golden"] == {"rows": 60, "source": "sample"}
    assert secret.tobytes() in sampled.bytes


def test_golden_rows_hold_rows_that_python_refuses():
    X = np.random.default_rng(0).normal(size=(50, 2))
    package = bascule.pack(StandardScaler().fit(X), X)
    assert package.inspect()["golden"]["rows"] > 50
    from safetensors.numpy import load

    refused = load(package.bytes)["golden.refused"]
    assert 0 < refused.sum() < len(refused)


def test_an_optional_column_may_be_left_out():
    model, data = fraud()
    package = bascule.pack(model, data, positive="fraud", optional=["country"])
    scorer = bascule.load(package.bytes)
    without = data.drop(columns="country")
    theirs = model.predict_proba(data.assign(country=None))
    np.testing.assert_allclose(scorer.predict_proba(without), theirs, rtol=1e-12)
    with pytest.raises(bascule.Unsupported, match="column 'note' cannot be missing"):
        bascule.pack(model, data, positive="fraud", optional=["note"])
    with pytest.raises(bascule.Unsupported, match="no column 'land'"):
        bascule.pack(model, data, positive="fraud", optional=["land"])


def test_outputs_chooses_what_is_given_by_default():
    model, X = matrix()
    package = bascule.pack(model, X, outputs=["decision_function"])
    assert set(bascule.load(package.bytes).run(X)) == {"decision_function"}
    with pytest.raises(bascule.Unsupported, match="no exported method 'transform'"):
        bascule.pack(model, X, outputs=["transform"])


@pytest.mark.parametrize(
    ("model", "kind", "score"),
    [
        (LinearRegression(), "number", "predict"),
        (StandardScaler(), "transformation", None),
        (LogisticRegression(), "classes", "predict_proba"),
    ],
)
def test_the_kind_follows_from_what_the_model_answers(model, kind, score):
    X = np.random.default_rng(0).normal(size=(60, 2))
    package = bascule.pack(model.fit(X, np.arange(60) % 3), X)
    assert package.inspect()["kind"] == kind
    assert package.inspect().get("score", {}).get("output") == score


class Shift(TransformerMixin, BaseEstimator):
    """Adds `by`; its exporter below adds `exported` instead."""

    def __init__(self, by=1.0, exported=1.0, limit=None):
        self.by = by
        self.exported = exported
        self.limit = limit

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        if self.limit is not None and (np.asarray(X) > self.limit).any():
            raise ValueError(f"beyond {self.limit}")
        return np.asarray(X) + self.by


@exporter(Shift)
def shift(step, x, graph):
    x = graph.validate(step, x, missing=True)
    return graph.add("add", x, by=np.full(x.width, step.exported))


def shifted(**parameters):
    X = np.random.default_rng(1).normal(size=(40, 2))
    y = (X[:, 0] > 0).astype(int)
    steps = [
        ("scale", StandardScaler()),
        ("shift", Shift(**parameters)),
        ("model", LogisticRegression()),
    ]
    return Pipeline(steps).fit(X, y), X


def test_a_wrong_exporter_is_found_and_its_step_is_named():
    model, X = shifted(by=1.0, exported=1.0 + 1e-7)
    with pytest.raises(bascule.ParityError) as found:
        bascule.pack(model, X)
    assert found.value.step == "shift"
    assert found.value.row == "sample row 0"
    assert found.value.column == "predict_proba[0]"
    assert found.value.python != found.value.engine
    assert "they may differ by" in str(found.value)


def test_a_row_that_only_python_refuses_is_a_parity_error():
    model, X = shifted(limit=1e30)
    with pytest.raises(bascule.ParityError) as found:
        bascule.pack(model, X)
    assert found.value.row.startswith("hostile row")
    assert "beyond 1e+30" in found.value.python
    assert found.value.engine == "scored"


def test_a_right_exporter_passes_and_leaves_the_estimators_as_they_were():
    model, X = shifted()
    before = [dict(vars(step)) for _, step in model.steps]
    package = bascule.pack(model, X)
    assert package.checked["sample_rows"] == 40
    assert package.checked["hostile_rows"] > 40
    assert [list(vars(step)) for _, step in model.steps] == [list(b) for b in before]


def test_a_row_on_the_decision_boundary_is_a_near_tie_and_not_an_error():
    X = np.array([[0.3, 0.1, 0.7], [1.0, 2.0, 3.0], [-1.0, 0.5, 2.0]])
    model = LogisticRegression().fit(X, [0, 1, 0])
    model.coef_ = np.array([[1.0, 1e-1, -(0.3 + 0.1 * 0.1) / 0.7]])
    model.intercept_ = np.array([0.0])
    package = bascule.pack(model, X)
    ties = [tie for tie in package.near_ties if tie.row == "sample row 0"]
    assert [tie.output for tie in ties] == ["predict"]
    assert ties[0].margin <= ties[0].bound < 1e-15


def test_a_sample_that_python_refuses_is_told_with_pythons_words():
    model, X = matrix()
    with pytest.raises(bascule.InputError, match=r"Python refuses.*NaN"):
        bascule.pack(model, np.full_like(X, np.nan))
    with pytest.raises(bascule.InputError, match="no rows"):
        bascule.pack(model, X[:0])


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (sp.csr_matrix((3, 2), dtype=np.float32), "sparse matrix of float32"),
        (sp.csr_matrix((3, 65_537)), "sparse matrix of 65537 columns"),
        (np.array([["a", 1]], object), "array of object"),
        (pd.DataFrame({"a": pd.Categorical(["x", 1])}), "column 'a': dtype object holding int"),
        (pd.DataFrame({"a": ["x", 1]}, dtype=object), "dtype object holding int and str"),
        (pd.DataFrame({"a": [None, float("nan"), "x"]}, dtype=object), "None, NaN, pd.NA"),
        (pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]), "two columns named 'a'"),
        (pd.DataFrame({"": [1.0]}), "a column without a name"),
        ([[1.0], [2.0, 3.0]], "a list as the model's input"),
    ],
)
def test_a_sample_that_cannot_be_read_exactly_is_refused_by_name(sample, message):
    model = OrdinalEncoder().fit(pd.DataFrame({"a": ["x", "y"]}))
    with pytest.raises(bascule.Unsupported, match=message):
        bascule.pack(model, sample)


def test_a_sparse_column_of_pandas_is_refused_by_name():
    data = pd.DataFrame({"a": pd.arrays.SparseArray([0.0, 1.0], fill_value=0.0)})
    with pytest.raises(bascule.Unsupported, match=r"'a': dtype Sparse\[float64.*make it dense"):
        bascule.pack(LogisticRegression().fit(data, [0, 1]), data)


@pytest.mark.parametrize(
    ("model", "step"),
    [
        (LogisticRegression(), "LogisticRegression"),
        (CatBoostClassifier(), "CatBoostClassifier"),
        (Pipeline([("scale", StandardScaler()), ("model", LinearRegression())]), "step 'scale'"),
    ],
)
def test_what_is_not_fitted_is_named(model, step):
    with pytest.raises(bascule.Unsupported, match=f"{step}.*: it is not fitted. Call fit before"):
        bascule.pack(model, np.zeros((3, 2)))


@pytest.mark.parametrize("missing", [None, np.nan])
def test_none_and_nan_are_told_apart_as_at_fit(missing):
    data = pd.DataFrame({"c": ["x", "y", missing, "x"]}, dtype=object)
    package = bascule.pack(OneHotEncoder(handle_unknown="ignore").fit(data), data)
    assert column(package, "c")["missing"] == ("none" if missing is None else "nan")
    scorer = bascule.load(package.bytes)
    np.testing.assert_array_equal(scorer.transform({"c": [None]}), [[0.0, 0.0, 1.0]])


def test_a_package_is_saved_whole_or_not_at_all(tmp_path, packed):
    target = packed.save(tmp_path / "charge.bascule")
    assert target.read_bytes() == packed.bytes
    assert [file.name for file in tmp_path.iterdir()] == ["charge.bascule"]
    with pytest.raises(OSError, match="no-such-folder"):
        packed.save(tmp_path / "no-such-folder" / "charge.bascule")


def test_the_digest_is_what_sha256sum_prints(tmp_path, packed):
    path = packed.save(tmp_path / "p.bascule")
    printed = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True)
    assert packed.digest == f"sha256:{printed.stdout.split()[0]}"
    assert bascule.load(path).digest == packed.digest


def test_a_flipped_bit_is_refused(packed):
    broken = bytearray(packed.bytes)
    broken[len(broken) // 2] ^= 1
    with pytest.raises(bascule.PackageError):
        bascule.load(bytes(broken))


def test_golden_rows_that_answer_differently_are_refused_at_load():
    """A package whose weights were changed, and which then proves itself again."""
    from safetensors.numpy import load

    model, X = matrix()
    package = bascule.pack(model, X)
    manifest = package.inspect()
    del manifest["fingerprint"]
    tensors = load(package.bytes)
    weights = next(n["tensors"]["weights"] for n in manifest["graph"] if n["op"] == "linear")
    tensors[weights] = tensors[weights] * (1 + 1e-9)
    changed = write_package(manifest, [(n, t) for n, t in tensors.items() if "~" not in n])
    with pytest.raises(bascule.PackageError, match="golden row"):
        bascule.load(changed)


def test_the_data_fingerprint_tells_samples_apart_and_pipelines_compose():
    model, X = matrix()
    whole = make_pipeline(*[step for _, step in model.steps])
    a, b = bascule.pack(whole, X), bascule.pack(whole, X + 0.0)
    c = bascule.pack(whole, X[1:])
    fingerprints = [p.inspect()["provenance"]["data_fingerprint"] for p in (a, b, c)]
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]
    assert to_buffers(X, a.inspect()["inputs"])[0] == len(X)


def test_more_outputs_than_a_package_may_have_are_refused_by_name():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 2)), rng.integers(0, 2, (30, 33))
    model = MultiOutputClassifier(DecisionTreeClassifier(max_depth=1)).fit(X, y)
    with pytest.raises(bascule.Unsupported, match="outputs: 66 of them"):
        bascule.pack(model, X)


@pytest.mark.parametrize(
    "model",
    [
        GridSearchCV(DecisionTreeClassifier(max_depth=2), {"max_depth": [2]}, cv=2),
        CalibratedClassifierCV(DecisionTreeClassifier(max_depth=2), cv=2),
        FixedThresholdClassifier(DecisionTreeClassifier(max_depth=2), pos_label="bad"),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_model_around_a_model_has_a_positive_label_too(model):
    X = np.random.default_rng(0).normal(size=(60, 2))
    model.fit(X, np.where(X[:, 0] > 0, "good", "bad"))
    with pytest.raises(bascule.Unsupported, match="nothing says which one is the event"):
        bascule.pack(model, X)
    packed = bascule.load(bascule.pack(model, X, positive="bad").bytes)
    assert packed.inspect()["kind"] == "yes/no"
    assert packed.inspect()["score"] == {
        "output": "predict_proba",
        "column": 0,
        "positive": "bad",
    }
