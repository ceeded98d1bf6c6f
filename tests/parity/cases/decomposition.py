"""Decompositions, mixtures and the envelope of one Gaussian."""

import numpy as np
from sklearn.covariance import EllipticEnvelope
from sklearn.decomposition import (
    NMF,
    PCA,
    DictionaryLearning,
    FactorAnalysis,
    FastICA,
    IncrementalPCA,
    LatentDirichletAllocation,
    MiniBatchDictionaryLearning,
    MiniBatchNMF,
    MiniBatchSparsePCA,
    SparseCoder,
    SparsePCA,
    TruncatedSVD,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline

from parity import frames
from parity.case import case, refused
from parity.cases.kernels import short_texts
from parity.frames import Sample

_x = frames.numeric.X / np.array([1, 10, 0.1, 1000, 1])
scaled = Sample("scaled_rows", _x, frames.numeric.targets)

case(PCA(), PCA(n_components=2, whiten=True), PCA(n_components=0.8), on=scaled)
case(PCA(n_components=3, svd_solver="arpack"), on=frames.whole_frame)
refused(
    GaussianMixture(2, max_iter=5),
    on=Sample("whole_numbers", np.rint(_x).astype(int)),
    words="columns of int64",
)
_constant = np.column_stack([_x[:, :2], np.full(len(_x), 2.0)])
case(PCA(), on=Sample("constant_column", _constant))
case(IncrementalPCA(n_components=2, whiten=True), TruncatedSVD(), on=scaled)
case(
    *(make_pipeline(TfidfVectorizer(), step) for step in (TruncatedSVD(3), IncrementalPCA(2))),
    make_pipeline(TfidfVectorizer(), PCA(n_components=2, svd_solver="arpack")),
    make_pipeline(TfidfVectorizer(), BernoulliRBM(n_components=3, n_iter=2)),
    on=short_texts,
)
case(make_pipeline(PCA(n_components=3), LogisticRegression()), on=scaled, y="words")
case(FastICA(n_components=3), FastICA(whiten=False), FactorAnalysis(n_components=2), on=scaled)
case(
    SparsePCA(n_components=2, max_iter=20),
    MiniBatchSparsePCA(n_components=7, ridge_alpha=0.5, max_iter=5),
    BernoulliRBM(n_components=3, n_iter=2),
    on=scaled,
)
case(
    *(GaussianMixture(3, covariance_type=kind) for kind in ("full", "tied", "diag", "spherical")),
    *(
        BayesianGaussianMixture(n_components=3, covariance_type=kind, max_iter=20)
        for kind in ("full", "tied", "diag")
    ),
    BayesianGaussianMixture(
        n_components=2,
        covariance_type="spherical",
        weight_concentration_prior_type="dirichlet_distribution",
    ),
    GaussianMixture(1),
    EllipticEnvelope(),
    on=scaled,
)

counts = Sample("counts", np.floor(np.abs(_x[:100]) * 3))
case(LatentDirichletAllocation(3, max_iter=2), on=counts)
case(
    make_pipeline(CountVectorizer(), LatentDirichletAllocation(4, max_iter=2)),
    make_pipeline(TfidfVectorizer(), LatentDirichletAllocation(2, max_iter=2)),
    make_pipeline(TfidfVectorizer(), NMF(3)),
    on=short_texts,
)
case(NMF(2), NMF(3, alpha_W=0.01, l1_ratio=0.5, tol=1e-6), on=counts)
few = Sample("few", counts.X[:40])
case(
    MiniBatchNMF(2, transform_max_iter=15, alpha_W=0.01, l1_ratio=0.5),
    MiniBatchNMF(2, beta_loss="kullback-leibler", transform_max_iter=10),
    on=few,
)
case(
    MiniBatchNMF(2, beta_loss="itakura-saito", transform_max_iter=10),
    on=Sample("above_zero", few.X + 0.5),
)
case(
    make_pipeline(TfidfVectorizer(), MiniBatchNMF(2, beta_loss=1.5, transform_max_iter=10)),
    on=Sample("few_texts", short_texts.X[:24]),
)
refused(MiniBatchNMF(2), on=Sample("single", few.X.astype(np.float32)), words="float32")
refused(NMF(2, solver="mu"), on=counts, words="solver='mu'")
refused(NMF(2, shuffle=True), on=counts, words="shuffle=True")
case(
    DictionaryLearning(4, max_iter=5, transform_n_nonzero_coefs=2),
    DictionaryLearning(3, max_iter=5, transform_algorithm="threshold", split_sign=True),
    MiniBatchDictionaryLearning(
        3,
        max_iter=5,
        fit_algorithm="cd",
        transform_algorithm="threshold",
        transform_alpha=0.5,
        positive_code=True,
    ),
    on=counts,
)
case(SparseCoder(np.eye(5)[:4] + 0.1, transform_n_nonzero_coefs=2), on=scaled)
refused(
    DictionaryLearning(3, max_iter=3, transform_algorithm="lasso_lars"),
    on=counts,
    words="transform_algorithm='lasso_lars'",
)
