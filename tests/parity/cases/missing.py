"""Missing values."""

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
)

from parity import frames
from parity.case import case, refused

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
    make_pipeline(
        SimpleImputer(strategy="constant").set_output(transform="pandas"),
        OneHotEncoder(handle_unknown="ignore"),
    ),
    on=frames.nones,
    words="keeps None",
)
refused(
    SimpleImputer(strategy="constant", missing_values=None),
    on=frames.charges[["country"]],
    words="missing_values=None",
)
_marked = frames.Sample("marked_texts", frames.charges.X[["device", "country"]].fillna("?"))
case(
    *(
        make_pipeline(imputer, OneHotEncoder(handle_unknown="ignore"))
        for imputer in (
            SimpleImputer(missing_values="?", strategy="most_frequent", add_indicator=True),
            SimpleImputer(missing_values="?", strategy="constant", fill_value="none"),
        )
    ),
    MissingIndicator(missing_values="?"),
    on=_marked,
)
case(MissingIndicator(sparse=True), on=frames.numeric_missing)
case(MissingIndicator(features="all", sparse=False), on=frames.texts_and_nulls)
_sparse_with_nulls = ColumnTransformer(
    [
        ("one_hot", OneHotEncoder(handle_unknown="ignore"), ["country"]),
        ("numbers", "passthrough", ["amount", "rating"]),
    ],
    sparse_threshold=1.0,
)
case(
    make_pipeline(_sparse_with_nulls, SimpleImputer(add_indicator=True)),
    make_pipeline(_sparse_with_nulls, MissingIndicator()),
    on=frames.charges,
)
_nullable = frames.charges.X[["rating", "age"]].astype("Int64")
case(
    SimpleImputer(missing_values=pd.NA),
    SimpleImputer(strategy="most_frequent"),
    FunctionTransformer(np.log1p),
    on=frames.Sample("nullable", _nullable),
)
refused(
    SimpleImputer(strategy="most_frequent", missing_values="?"),
    on=frames.charges[["country", "age"]],
    words="which holds numbers",
)
refused(
    MissingIndicator(missing_values=pd.NA, error_on_new=False),
    on=frames.numeric,
    words="missing_values=pd.NA",
)
refused(MissingIndicator(), on=frames.numeric, words="no column was missing in fit")
