"""Linear models."""

import numpy as np
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    GammaRegressor,
    HuberRegressor,
    Lars,
    LarsCV,
    Lasso,
    LassoCV,
    LassoLars,
    LassoLarsCV,
    LassoLarsIC,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    OrthogonalMatchingPursuit,
    OrthogonalMatchingPursuitCV,
    PassiveAggressiveClassifier,
    PassiveAggressiveRegressor,
    Perceptron,
    PoissonRegressor,
    QuantileRegressor,
    RANSACRegressor,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
    SGDClassifier,
    SGDOneClassSVM,
    SGDRegressor,
    TheilSenRegressor,
    TweedieRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC, LinearSVR

from parity import frames
from parity.case import case, refused
from parity.frames import Sample

_y = frames.numeric.targets
scaled = Sample("scaled", frames.numeric.X / [1, 10, 0.1, 1000, 1], _y)
several_labels = Sample(
    "several_labels",
    frames.numeric.X,
    {"y": np.column_stack([_y["two"], _y["three"] > 0, _y["three"] > 1]).astype(int)},
)

case(
    LinearRegression(),
    Ridge(alpha=0.5),
    LinearRegression(fit_intercept=False),
    RidgeCV(),
    ElasticNet(),
    Lasso(alpha=0.1),
    Lars(),
    LassoLars(alpha=0.01),
    LarsCV(),
    LassoLarsCV(),
    LassoLarsIC(),
    OrthogonalMatchingPursuit(),
    OrthogonalMatchingPursuitCV(),
    HuberRegressor(max_iter=1000),
    QuantileRegressor(alpha=0.01),
    TheilSenRegressor(),
    PassiveAggressiveRegressor(),
    RANSACRegressor(),
    RANSACRegressor(Ridge(), min_samples=30),
    BayesianRidge(),
    ARDRegression(),
    ARDRegression(threshold_lambda=10, fit_intercept=False),
    ARDRegression(threshold_lambda=1e-9),  # which leaves no column
    on=frames.numeric,
    y="number",
)
case(
    ElasticNetCV(),
    LassoCV(),
    SGDRegressor(),
    LinearSVR(),
    LinearSVR(fit_intercept=False),
    on=scaled,
    y="number",
)
case(
    LinearRegression(),
    Ridge(),
    RidgeCV(alpha_per_target=True),
    Lars(),
    MultiTaskElasticNet(),
    MultiTaskElasticNetCV(),
    MultiTaskLasso(),
    MultiTaskLassoCV(),
    on=frames.whole_frame,
    y="two_numbers",
)
case(BayesianRidge(fit_intercept=False), on=frames.whole_frame, y="number")
case(
    PoissonRegressor(),
    GammaRegressor(fit_intercept=False),
    TweedieRegressor(power=0),
    TweedieRegressor(power=1.5),
    on=scaled,
    y="positive",
)
case(
    LogisticRegression(),
    LogisticRegression(solver="liblinear"),
    LogisticRegression(l1_ratio=1, C=0.1, solver="saga", max_iter=300),
    LogisticRegression(fit_intercept=False),
    RidgeClassifier(),
    on=frames.numeric,
    y="two",
)
case(LogisticRegression(), RidgeClassifier(), on=frames.whole_frame, y="yes_no")
case(LogisticRegression(), RidgeClassifier(), on=frames.numeric, y="words")
case(LogisticRegressionCV(Cs=2, cv=2), on=scaled, y="two")
for target in ("yes_no", "words"):
    case(
        SGDClassifier(),
        SGDClassifier(loss="log_loss"),
        SGDClassifier(loss="modified_huber"),
        LinearSVC(),
        on=scaled,
        y=target,
    )
case(
    SGDClassifier(loss="log_loss"),
    SGDClassifier(loss="modified_huber"),
    Perceptron(),
    PassiveAggressiveClassifier(),
    RidgeClassifierCV(),
    LogisticRegressionCV(Cs=2, cv=2, max_iter=50),
    on=frames.numeric,
    y="three",
)
case(LinearSVC(multi_class="crammer_singer", fit_intercept=False), on=scaled, y="two")
case(SGDOneClassSVM(), SGDOneClassSVM(nu=0.1, fit_intercept=False), on=scaled)
case(RidgeClassifier(), RidgeClassifierCV(), on=several_labels, y="y")
for model in (SGDClassifier(loss="modified_huber"), Lasso(alpha=0.001), SGDOneClassSVM()):
    target = "number" if isinstance(model, Lasso) else "three"
    case(make_pipeline(TfidfVectorizer(), model), on=frames.texts, y=target)

float32 = Sample("float32", frames.numeric.X.astype(np.float32), _y)
refused(Lasso(), on=float32, y="number", words="float32")
refused(
    RidgeClassifier(),
    on=Sample("sparse_labels", frames.numeric.X, {"y": csr_array(several_labels.targets["y"])}),
    y="y",
    words="sparse targets",
)
