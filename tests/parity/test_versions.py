"""What people pack most, on the scikit-learn that is installed: the oldest that Bascule knows and
the newest. `make test-slow` runs this file in an environment of each; parameters are those of both.
"""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingRegressor,
    VotingClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import (
    ElasticNet,
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC, LinearSVC
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
    (SGDClassifier(loss="log_loss"), frames.numeric, "words"),
    (ElasticNet(), frames.numeric, "number"),
    (LinearSVC(), frames.numeric, "words"),
    (SVC(), frames.numeric, "words"),
    (MLPClassifier(5, max_iter=30), frames.numeric, "words"),
    (GaussianNB(), frames.numeric, "words"),
    (KNeighborsClassifier(), frames.numeric, "words"),
    (KMeans(3), frames.numeric, None),
    (PCA(3), frames.numeric, None),
    (QuantileTransformer(n_quantiles=20), frames.numeric, None),
    (KBinsDiscretizer(4, encode="ordinal"), frames.numeric, None),
    (PolynomialFeatures(), frames.numeric, None),
    (SplineTransformer(), frames.numeric, None),
    (TargetEncoder(cv=2), frames.texts_and_nulls, "two"),
    (KNNImputer(), frames.numeric_missing, None),
    (IsolationForest(n_estimators=9), frames.numeric, None),
    (AdaBoostClassifier(n_estimators=5), frames.numeric, "words"),
    (BaggingClassifier(n_estimators=4), frames.numeric, "words"),
    (make_pipeline(SelectKBest(k=3), Ridge()), frames.numeric, "number"),
    (GridSearchCV(Ridge(), {"alpha": [0.1, 1]}, cv=2), frames.numeric, "number"),
    (CalibratedClassifierCV(LinearSVC(), cv=2), frames.numeric, "words"),
    (
        VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())], voting="soft"),
        frames.numeric,
        "two",
    ),
    (StackingRegressor([("a", Ridge()), ("b", ElasticNet())], cv=2), frames.numeric, "number"),
    (make_pipeline(HashingVectorizer(n_features=64), Ridge()), frames.texts, "number"),
    (make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), TruncatedSVD(3)), frames.texts, None),
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
    if getattr(model, "algorithm", "") == "SAMME.R":
        model.set_params(algorithm="SAMME")  # the only one since 1.6, and refused by name
    case = Case(model, sample, target)
    assert case.package.checked["sample_rows"] == len(sample.X)
