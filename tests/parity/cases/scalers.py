"""Scalers."""

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

from parity import frames
from parity.case import case, refused

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
case(
    RobustScaler(quantile_range=(5, 90), unit_variance=True),
    MinMaxScaler(feature_range=(-5, -1)),
    on=frames.numeric_missing,
)
case(make_pipeline(CountVectorizer(), MaxAbsScaler(clip=True)), on=frames.texts)
case(StandardScaler(), on=frames.integers)
refused(StandardScaler(), on=frames.float32_frame, words="float32")
