"""Support vector machines, kernel methods and Gaussian processes."""

import numpy as np
from sklearn.decomposition import KernelPCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    DotProduct,
    ExpSineSquared,
    Matern,
    PairwiseKernel,
    RationalQuadratic,
    WhiteKernel,
)
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import linear_kernel
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from parity import frames
from parity.case import case, refused
from parity.frames import Sample

_x = frames.numeric.X[:72] / np.array([1, 10, 0.1, 1000, 1])
_targets = {name: y[:72] for name, y in frames.numeric.targets.items()}
# Kernels need columns of one size, and Gaussian processes few rows.
scaled = Sample("scaled", _x, _targets)
positive = Sample("positive", np.abs(_x), _targets)
_many = np.digitize(_targets["number"], np.quantile(_targets["number"], [0.2, 0.4, 0.6, 0.8]))
many = Sample("scaled", _x, {"many": _many})
_texts = {name: y[:80] for name, y in frames.texts.targets.items()}
short_texts = Sample("texts", frames.texts.X[:80], _texts)

case(SVC(), SVC(kernel="poly"), SVC(kernel="linear"), on=scaled, y="two")
case(
    SVC(kernel="sigmoid", gamma="auto", coef0=0.5),
    SVC(probability=True, class_weight="balanced"),
    on=scaled,
    y="yes_no",
)
case(
    SVC(),
    SVC(decision_function_shape="ovo", kernel="linear"),
    SVC(break_ties=True, gamma=0.3, kernel="poly", degree=2, coef0=1.0),
    NuSVC(nu=0.2, probability=True),
    on=scaled,
    y="words",
)
case(SVC(probability=True), on=many, y="many")
case(SVR(), SVR(kernel="linear"), NuSVR(kernel="poly", coef0=1), on=scaled, y="number")
case(SVR(), on=frames.whole_frame, y="number")
_single = Sample("single", frames.whole_frame.X[:72].astype(np.float32), _targets)
case(SVC(kernel="poly"), on=_single, y="words")
case(OneClassSVM(), on=Sample("single_array", _x.astype(np.float32)))
case(OneClassSVM(), OneClassSVM(kernel="sigmoid", nu=0.2), on=scaled)
case(
    *(make_pipeline(TfidfVectorizer(), SVC(kernel=kernel)) for kernel in ("linear", "rbf")),
    make_pipeline(TfidfVectorizer(), SVC(probability=True, kernel="poly")),
    on=short_texts,
    y="words",
)
case(make_pipeline(TfidfVectorizer(), SVR(kernel="sigmoid")), on=short_texts, y="number")
refused(
    SVC(break_ties=True, decision_function_shape="ovo"), on=scaled, y="three", words="break_ties"
)
refused(SVC(kernel=linear_kernel), on=scaled, y="two", words="kernel=a function")
refused(
    SVR(kernel="precomputed"),
    on=Sample("gram", _x @ _x.T, _targets),
    y="number",
    words="kernel='precomputed'",
)

case(
    *(
        KernelRidge(kernel=kernel, gamma=0.2)
        for kernel in ("linear", "rbf", "laplacian", "sigmoid", "cosine")
    ),
    KernelRidge(kernel="poly", degree=2),
    on=scaled,
    y="number",
)
case(
    KernelRidge(kernel="chi2", gamma=0.5),
    KernelRidge(kernel="additive_chi2"),
    on=positive,
    y="positive",
)
case(KernelRidge(kernel="rbf"), on=scaled, y="two_numbers")
case(
    *(make_pipeline(TfidfVectorizer(), KernelRidge(kernel=k)) for k in ("rbf", "laplacian")),
    on=short_texts,
    y="number",
)
case(
    KernelPCA(n_components=3),
    KernelPCA(n_components=3, kernel="rbf", remove_zero_eig=True),
    KernelPCA(kernel="poly", degree=2),
    on=scaled,
)
case(make_pipeline(TfidfVectorizer(), KernelPCA(kernel="cosine", n_components=2)), on=short_texts)
refused(KernelPCA(kernel="precomputed"), on=Sample("gram", _x @ _x.T), words="precomputed")

case(
    Nystroem(n_components=8),
    Nystroem("poly", degree=2, coef0=0.5, n_components=6),
    Nystroem("sigmoid", gamma=0.1, n_components=5),
    Nystroem("laplacian", kernel_params={"gamma": 0.3}, n_components=200),
    on=scaled,
)
case(Nystroem("additive_chi2", n_components=4), Nystroem("chi2", n_components=5), on=positive)
case(
    *(make_pipeline(TfidfVectorizer(), Nystroem(k, n_components=7)) for k in ("rbf", "cosine")),
    on=short_texts,
)
refused(Nystroem(np.dot, n_components=5), on=scaled, words="kernel='dot'")
refused(
    Nystroem("precomputed"), on=Sample("gram", _x @ _x.T, _targets), words="kernel='precomputed'"
)


def _regression(kernel: object, **given: object) -> GaussianProcessRegressor:
    return GaussianProcessRegressor(kernel, alpha=0.05, optimizer=None, **given)


case(
    GaussianProcessRegressor(),
    _regression(ConstantKernel(2.0) * RBF([1, 2, 3, 1, 2]) + WhiteKernel(0.1), normalize_y=True),
    *(_regression(Matern(nu=nu)) for nu in (0.5, 1.5, 2.5, np.inf)),
    _regression(RationalQuadratic(2.0, 0.5)),
    _regression(ExpSineSquared(2.0, 9.0) * RBF(3.0)),
    _regression(DotProduct(0.5) ** 2 + WhiteKernel()),
    _regression(PairwiseKernel(metric="laplacian")),
    on=scaled,
    y="number",
)
case(_regression(RBF() + 0.5, normalize_y=True), on=scaled, y="two_numbers")
refused(_regression(Matern(nu=0.7)), on=scaled, y="number", words="Matern(nu=0.7)")
refused(
    _regression(PairwiseKernel(metric="cosine")),
    on=scaled,
    y="number",
    words="PairwiseKernel(metric='cosine')",
)
case(GaussianProcessClassifier(optimizer=None), on=scaled, y="yes_no")
case(
    GaussianProcessClassifier(1.0 * Matern(nu=1.5), optimizer=None),
    GaussianProcessClassifier(DotProduct(), optimizer=None, multi_class="one_vs_one"),
    on=scaled,
    y="words",
)
