"""Encoders."""

import numpy as np
import pandas as pd
from sklearn.preprocessing import (
    LabelBinarizer,
    LabelEncoder,
    MultiLabelBinarizer,
    OneHotEncoder,
    OrdinalEncoder,
)

from parity import frames
from parity.case import case, refused

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
case(
    OneHotEncoder(),
    OneHotEncoder(dtype=np.int32),
    OneHotEncoder(dtype=bool),
    OrdinalEncoder(),
    on=frames.nones,
)
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

_country = frames.Sample("country", frames.charges.X["country"])
_whole_numbers = frames.Sample("whole_numbers", frames.numeric.X[:, 4:].round())
case(LabelEncoder(), LabelBinarizer(), LabelBinarizer(neg_label=-2, pos_label=0), on=_country)
case(LabelEncoder(), LabelBinarizer(sparse_output=True), on=_whole_numbers)
case(LabelEncoder(), on=frames.Sample("int_array", _whole_numbers.X.astype(int)))
case(LabelEncoder(), LabelBinarizer(), on=frames.integers[["a"]])
refused(
    LabelBinarizer(), on=frames.Sample("yes_no", list("ynyn")), words="fewer than three classes"
)
refused(LabelEncoder(), on=frames.Sample("texts", ["a", "bc"]), words="to which numpy cuts")
refused(
    MultiLabelBinarizer(),
    on=frames.Sample("letters", pd.Series(["ab", "c"])),
    words="rows that are no lists of texts",
)
