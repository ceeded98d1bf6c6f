"""Neural networks, partial least squares, isotonic regression and dummies."""

import numpy as np
from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.isotonic import IsotonicRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from parity import frames
from parity.case import case, refused
from parity.cases.linear import float32, scaled, several_labels
from parity.frames import Sample


def _small(activation: str) -> dict[str, object]:
    return {"hidden_layer_sizes": (6, 4), "activation": activation, "max_iter": 30}


case(
    MLPClassifier(**_small("relu")),
    MLPClassifier(**_small("tanh")),
    MLPClassifier(**_small("logistic")),
    on=scaled,
    y="words",
)
case(MLPClassifier(**_small("identity")), on=scaled, y="yes_no")
case(MLPClassifier(**_small("relu")), on=several_labels, y="y")
case(MLPRegressor(**_small("tanh")), on=scaled, y="two_numbers")
case(MLPRegressor(hidden_layer_sizes=(), max_iter=30), on=frames.whole_frame, y="number")
case(MLPRegressor(**_small("relu"), loss="poisson"), on=scaled, y="positive")
case(make_pipeline(TfidfVectorizer(), MLPClassifier(**_small("relu"))), on=frames.texts, y="three")
refused(MLPRegressor(**_small("relu")), on=float32, y="number", words="float32")

case(
    PLSRegression(),
    PLSRegression(n_components=1, scale=False),
    PLSCanonical(),
    CCA(),
    PLSSVD(),
    on=frames.numeric,
    y="two_numbers",
)
case(PLSRegression(), on=frames.whole_frame, y="number")
refused(PLSSVD(), on=float32, y="two_numbers", words="float32")

case(
    DummyClassifier(),
    DummyClassifier(strategy="most_frequent"),
    DummyClassifier(strategy="constant", constant="mid"),
    on=frames.charges,
    y="words",
)
case(DummyClassifier(), on=several_labels, y="y")
case(
    DummyClassifier(strategy="constant", constant=[1, 0, 1]),
    on=several_labels,
    y="y",
)
case(make_pipeline(TfidfVectorizer(), DummyClassifier()), on=frames.texts, y="two")
refused(
    DummyClassifier(strategy="stratified"),
    DummyClassifier(strategy="uniform"),
    on=frames.numeric,
    y="two",
    words="draws its answers",
)
case(
    DummyRegressor(),
    DummyRegressor(strategy="median"),
    DummyRegressor(strategy="quantile", quantile=0.3),
    DummyRegressor(strategy="constant", constant=3),
    on=frames.numeric_missing,
    y="number",
)
case(DummyRegressor(strategy="constant", constant=[3, 4]), on=frames.charges, y="two_numbers")

_y = frames.numeric.targets
one_column = Sample("one_column", frames.numeric.X[:, [1]], _y)
case(
    IsotonicRegression(),
    IsotonicRegression(out_of_bounds="raise"),
    IsotonicRegression(increasing="auto", out_of_bounds="clip", y_min=0, y_max=2),
    make_pipeline(StandardScaler(), IsotonicRegression(increasing=False)),
    on=one_column,
    y="number",
)
case(IsotonicRegression(), on=frames.whole_frame[["v5"]], y="number")
case(IsotonicRegression(), on=Sample("constant", np.ones((240, 1)), _y), y="number")
