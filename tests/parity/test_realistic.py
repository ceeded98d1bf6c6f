"""Whole pipelines as people build them, on their own kinds of tables."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from bascule.errors import Unsupported
from bascule.pack import pack
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler
from xgboost import XGBClassifier

SIZE_AGAINST_PICKLE = 0.35


def churn(rows: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    """Telephone customers: contracts, charges with holes, yes/no columns."""
    rng = np.random.default_rng(11)
    frame = pd.DataFrame(
        {
            "months": rng.integers(0, 72, rows),
            "monthly": np.round(rng.gamma(8, 8, rows), 2),
            "total": np.where(rng.random(rows) < 0.05, np.nan, rng.gamma(3, 700, rows)),
            "contract": rng.choice(["month", "year", "two years"], rows, p=[0.6, 0.25, 0.15]),
            "paperless": rng.choice(["Yes", "No"], rows),
            "senior": rng.integers(0, 2, rows),
        }
    )
    risk = (frame["contract"] == "month") * 2 + frame["monthly"] / 60 - frame["months"] / 30
    leaves = np.where(risk + rng.normal(size=rows) > 1.5, "Yes", "No")
    return frame, leaves


def credit(rows: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    """Loans: incomes over five decades, grades in order, missing employers."""
    rng = np.random.default_rng(12)
    employer = rng.choice(["state", "own", "private"], rows).astype(object)
    employer[rng.random(rows) < 0.2] = None
    frame = pd.DataFrame(
        {
            "income": np.where(rng.random(rows) < 0.1, np.nan, np.exp(rng.normal(10, 1.5, rows))),
            "loan": rng.gamma(2, 5000, rows),
            "grade": rng.choice(list("ABCDEFG"), rows),
            "employer": employer,
            "accounts": rng.poisson(4, rows).astype(float),
        }
    )
    grade = frame["grade"].map("ABCDEFG".index).to_numpy()
    default = (grade / 3 + frame["loan"] / 1e4 + rng.normal(size=rows) > 2.5).astype(int)
    return frame, default.to_numpy()


def tickets(rows: int = 300) -> tuple[list[str], np.ndarray]:
    """Support tickets in three languages; which team answers."""
    rng = np.random.default_rng(13)
    words = {
        "billing": "invoice Rechnung facture refund twice charged \u20ac zur\u00fcck",
        "login": "password Passwort mot de passe reset locked account se connecter",
        "bug": "crash Absturz erreur 500 screen wei\u00df blank after update",
    }
    teams = rng.choice(list(words), rows)
    texts = [
        " ".join(rng.choice([*words[team].split(), "the", "Hello", "\u041f\u0440"], 8))
        for team in teams
    ]
    return texts, teams


def test_churn_with_a_linear_model_on_selected_dtypes() -> None:
    frame, leaves = churn()
    prepare = ColumnTransformer(
        [
            (
                "n",
                make_pipeline(SimpleImputer(strategy="median"), RobustScaler()),
                make_column_selector(dtype_include="number"),
            ),
            (
                "c",
                OneHotEncoder(drop="if_binary", handle_unknown="ignore"),
                make_column_selector(dtype_include="str"),
            ),
        ]
    )
    package = pack(
        make_pipeline(prepare, LogisticRegression()).fit(frame, leaves), frame, positive="Yes"
    )
    assert package.inspect()["kind"] == "yes/no"


def test_credit_with_boosting_on_ordinal_codes() -> None:
    frame, default = credit()
    prepare = ColumnTransformer(
        [
            (
                "grade",
                OrdinalEncoder(
                    categories=[list("ABCDEFG")],
                    handle_unknown="use_encoded_value",
                    unknown_value=-1,
                ),
                ["grade"],
            ),
            (
                "employer",
                OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan),
                ["employer"],
            ),
        ],
        remainder="passthrough",
    )
    for model in (HistGradientBoostingClassifier(max_iter=15), XGBClassifier(n_estimators=15)):
        package = pack(make_pipeline(prepare, model).fit(frame, default), frame)
        nullable = {entry["name"]: entry["nullable"] for entry in package.inspect()["inputs"]}
        assert nullable == dict.fromkeys(nullable, True), "boosting takes every column missing"


def test_tickets_with_text_into_a_multi_class_model() -> None:
    texts, teams = tickets()
    model = make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=5))
    package = pack(model.fit(texts, teams), texts)
    assert package.inspect()["kind"] == "classes"


def test_prices_with_ridge_and_with_boosting() -> None:
    frame, _ = credit()
    rest = frame.drop(columns="income")
    price = np.nan_to_num(frame["income"].to_numpy(), nan=1e4) + rest["loan"].to_numpy()
    prepare = ColumnTransformer(
        [
            ("n", StandardScaler(), ["loan", "accounts"]),
            (
                "c",
                make_pipeline(
                    SimpleImputer(strategy="constant"),
                    OneHotEncoder(
                        min_frequency=0.2, handle_unknown="infrequent_if_exist", sparse_output=False
                    ),
                ),
                ["employer"],
            ),
        ]
    )
    for model in (Ridge(), GradientBoostingRegressor(n_estimators=10, random_state=0)):
        package = pack(make_pipeline(prepare, model).fit(rest, price), rest)
        assert package.inspect()["kind"] == "number"


def test_early_stopping_keeps_the_best_iteration() -> None:
    frame, default = credit()
    numbers = frame[["income", "loan", "accounts"]]
    model = XGBClassifier(n_estimators=60, early_stopping_rounds=3, learning_rate=1.0)
    rest = (numbers[200:], default[200:])
    model.fit(numbers[:200], default[:200], eval_set=[rest], verbose=False)
    assert model.best_iteration + 1 < len(model.get_booster().get_dump())
    pack(model, numbers)


@pytest.mark.slow
def test_a_forest_of_110_000_nodes_is_at_most_a_third_of_its_pickle() -> None:
    rng = np.random.default_rng(14)
    X = rng.normal(size=(9_000, 20))
    y = (X[:, :6].sum(axis=1) + 2 * rng.normal(size=len(X)) > 0).astype(int)
    forest = RandomForestClassifier(100, max_depth=14, random_state=0).fit(X, y)
    nodes = sum(tree.tree_.node_count for tree in forest.estimators_)
    assert nodes > 100_000
    package = pack(forest, X[:300])
    assert len(package.bytes) <= SIZE_AGAINST_PICKLE * len(pickle.dumps(forest))


def test_answers_that_hang_on_last_bits_are_refused() -> None:
    x = np.random.default_rng(14).normal(size=(120, 1))
    model = KNeighborsRegressor(metric="cosine").fit(x, x[:, 0])  # every row is equally near
    with pytest.raises(Unsupported, match=r"KNeighborsRegressor: for .* hangs on the last bits"):
        pack(model, x)
