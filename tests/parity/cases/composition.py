"""Composition."""

from typing import Any

from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
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
from xgboost import XGBClassifier

from parity import frames
from parity.case import case, refused

case(FunctionTransformer(), FunctionTransformer(validate=True), on=frames.numeric)
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
