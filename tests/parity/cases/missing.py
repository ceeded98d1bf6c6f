"""Missing values."""

from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
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
    SimpleImputer(strategy="constant", missing_values=None),
    on=frames.charges[["country"]],
    words="missing_values=None",
)
refused(make_pipeline(OneHotEncoder(), SimpleImputer()), on=frames.texts_and_nulls, words="sparse")
refused(MissingIndicator(sparse=True), on=frames.numeric_missing, words="sparse=True")
