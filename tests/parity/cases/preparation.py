"""Preparation of columns: functions, bins, distributions, products."""

from functools import partial

import numpy as np
from scipy import special
from sklearn.cluster import FeatureAgglomeration
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.kernel_approximation import (
    AdditiveChi2Sampler,
    PolynomialCountSketch,
    RBFSampler,
    SkewedChi2Sampler,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    KernelCenterer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from parity import frames
from parity.case import case, refused
from parity.frames import Sample


def _one_hot() -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore")


positive = frames.Sample("positive", np.abs(frames.numeric.X) + 0.01, frames.numeric.targets)
kernel = frames.Sample("kernel", frames.numeric.X[:20] @ frames.numeric.X[:20].T)

case(
    *(
        FunctionTransformer(func)
        for func in (np.log1p, np.sqrt, np.square, np.exp, np.nan_to_num, np.isnan, special.expit)
    ),
    FunctionTransformer(np.clip, kw_args={"a_min": -1, "a_max": 3.5}),
    FunctionTransformer(np.round, kw_args={"decimals": 2}),
    FunctionTransformer(np.round, kw_args={"decimals": -1}),
    on=frames.numeric,
)
case(
    FunctionTransformer(np.log1p, validate=True, feature_names_out="one-to-one"),
    FunctionTransformer(np.log),
    on=positive,
)
case(
    FunctionTransformer(abs),
    FunctionTransformer(np.log1p),
    FunctionTransformer(partial(np.clip, a_min=0, a_max=None)),
    on=frames.integers,
)
case(
    make_pipeline(
        FunctionTransformer(
            np.log1p, feature_names_out=lambda step, names: [f"log_{name}" for name in names]
        ).set_output(transform="pandas"),
        ColumnTransformer([("scale", StandardScaler(), ["log_v2", "log_v1"])]),
    ),
    on=frames.numeric_frame,
)
case(
    make_pipeline(_one_hot(), FunctionTransformer(np.log1p), FunctionTransformer(np.abs)),
    make_pipeline(_one_hot(), Normalizer()),
    make_pipeline(_one_hot(), PolynomialFeatures((2, 3)), Ridge()),
    make_pipeline(_one_hot(), Binarizer(threshold=0.5)),
    make_pipeline(_one_hot(), SparseRandomProjection(4), LogisticRegression()),
    on=frames.texts_and_nulls,
    y="two",
)
refused(
    FunctionTransformer(lambda X: X + 1),
    on=frames.numeric,
    words="func=<lambda>: Python functions cannot be carried across",
)
refused(FunctionTransformer(np.square), on=frames.integers, words="func=square on a column of int")
refused(FunctionTransformer(np.log1p), on=frames.float32_frame, words="float32")
refused(FunctionTransformer(np.positive), on=frames.texts_and_nulls, words="on text")
refused(
    FunctionTransformer(np.sqrt, kw_args={"where": True}), on=positive, words="kw_args={'where'"
)
refused(FunctionTransformer(np.clip, kw_args={"a_min": "0"}), on=frames.numeric, words="a_min='0'")
refused(
    FunctionTransformer(np.round, kw_args={"decimals": 30}), on=frames.numeric, words="decimals=30"
)
refused(
    FunctionTransformer(np.round, kw_args={"decimals": -1}), on=frames.integers, words="decimals=-1"
)
refused(
    make_pipeline(_one_hot(), FunctionTransformer(np.exp)),
    on=frames.texts_and_nulls,
    words="func=exp on sparse input",
)

case(
    *(Normalizer(norm) for norm in ("l1", "l2", "max")), Binarizer(threshold=0.3), on=frames.numeric
)
case(KernelCenterer(), on=kernel)
case(
    KBinsDiscretizer(4, strategy="uniform"),
    KBinsDiscretizer(
        4, encode="onehot-dense", strategy="quantile", quantile_method="averaged_inverted_cdf"
    ),
    KBinsDiscretizer([2, 3, 4, 5, 6], encode="ordinal", strategy="kmeans"),
    on=frames.numeric,
)
refused(KBinsDiscretizer(dtype=np.float32), on=frames.numeric, words="dtype=float32")
case(TargetEncoder(cv=2), on=frames.categories, y="two")
case(TargetEncoder(cv=2, smooth=10.0), on=frames.categories, y="number")
case(TargetEncoder(cv=2), on=frames.categories, y="words")

case(
    QuantileTransformer(n_quantiles=30),
    QuantileTransformer(n_quantiles=30, output_distribution="normal"),
    PowerTransformer(),
    PowerTransformer(standardize=False),
    on=frames.numeric_missing,
)
case(
    make_pipeline(CountVectorizer(), QuantileTransformer(n_quantiles=9)),
    make_pipeline(
        CountVectorizer(), QuantileTransformer(n_quantiles=9, ignore_implicit_zeros=True)
    ),
    on=frames.texts,
)
case(PowerTransformer("box-cox"), PowerTransformer("box-cox", standardize=False), on=positive)
refused(QuantileTransformer(n_quantiles=9), on=frames.empty_column, words="all missing in fit")

case(
    PolynomialFeatures(3),
    PolynomialFeatures((2, 4), interaction_only=True, include_bias=False),
    PolynomialFeatures(0),
    on=frames.numeric,
)
refused(PolynomialFeatures(9), on=kernel, words="columns. At most 65536")
refused(
    PolynomialFeatures((2, 3), interaction_only=True, include_bias=False),
    on=Sample("one_column", frames.numeric.X[:, :1]),
    words="no columns come of these degrees",
)

case(
    GaussianRandomProjection(3),
    SparseRandomProjection(3),
    RBFSampler(n_components=9),
    on=frames.numeric,
)
case(
    SkewedChi2Sampler(n_components=9),
    AdditiveChi2Sampler(sample_steps=3),
    AdditiveChi2Sampler(sample_steps=1, sample_interval=0.7),
    on=positive,
)
case(make_pipeline(CountVectorizer(), MaxAbsScaler(), AdditiveChi2Sampler()), on=frames.texts)
refused(
    make_pipeline(CountVectorizer(), AdditiveChi2Sampler()), on=frames.texts, words="whole numbers"
)
case(
    *(FeatureAgglomeration(2, pooling_func=func) for func in (np.mean, np.max, np.sum)),
    on=frames.numeric,
)
refused(
    FeatureAgglomeration(pooling_func=np.median), on=frames.numeric, words="pooling_func=median"
)

case(
    FeatureUnion(
        [
            ("a", StandardScaler()),
            ("b", "drop"),
            ("c", "passthrough"),
            ("d", MinMaxScaler()),
        ],
        transformer_weights={"a": 2.5, "c": 0.3},
    ),
    on=frames.whole_frame,
)
case(
    FeatureUnion([("sparse", _one_hot()), ("mean", TargetEncoder(cv=2))]),
    on=frames.categories,
    y="two",
)
refused(FeatureUnion([("a", "drop")]), on=frames.numeric, words="every transformer is dropped")

case(
    *(
        SplineTransformer(extrapolation=extrapolation)
        for extrapolation in ("constant", "linear", "continue", "periodic", "error")
    ),
    SplineTransformer(degree=0, extrapolation="constant"),
    SplineTransformer(degree=1, extrapolation="linear", include_bias=False, sparse_output=True),
    make_pipeline(Normalizer(), SplineTransformer(knots="quantile"), Ridge()),
    on=frames.numeric,
    y="number",
)
case(SplineTransformer(handle_missing="zeros", extrapolation="continue"), on=frames.numeric_missing)
refused(
    SplineTransformer(handle_missing="zeros", extrapolation="continue", sparse_output=True),
    on=frames.numeric_missing,
    words="the least of its batch",
)
refused(
    SplineTransformer(n_knots=2, degree=0, include_bias=False),
    on=frames.numeric,
    words="degree=0 with two knots",
)

case(
    PolynomialCountSketch(n_components=10),
    PolynomialCountSketch(n_components=7, degree=3, coef0=1.5, gamma=0.1),
    PolynomialCountSketch(n_components=7, degree=1, coef0=1),
    on=frames.numeric,
)
refused(PolynomialCountSketch(n_components=5000), on=frames.numeric, words="n_components=5000")
