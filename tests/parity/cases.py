"""The cases: one line per estimator and data, and what each exporter must refuse by name.

`case` takes fresh estimators; the suite fits each one, packs it and compares. `refused` takes
estimators that fit but cannot be exported exactly, and the words that the refusal must contain.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from bascule.pack import pack
from bascule.package import Package
from bascule.scorer import Scorer
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)
from xgboost import XGBClassifier, XGBRegressor

from parity import frames
from parity.frames import Sample


@dataclass(frozen=True, eq=False)
class Case:
    """A fresh estimator, the rows it is fitted on, and which target."""

    estimator: Any
    sample: Sample
    target: str | None
    words: str | None = None  # of the refusal; None: it is exported
    slow: bool = False

    @cached_property
    def fitted(self) -> Any:
        """The estimator, fitted with every seed 0."""
        seeds = {name: 0 for name in self.estimator.get_params() if name.endswith("random_state")}
        y = None if self.target is None else self.sample.targets[self.target]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of convergence and the like: any fitted model will do
            return self.estimator.set_params(**seeds).fit(self.sample.X, y)

    @cached_property
    def package(self) -> Package:
        """The case, packed: `pack` compares with Python on the sample and on hostile rows."""
        labels = list(getattr(self.fitted, "classes_", []))
        positive = labels[1] if len(labels) == 2 and isinstance(labels[1], str) else None
        return pack(self.fitted, self.sample.X, positive=positive)

    @cached_property
    def scorer(self) -> Scorer:
        return Scorer(self.package.bytes)

    def __str__(self) -> str:
        if isinstance(self.estimator, (XGBClassifier, XGBRegressor)):
            given = self.estimator.get_params().items()
            shown = {name: value for name, value in given if value is not None and value == value}
            text = f"{type(self.estimator).__name__}({shown})"
        else:
            text = " ".join(repr(self.estimator).split())
        return f"{text[:120]} on {self.sample.name}" + (f", {self.target}" if self.target else "")


CASES: list[Case] = []
REFUSED: list[Case] = []


def case(*estimators: Any, on: Sample, y: str | None = None, slow: bool = False) -> None:
    CASES.extend(Case(estimator, on, y, slow=slow) for estimator in estimators)


def refused(*estimators: Any, on: Sample, y: str | None = None, words: str) -> None:
    REFUSED.extend(Case(estimator, on, y, words) for estimator in estimators)


# Scalers.
case(
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    on=frames.numeric,
)
case(StandardScaler(), MinMaxScaler(), MaxAbsScaler(), RobustScaler(), on=frames.numeric_frame)
case(MinMaxScaler(), MinMaxScaler(feature_range=(-1, 3), clip=True), on=frames.numeric)
case(MaxAbsScaler(), MaxAbsScaler(clip=True), on=frames.numeric)
case(
    RobustScaler(),
    RobustScaler(with_centering=False),
    RobustScaler(with_scaling=False),
    on=frames.numeric,
)
case(StandardScaler(), on=frames.integers)
refused(StandardScaler(), on=frames.float32_frame, words="float32")

# Missing values.
case(
    SimpleImputer(),
    SimpleImputer(strategy="median", add_indicator=True),
    SimpleImputer(strategy="most_frequent"),
    SimpleImputer(strategy="constant", fill_value=7.5),
    on=frames.numeric_missing,
)
case(
    SimpleImputer(),
    SimpleImputer(keep_empty_features=True),
    SimpleImputer(strategy="constant", keep_empty_features=True),
    on=frames.empty_column,
)
case(
    SimpleImputer(missing_values=-1),
    SimpleImputer(missing_values=-1, add_indicator=True),
    on=frames.marked_missing,
)
case(
    *(
        make_pipeline(imputer, OneHotEncoder(handle_unknown="ignore"))
        for imputer in (
            SimpleImputer(strategy="most_frequent"),
            SimpleImputer(strategy="constant"),
            SimpleImputer(strategy="constant", fill_value="?", add_indicator=True),
        )
    ),
    on=frames.texts_and_nulls,
)
case(
    make_pipeline(SimpleImputer(strategy="constant", missing_values=None), OrdinalEncoder()),
    on=frames.nones,
)
case(
    make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
    on=frames.charges[["country", "device", "amount"]],
)
case(
    MissingIndicator(),
    MissingIndicator(features="all"),
    MissingIndicator(error_on_new=False),
    on=frames.numeric_missing,
)
refused(
    SimpleImputer(strategy="constant", missing_values="ios"),
    on=frames.nones,
    words="missing_values='ios'",
)
refused(
    SimpleImputer(strategy="constant", missing_values=None),
    on=frames.charges[["country"]],
    words="missing_values=None",
)
refused(make_pipeline(OneHotEncoder(), SimpleImputer()), on=frames.texts_and_nulls, words="sparse")
refused(MissingIndicator(sparse=True), on=frames.numeric_missing, words="sparse=True")

# Encoders.
case(
    OneHotEncoder(),
    OneHotEncoder(handle_unknown="ignore"),
    OneHotEncoder(drop="first"),
    OneHotEncoder(drop="if_binary"),
    OneHotEncoder(sparse_output=False, handle_unknown="warn"),
    OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=40),
    OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=40, drop="first"),
    OneHotEncoder(handle_unknown="ignore", max_categories=2, drop="first"),
    OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=1),
    OneHotEncoder(handle_unknown="infrequent_if_exist"),
    on=frames.categories,
)
case(
    OneHotEncoder(drop=["DE", np.nan], handle_unknown="ignore"),
    OneHotEncoder(categories=[["US", "DE", "FR", "TR", ""], ["web", "ios", "android", np.nan]]),
    on=frames.texts_and_nulls,
)
case(OneHotEncoder(), OneHotEncoder(dtype=np.int32), OrdinalEncoder(), on=frames.nones)
case(
    OrdinalEncoder(),
    OrdinalEncoder(encoded_missing_value=-7),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=99, max_categories=2),
    on=frames.categories,
)
case(OneHotEncoder(handle_unknown="ignore"), OrdinalEncoder(), on=frames.integers)
refused(
    OneHotEncoder(dtype=np.float32),
    OrdinalEncoder(dtype=np.float32),
    on=frames.categories,
    words="dtype=float32",
)

# Texts.
case(
    CountVectorizer(),
    CountVectorizer(lowercase=False, binary=True, stop_words="english"),
    CountVectorizer(max_features=4, stop_words=["the", "card"]),
    CountVectorizer(vocabulary=["fraud", "card", "absent"]),
    on=frames.texts,
)
case(
    TfidfVectorizer(),
    TfidfVectorizer(sublinear_tf=True, norm="l1", stop_words="english"),
    TfidfVectorizer(use_idf=False),
    TfidfVectorizer(smooth_idf=False, norm=None, binary=True),
    on=frames.texts,
)
case(TfidfVectorizer(), on=frames.text_series)
case(
    make_pipeline(CountVectorizer(), TfidfTransformer(), LogisticRegression()),
    on=frames.texts,
    y="two",
)
refused(CountVectorizer(ngram_range=(1, 2)), on=frames.texts, words="ngram_range=(1, 2)")
refused(CountVectorizer(analyzer="char"), on=frames.texts, words="analyzer='char'")
refused(TfidfVectorizer(strip_accents="unicode"), on=frames.texts, words="strip_accents='unicode'")
refused(TfidfVectorizer(token_pattern=r"\w+"), on=frames.texts, words="token_pattern")
refused(
    CountVectorizer(tokenizer=str.split, token_pattern=None), on=frames.texts, words="tokenizer"
)
refused(CountVectorizer(preprocessor=str.upper), on=frames.texts, words="preprocessor")
refused(TfidfVectorizer(dtype=np.float32), on=frames.texts, words="dtype=float32")

# Linear models.
case(
    LinearRegression(),
    Ridge(alpha=0.5),
    LinearRegression(fit_intercept=False),
    on=frames.numeric,
    y="number",
)
case(LinearRegression(), Ridge(), on=frames.whole_frame, y="two_numbers")
case(
    LogisticRegression(),
    LogisticRegression(solver="liblinear"),
    LogisticRegression(l1_ratio=1, C=0.1, solver="saga", max_iter=300),
    LogisticRegression(fit_intercept=False),
    RidgeClassifier(),
    on=frames.numeric,
    y="two",
)
case(LogisticRegression(), RidgeClassifier(), on=frames.whole_frame, y="yes_no")
case(LogisticRegression(), RidgeClassifier(), on=frames.numeric, y="words")
refused(
    RidgeClassifier(),
    on=Sample(
        "two_labels",
        frames.numeric.X,
        {
            "y": np.column_stack(
                [frames.numeric.targets["two"], frames.numeric.targets["three"] > 0]
            ).astype(int)
        },
    ),
    y="y",
    words="several labels",
)

# Trees and forests.
case(
    DecisionTreeClassifier(),
    DecisionTreeClassifier(max_leaf_nodes=9),
    ExtraTreeClassifier(),
    RandomForestClassifier(7),
    ExtraTreesClassifier(7),
    on=frames.numeric,
    y="two",
)
case(
    DecisionTreeClassifier(),
    RandomForestClassifier(7),
    ExtraTreesClassifier(7),
    on=frames.numeric_missing,
    y="words",
)
case(
    DecisionTreeRegressor(),
    ExtraTreeRegressor(),
    RandomForestRegressor(7),
    ExtraTreesRegressor(7),
    on=frames.numeric_missing,
    y="number",
)
case(RandomForestRegressor(7, criterion="poisson"), on=frames.numeric, y="positive")
case(DecisionTreeRegressor(criterion="absolute_error"), on=frames.whole_frame, y="number")
case(RandomForestClassifier(5), on=frames.float32_frame, y="two")
refused(
    DecisionTreeRegressor(),
    RandomForestRegressor(3),
    on=frames.numeric,
    y="two_numbers",
    words="2 targets",
)

# Boosting.
case(
    GradientBoostingClassifier(n_estimators=8),
    GradientBoostingClassifier(n_estimators=8, loss="exponential", init="zero"),
    on=frames.numeric,
    y="yes_no",
)
case(
    GradientBoostingClassifier(n_estimators=6),
    GradientBoostingClassifier(n_estimators=6, init="zero", subsample=0.7),
    on=frames.whole_frame,
    y="words",
)
case(
    *(
        GradientBoostingRegressor(n_estimators=8, loss=loss)
        for loss in ("squared_error", "absolute_error", "huber", "quantile")
    ),
    on=frames.numeric,
    y="number",
)
refused(
    GradientBoostingClassifier(n_estimators=3, init=DummyClassifier()),
    on=frames.numeric,
    y="two",
    words="init=DummyClassifier",
)
case(HistGradientBoostingClassifier(max_iter=10), on=frames.numeric_missing, y="yes_no")
case(HistGradientBoostingClassifier(max_iter=6), on=frames.numeric_frame, y="words")
case(HistGradientBoostingClassifier(max_iter=6), on=frames.float32_frame, y="two")
case(
    *(
        HistGradientBoostingRegressor(max_iter=8, loss=loss)
        for loss in ("squared_error", "absolute_error", "poisson", "gamma")
    ),
    HistGradientBoostingRegressor(max_iter=8, loss="quantile", quantile=0.3),
    on=frames.numeric_missing,
    y="positive",
)
refused(
    HistGradientBoostingRegressor(max_iter=3, categorical_features=[4]),
    on=frames.numeric,
    y="number",
    words="categorical",
)

# XGBoost.
case(
    XGBClassifier(n_estimators=8),
    XGBClassifier(n_estimators=8, num_parallel_tree=2, subsample=0.7, base_score=0.3),
    on=frames.numeric_missing,
    y="two",
)
case(XGBClassifier(n_estimators=8, missing=-1.0), on=frames.marked_missing, y="two")
case(
    XGBClassifier(n_estimators=5),
    XGBClassifier(n_estimators=5, base_score=[0.1, 0.2, 0.3]),
    XGBClassifier(n_estimators=3, num_parallel_tree=3, subsample=0.7),
    on=frames.numeric_frame,
    y="three",
)
case(XGBClassifier(n_estimators=5), on=frames.float32_frame, y="two")
case(
    *(
        XGBRegressor(n_estimators=6, objective=objective)
        for objective in (
            "reg:squarederror",
            "reg:absoluteerror",
            "reg:pseudohubererror",
            "reg:squaredlogerror",
            "count:poisson",
            "reg:gamma",
            "reg:tweedie",
        )
    ),
    on=frames.numeric_missing,
    y="positive",
)
case(
    XGBRegressor(n_estimators=6, objective="reg:quantileerror", quantile_alpha=0.3),
    on=frames.numeric,
    y="number",
)
case(XGBRegressor(n_estimators=6, objective="reg:logistic"), on=frames.numeric, y="two")
refused(
    XGBClassifier(n_estimators=3, booster="dart"),
    XGBClassifier(n_estimators=3, booster="gblinear"),
    on=frames.numeric,
    y="two",
    words="booster=",
)
refused(
    XGBClassifier(n_estimators=3, objective="multi:softmax"),
    on=frames.numeric,
    y="three",
    words="objective='multi:softmax'",
)
refused(XGBRegressor(n_estimators=3), on=frames.numeric, y="two_numbers", words="several targets")
refused(
    XGBRegressor(n_estimators=3, multi_strategy="multi_output_tree", tree_method="hist"),
    on=frames.numeric,
    y="two_numbers",
    words="multi_output_tree",
)

# Composition.
case(FunctionTransformer(), FunctionTransformer(validate=True), on=frames.numeric)
refused(FunctionTransformer(np.log1p), on=frames.numeric, words="func=log1p")
case(
    Pipeline([("scale", StandardScaler()), ("nothing", "passthrough"), ("model", Ridge())]),
    on=frames.numeric,
    y="number",
)
case(make_pipeline(SimpleImputer(), StandardScaler(), "passthrough"), on=frames.numeric_missing)
case(
    make_pipeline(
        OneHotEncoder(handle_unknown="ignore"),
        MaxAbsScaler(),
        StandardScaler(with_mean=False),
        RobustScaler(with_centering=False),
        Ridge(),
    ),
    on=frames.texts_and_nulls,
    y="number",
)


def charges_columns(**kwargs: Any) -> ColumnTransformer:
    """What most tabular models do first."""
    return ColumnTransformer(
        [
            (
                "num",
                make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
                ["amount", "age"],
            ),
            (
                "cat",
                make_pipeline(
                    SimpleImputer(strategy="constant"), OneHotEncoder(handle_unknown="ignore")
                ),
                ["country", "device"],
            ),
            ("text", TfidfVectorizer(), "description"),
        ],
        **kwargs,
    )


case(
    charges_columns(),
    charges_columns(sparse_threshold=0),
    charges_columns(sparse_threshold=1.0),
    charges_columns(remainder=SimpleImputer()),
    charges_columns(remainder="passthrough"),
    charges_columns(transformer_weights={"num": 0.3, "text": 2.0}),
    on=frames.charges,
)
case(
    ColumnTransformer(
        [
            ("a", StandardScaler(), [0, 1]),
            ("b", "drop", slice(2, 4)),
            ("c", "passthrough", [False] * 5 + [True, False]),
            ("d", OrdinalEncoder(), lambda X: ["vip"]),
        ]
    ),
    ColumnTransformer(
        [
            ("a", StandardScaler(), make_column_selector(dtype_include=float)),
            ("b", OneHotEncoder(handle_unknown="ignore"), slice("country", "device")),
        ]
    ),
    ColumnTransformer(
        [
            (
                "a",
                ColumnTransformer([("b", MinMaxScaler(), ["amount"])], remainder="passthrough"),
                ["age", "amount"],
            )
        ]
    ),
    on=frames.charges,
)
case(
    ColumnTransformer([("a", StandardScaler(), [0, -1]), ("b", "passthrough", slice(1, 3))]),
    on=frames.numeric,
)

_impute_first = ColumnTransformer(
    [
        ("n", SimpleImputer(), ["amount", "age"]),
        ("c", SimpleImputer(strategy="most_frequent"), ["country", "device"]),
    ]
)
_then_encode = ColumnTransformer(
    [("n", StandardScaler(), [0, 1]), ("c", OneHotEncoder(handle_unknown="ignore"), [2, 3])]
)
case(make_pipeline(_impute_first, _then_encode, LogisticRegression()), on=frames.charges, y="two")
for _kwargs in ({}, {"sparse_threshold": 0}):
    case(
        make_pipeline(charges_columns(**_kwargs), LogisticRegression()),
        on=frames.charges,
        y="two",
        slow=bool(_kwargs),
    )
    case(
        make_pipeline(charges_columns(**_kwargs), XGBClassifier(n_estimators=5)),
        on=frames.charges,
        y="two",
    )
    case(
        *(
            make_pipeline(charges_columns(**_kwargs), model)
            for model in (RandomForestClassifier(5), GradientBoostingClassifier(n_estimators=5))
        ),
        on=frames.charges,
        y="two",
        slow=True,
    )
case(
    make_pipeline(charges_columns(sparse_threshold=0), HistGradientBoostingClassifier(max_iter=5)),
    on=frames.charges,
    y="yes_no",
    slow=True,
)
refused(CountVectorizer(), on=frames.charges[["description"]], words="by its name alone")

_two_labels = Sample(
    "two_labels",
    frames.numeric.X,
    {"y": np.column_stack([frames.numeric.targets["two"], frames.numeric.X[:, 1] > 0]).astype(int)},
)
refused(
    DecisionTreeClassifier(),
    RandomForestClassifier(3),
    ExtraTreesClassifier(3),
    on=_two_labels,
    y="y",
    words="2 targets",
)
refused(
    HistGradientBoostingClassifier(max_iter=3, categorical_features=[4]),
    on=frames.numeric,
    y="two",
    words="categorical",
)

# pandas between the steps: the second one selects by the names that the first one gives.
case(
    make_pipeline(
        clone(_impute_first).set_output(transform="pandas"),
        ColumnTransformer(
            [
                ("n", StandardScaler(), ["n__amount"]),
                ("c", OneHotEncoder(handle_unknown="ignore"), ["c__device"]),
            ]
        ),
        LogisticRegression(),
    ),
    on=frames.charges,
    y="two",
)
