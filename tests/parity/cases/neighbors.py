"""Nearest neighbours, clusters, and what is built on them."""

import numpy as np
import pandas as pd
from sklearn.cluster import (
    AffinityPropagation,
    Birch,
    BisectingKMeans,
    KMeans,
    MeanShift,
    MiniBatchKMeans,
)
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.linear_model import Ridge
from sklearn.manifold import Isomap, LocallyLinearEmbedding
from sklearn.neighbors import (
    KernelDensity,
    KNeighborsClassifier,
    KNeighborsRegressor,
    KNeighborsTransformer,
    LocalOutlierFactor,
    NearestNeighbors,
    NeighborhoodComponentsAnalysis,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
    RadiusNeighborsTransformer,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from parity import frames
from parity.case import case, refused
from parity.frames import Sample

_rng = np.random.default_rng(7)
_x = _rng.normal(size=(160, 3))
_third = (_x[:, 0] > 0).astype(int) + (_x[:, 1] > 0.5)
_y = {
    "three": _third,
    "words": np.array(["a", "b", "c"])[_third],
    "number": _x[:, 0] * 3 + _x[:, 2],
    "two_labels": np.column_stack([_third, np.where(_x[:, 2] > 0, 5, 7)]),
    "some": np.where(_rng.random(160) < 0.5, -1, _third),
}
small = Sample("small", _x, _y)
small_frame = Sample("small_frame", pd.DataFrame(_x, columns=["a", "b", "c"]), _y)
# Many rows are equally far from each other.
ties = Sample("ties", _rng.integers(0, 4, (160, 3)).astype(float), _y)
whole = Sample("whole", pd.DataFrame((_x * 1000).astype(int), columns=["a", "b", "c"]), _y)
_wide = _rng.normal(size=(500, 18))
_two = np.column_stack([_wide[:, 0] > 0, _wide[:, 1] > 1]).astype(int)
wide = Sample("wide", _wide, {"two": _two})
places = Sample("places", _rng.uniform(-1.5, 1.5, (160, 2)), _y)
yes_no = Sample("yes_no", pd.DataFrame(_rng.random((160, 6)) < 0.4, columns=list("abcdef")), _y)


def _nothing(X: object) -> object:
    return X


case(
    KMeans(4, n_init=1),
    BisectingKMeans(5),
    Birch(n_clusters=4),
    on=frames.numeric,
)
case(KMeans(1, n_init=1), MiniBatchKMeans(3), AffinityPropagation(), on=small)
case(MeanShift(bandwidth=1.0), on=small)
case(MeanShift(), Birch(n_clusters=None, threshold=1.0), on=small, slow=True)
case(
    make_pipeline(TfidfVectorizer(), KMeans(3, n_init=1)),
    make_pipeline(TfidfVectorizer(), AffinityPropagation()),
    on=frames.texts,
)

case(KNeighborsClassifier(), KNeighborsClassifier(3, weights="distance"), on=small, y="words")
case(
    KNeighborsClassifier(algorithm="ball_tree", leaf_size=5),
    KNeighborsClassifier(20, weights="distance"),
    KNeighborsClassifier(algorithm="brute", metric="manhattan"),
    on=ties,
    y="three",
)
case(KNeighborsClassifier(p=1, algorithm="brute"), on=whole, y="three")
case(KNeighborsClassifier(weights="distance"), on=wide, y="two")
case(make_pipeline(StandardScaler(), KNeighborsClassifier()), on=frames.whole_frame, y="yes_no")
case(KNeighborsClassifier(metric="nan_euclidean"), on=frames.numeric_missing, y="three")
case(KNeighborsRegressor(), KNeighborsRegressor(weights="distance"), on=small, y="number")
case(
    KNeighborsRegressor(9, p=3),
    on=frames.numeric,
    y="two_numbers",
)
case(
    NearestNeighbors(n_neighbors=40),
    NearestNeighbors(algorithm="brute", metric="chebyshev"),
    KNeighborsTransformer(algorithm="ball_tree"),
    RadiusNeighborsTransformer(radius=1.0),
    on=ties,
)
case(
    NearestNeighbors(metric="canberra"),
    NearestNeighbors(metric="seuclidean", metric_params={"V": np.array([1.0, 2.0, 3.0])}),
    NearestNeighbors(metric="mahalanobis", metric_params={"V": np.cov(_x.T)}),
    NearestNeighbors(metric="minkowski", p=1.5, metric_params={"w": np.array([1.0, 2.0, 3.0])}),
    KNeighborsTransformer(mode="connectivity"),
    RadiusNeighborsTransformer(radius=1.0, mode="connectivity", p=1),
    on=small,
)
case(NearestNeighbors(metric="haversine"), on=places)
case(NearestNeighbors(metric="jaccard", algorithm="ball_tree"), on=yes_no)
case(
    RadiusNeighborsClassifier(1.0),
    RadiusNeighborsClassifier(0.5, outlier_label="b", weights="distance"),
    RadiusNeighborsClassifier(0.5, outlier_label="z", algorithm="ball_tree"),
    on=small,
    y="words",
)
case(
    RadiusNeighborsClassifier(0.5, outlier_label="most_frequent", algorithm="brute", p=1),
    on=small,
    y="three",
)
case(
    RadiusNeighborsClassifier(0.7, outlier_label=[0, 5], algorithm="brute"),
    on=small_frame,
    y="two_labels",
)
case(RadiusNeighborsRegressor(0.7), on=small, y="number")
case(LocalOutlierFactor(novelty=True), on=small)
case(LocalOutlierFactor(5, novelty=True, contamination=0.1, algorithm="brute"), on=frames.numeric)
case(
    KernelDensity(),
    KernelDensity(kernel="tophat", bandwidth=0.7, breadth_first=False),
    KernelDensity(kernel="exponential", metric="manhattan", algorithm="ball_tree"),
    KernelDensity(kernel="cosine", atol=1e-3, breadth_first=False),
    on=small,
)
case(
    KNNImputer(),
    KNNImputer(n_neighbors=2, weights="distance", add_indicator=True),
    IterativeImputer(Ridge(), max_iter=3),
    IterativeImputer(ExtraTreesRegressor(3, max_depth=4), max_iter=2, add_indicator=True),
    on=frames.numeric_missing,
)
case(
    KNNImputer(missing_values=-1),
    IterativeImputer(Ridge(), max_iter=2, missing_values=-1, min_value=-3),
    on=frames.marked_missing,
)
case(
    KNNImputer(),
    KNNImputer(keep_empty_features=True),
    IterativeImputer(Ridge(), max_iter=2),
    IterativeImputer(Ridge(), max_iter=2, keep_empty_features=True),
    IterativeImputer(Ridge(), max_iter=0),
    on=frames.empty_column,
)
case(NeighborhoodComponentsAnalysis(2, max_iter=5), on=small, y="three")
case(
    Isomap(),
    LocallyLinearEmbedding(),
    on=small,
)
case(
    Isomap(n_neighbors=None, radius=2.0),
    LocallyLinearEmbedding(method="ltsa", n_neighbors=8),
    KernelDensity(kernel="linear", bandwidth="scott", algorithm="ball_tree"),
    KernelDensity(kernel="epanechnikov", rtol=1e-3),
    RadiusNeighborsClassifier(0.5, outlier_label=1, algorithm="brute", metric="chebyshev"),
    RadiusNeighborsRegressor(0.7, weights="distance", metric="chebyshev"),
    KNeighborsRegressor(metric="cosine", weights="distance"),
    on=small,
    y="three",
    slow=True,
)
case(
    LabelPropagation(gamma=1),
    LabelPropagation(kernel="knn"),
    LabelSpreading(),
    LabelSpreading(kernel="knn", n_neighbors=4),
    on=small,
    y="some",
)

refused(
    KNeighborsClassifier(metric=lambda a, b: abs(a - b).max()),
    NearestNeighbors(metric="correlation"),
    on=small,
    y="three",
    words="metric=",
)
refused(
    KNeighborsClassifier(metric="hamming", algorithm="brute"),
    on=ties,
    y="three",
    words="metric='hamming' by brute force",
)
refused(KNeighborsRegressor(weights=_nothing), on=small, y="number", words="weights=_nothing")
refused(RadiusNeighborsTransformer(metric="correlation"), on=small, words="metric='correlation'")
refused(RadiusNeighborsRegressor(weights=_nothing), on=small, y="number", words="weights=_nothing")
refused(RadiusNeighborsClassifier(weights=_nothing), on=small, y="three", words="weights=_nothing")
refused(KNeighborsTransformer(metric="yule"), on=small, words="metric='yule'")
refused(LocalOutlierFactor(), on=small, words="novelty=False")
refused(
    AffinityPropagation(affinity="precomputed"),
    on=Sample("similar", -np.abs(_x[:, :1] - _x[:, 0])),
    words="affinity='precomputed'",
)
refused(
    KNNImputer(metric=lambda a, b, missing_values: 1.0),
    on=frames.numeric_missing,
    words="metric=",
)
refused(KNNImputer(weights=_nothing), on=frames.numeric_missing, words="weights=_nothing")
refused(
    IterativeImputer(sample_posterior=True, max_iter=1),
    on=frames.numeric_missing,
    words="sample_posterior=True",
)
refused(LocallyLinearEmbedding(n_neighbors=2, reg=0), on=small, words="reg=0")
refused(
    LabelPropagation(kernel=lambda a, b: a @ b.T + 9, max_iter=2),
    on=small,
    y="some",
    words="kernel=",
)
