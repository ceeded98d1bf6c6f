"""Feature selection."""

from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
    chi2,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder

from parity import frames
from parity.case import case, refused

case(
    SelectKBest(k=2),
    SelectPercentile(percentile=50),
    SelectFpr(),
    SelectFdr(),
    SelectFwe(),
    GenericUnivariateSelect(mode="k_best", param=2),
    SelectFromModel(LogisticRegression(), threshold="median"),
    SequentialFeatureSelector(LogisticRegression(max_iter=30), n_features_to_select=2, cv=2),
    make_pipeline(SelectKBest(k=2).set_output(transform="pandas"), MinMaxScaler()),
    make_pipeline(MinMaxScaler(), SelectKBest(k=2)).set_output(transform="pandas"),
    on=frames.whole_frame,
    y="two",
)
case(VarianceThreshold(0.5), on=frames.numeric_missing)
case(SelectFromModel(RandomForestClassifier(4), max_features=2), on=frames.numeric_missing, y="two")
case(
    make_pipeline(TfidfVectorizer(), SelectPercentile(chi2, percentile=30), LogisticRegression()),
    on=frames.texts,
    y="two",
)
case(
    make_pipeline(
        OneHotEncoder(handle_unknown="ignore"), RFE(LogisticRegression(), n_features_to_select=3)
    ),
    on=frames.texts_and_nulls,
    y="two",
)
case(RFE(LogisticRegression(), n_features_to_select=3), on=frames.whole_frame, y="words")
case(RFE(RandomForestClassifier(3), n_features_to_select=2), on=frames.numeric, y="two")
case(RFECV(Ridge(), cv=2), on=frames.numeric, y="number")
case(
    make_pipeline(RFE(LogisticRegression(), n_features_to_select=2), LogisticRegression()),
    on=frames.whole_frame,
    y="two",
)
refused(SelectFwe(alpha=1e-300), on=frames.numeric, y="two", words="no column is selected")
