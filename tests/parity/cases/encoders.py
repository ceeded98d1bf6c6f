"""Encoders."""

import numpy as np
from sklearn.preprocessing import (
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
