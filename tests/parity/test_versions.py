"""What people pack most, on the scikit-learn that is installed: the oldest that Bascule knows and
the newest. `make test-slow` runs this file in an environment of each; parameters are those of both.
"""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

from parity import frames
from parity.case import Case

_prepare = ColumnTransformer(
    [
        ("num", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), ["amount"]),
        (
            "cat",
            make_pipeline(
                SimpleImputer(strategy="constant", fill_value="?"),
                OneHotEncoder(handle_unknown="ignore"),
            ),
            ["country", "device"],
        ),
        ("text", TfidfVectorizer(), "description"),
    ],
    sparse_threshold=0,
)
MODELS: list[tuple[Any, frames.Sample, str | None]] = [
    (StandardScaler(), frames.numeric, None),
    (make_pipeline(MinMaxScaler(), RobustScaler(), MaxAbsScaler()), frames.numeric, None),
    (SimpleImputer(strategy="median"), frames.numeric_missing, None),
    (OrdinalEncoder(), frames.categories, None),
    (OneHotEncoder(max_categories=2, handle_unknown="ignore"), frames.categories, None),
    (CountVectorizer(), frames.texts, None),
    (LinearRegression(), frames.numeric, "number"),
    (Ridge(), frames.whole_frame, "two_numbers"),
    (LogisticRegression(), frames.numeric, "two"),
    (LogisticRegression(), frames.numeric, "words"),
    (RidgeClassifier(), frames.numeric, "words"),
    (DecisionTreeClassifier(), frames.numeric_missing, "words"),
    (RandomForestClassifier(7), frames.numeric_missing, "two"),
    (RandomForestRegressor(7), frames.numeric, "number"),
    (ExtraTreesRegressor(7), frames.numeric, "number"),
    (GradientBoostingClassifier(n_estimators=6), frames.numeric, "words"),
    (GradientBoostingRegressor(n_estimators=6, loss="huber"), frames.numeric, "number"),
    (HistGradientBoostingClassifier(max_iter=6), frames.numeric_frame, "words"),
    (HistGradientBoostingRegressor(max_iter=6, loss="poisson"), frames.numeric, "positive"),
    (make_pipeline(_prepare, LogisticRegression()), frames.charges, "two"),
    (make_pipeline(_prepare, HistGradientBoostingClassifier(max_iter=5)), frames.charges, "two"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "sample", "target"), MODELS, ids=[type(model).__name__ for model, _, _ in MODELS]
)
def test_the_package_answers_as_this_scikit_learn_does(
    model: Any, sample: frames.Sample, target: str | None
) -> None:
    case = Case(model, sample, target)
    assert case.package.checked["sample_rows"] == len(sample.X)
