"""What exporters refuse by name that no other file of cases reaches."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from sklearn.cluster import AffinityPropagation, Birch
from sklearn.compose import ColumnTransformer
from sklearn.covariance import EllipticEnvelope
from sklearn.decomposition import NMF, PCA, DictionaryLearning, KernelPCA, LatentDirichletAllocation
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import AdaBoostClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import Isomap
from sklearn.mixture import GaussianMixture
from sklearn.multiclass import OneVsOneClassifier
from sklearn.neighbors import KNeighborsRegressor, LocalOutlierFactor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    LabelBinarizer,
    LabelEncoder,
    OneHotEncoder,
    OrdinalEncoder,
)
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBRegressor

from parity import frames
from parity.case import refused
from parity.cases.decomposition import counts
from parity.cases.kernels import scaled
from parity.frames import Sample


def on_float32(model: Any, X: Any, y: Any) -> Any:
    """Fitted on float32, to be packed with a sample of float64."""
    given = (np.asarray(y),) if y is not None else ()
    return model.fit(np.asarray(X, np.float32), *given)


def _on_dense(model: Any, X: Any, y: Any) -> Any:
    pipeline = make_pipeline(TfidfVectorizer(), model)
    dense = pipeline[0].fit_transform(X).toarray()
    pipeline[1].fit(dense, y)
    return pipeline


def _with_single_idf(pipeline: Any, X: Any) -> Any:
    pipeline.fit(X)
    pipeline[1].idf_ = pipeline[1].idf_.astype(np.float32)
    return pipeline


def _one_vs_rest(model: Any) -> Any:
    model.multi_class = "ovr"
    return model


# Fitted on float32.
refused(
    AffinityPropagation(),
    Birch(),
    on=Sample("scaled_rows", scaled.X[:40]),
    words="float32",
    fit=on_float32,
)
for _model in (
    PCA(2),
    GaussianMixture(),
    RBFSampler(n_components=3),
    Isomap(),
    KNNImputer(),
    DictionaryLearning(2, max_iter=2),
    LocalOutlierFactor(novelty=True),
):
    refused(_model, on=Sample("scaled_rows", scaled.X[:40]), words="float32", fit=on_float32)
refused(
    NMF(2), LatentDirichletAllocation(2, max_iter=1), on=counts, words="float32", fit=on_float32
)
refused(
    KernelPCA(2),
    EllipticEnvelope(),
    LabelEncoder(),
    on=Sample("column", scaled.X[:40, :1]),
    words="float32",
    fit=lambda model, X, y: on_float32(model, X.ravel() if "Label" in str(model) else X, y),
)
refused(
    KNeighborsRegressor(),
    on=scaled,
    y="number",
    words="targets of float32",
    fit=lambda model, X, y: model.fit(X, y.astype(np.float32)),
)
refused(
    IsotonicRegression(),
    on=Sample("one", scaled.X[:, :1], scaled.targets),
    y="number",
    words="float32",
    fit=on_float32,
)

# Nothing is left, or nothing was there.
refused(
    ColumnTransformer([("none", "drop", ["age"])]),
    on=frames.charges,
    words="every column is dropped",
)
refused(
    SimpleImputer(), on=Sample("empty", np.full((8, 2), np.nan)), words="every column was empty"
)
refused(KNNImputer(), on=Sample("empty", np.full((8, 2), np.nan)), words="every column was empty")
refused(
    OneHotEncoder(drop="first"),
    on=Sample("constant", pd.DataFrame({"a": ["x"] * 9})),
    words="drop leaves",
)
refused(
    AdaBoostClassifier(DecisionTreeClassifier(max_depth=1)),
    MLPClassifier((2,), max_iter=2),
    on=Sample("one_class", scaled.X, {"one": np.zeros(len(scaled.X), int)}),
    y="one",
    words="class",
)
refused(
    DummyClassifier(strategy="most_frequent"),
    on=Sample("scaled", scaled.X, {"sparse": csr_array(scaled.targets["two"][:, None])}),
    y="sparse",
    words="sparse targets",
)
refused(
    GaussianProcessRegressor(ConstantKernel()),
    on=scaled,
    y="number",
    words="the same for all rows",
)
refused(
    GaussianProcessRegressor(),
    on=scaled,
    words="not fitted",
    fit=lambda model, X, y: model,
)
refused(XGBRegressor(n_estimators=0), on=scaled, y="number", words="no trees")

# Inputs that are not those of fit.
refused(
    LabelEncoder(),
    LabelBinarizer(),
    on=frames.Sample("two_columns", frames.charges.X[["country", "device"]]),
    words="2 columns",
    fit=lambda model, X, y: model.fit(X["country"]),
)
refused(
    LabelEncoder(),
    on=Sample("country", frames.charges.X["country"]),
    words="unlike its classes",
    fit=lambda model, X, y: model.fit([1, 2, 3]),
)
refused(
    OrdinalEncoder(),
    on=frames.charges[["country"]],
    words="but its categories are numbers",
    fit=lambda model, X, y: model.fit(np.array([[1.0], [2.0]])),
)
refused(
    OrdinalEncoder(), on=Sample("wide", pd.DataFrame({"a": [2**60, 1, 2]})), words="beyond 2^53"
)
refused(
    DictVectorizer(),
    on=scaled,
    words="rows that are no dicts",
    fit=lambda model, X, y: model.fit([{"a": 1}]),
)
refused(
    DictVectorizer(),
    on=Sample("dicts", [{"a": 1.0}, {"a": 2.0}]),
    words="no row of the sample has the key",
    fit=lambda model, X, y: model.fit([{"a": 1}, {"b=c": 2}]),
)
refused(
    DictVectorizer(),
    on=Sample("dicts", [{"a": "x", "a=b": "y"}] * 3),
    words="may stand for more than one key",
)
refused(
    SVC(),
    on=frames.texts,
    y="two",
    words="fitted on dense ones",
    fit=_on_dense,
)
refused(
    CountVectorizer(vocabulary=["a", "\ud83d"]), on=frames.texts, words="half of a surrogate pair"
)
refused(
    OneHotEncoder(),
    on=Sample("surrogates", pd.DataFrame({"a": ["x", "\ud83d"]}, dtype=object)),
    words="category '\\ud83d', half of a surrogate pair",
)
refused(
    make_pipeline(CountVectorizer(), TfidfTransformer()),
    on=frames.texts,
    words="idf_ is float32",
    fit=lambda model, X, y: _with_single_idf(model, X),
)
refused(
    OneVsOneClassifier(SVC(kernel="precomputed")),
    on=Sample("gram", scaled.X @ scaled.X.T, scaled.targets),
    y="words",
    words="precomputed",
)
refused(
    LogisticRegression(),
    on=scaled,
    y="words",
    words="multi_class='ovr'",
    fit=lambda model, X, y: _one_vs_rest(model.fit(X, y)),
)
refused(
    TfidfVectorizer(),
    on=scaled,
    words="one column of texts is expected",
    fit=lambda model, X, y: model.fit(["a text"]),
)
