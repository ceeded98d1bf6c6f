"""Where releases of scikit-learn differ in what a fitted estimator is called: one function each.

Known: 1.5 to 1.9. tests/parity/test_versions.py packs common models on the oldest and the newest.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sklearn

from bascule.errors import Unsupported

_VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])


def allows_nan(estimator: Any) -> bool:
    """Whether the fitted estimator lets NaN pass. Tags are methods since 1.6, a dict before."""
    if hasattr(estimator, "__sklearn_tags__"):
        return bool(estimator.__sklearn_tags__().input_tags.allow_nan)
    return bool(estimator._get_tags()["allow_nan"])


def fill_dtype(imputer: Any) -> np.dtype[Any]:
    """The dtype that a SimpleImputer's fill values are cast to: named `_fill_dtype` since 1.7."""
    return np.dtype(getattr(imputer, "_fill_dtype", imputer._fit_dtype))


def isolation_forest_takes_any_number() -> bool:
    """Whether it scores infinities and NaN: since 1.6; before, its trees refuse them."""
    return _VERSION >= (1, 6)


@cache
def paths_follow_missing() -> bool:
    """Whether decision_path takes a missing value where predict takes it."""
    from sklearn.tree import DecisionTreeClassifier

    X = np.array([[1.0], [2.0], [np.nan], [np.nan]])
    tree = DecisionTreeClassifier(random_state=0).fit(X, [0, 1, 0, 0])  # NaN goes left
    leaves = tree.apply(X)
    paths = tree.decision_path(X).toarray()
    return bool(paths[np.arange(len(X)), leaves].all())


@cache
def shares_of_nothing_are_even() -> bool:
    """Whether one-vs-rest probabilities that are all 0 become even shares; NaN before."""
    from sklearn.linear_model import SGDClassifier

    model = SGDClassifier(loss="log_loss")
    model.classes_, model.n_features_in_ = np.arange(3), 1
    model.coef_, model.intercept_ = np.zeros((3, 1)), np.full(3, -1e4)
    with np.errstate(all="ignore"):
        return bool(np.isfinite(model.predict_proba([[0.0]])).all())


def require_scipy_powers(transformer: Any) -> None:
    """Refuses a PowerTransformer that computes yeo-johnson by itself, with other roundings."""
    if transformer.method == "yeo-johnson" and hasattr(transformer, "_yeo_johnson_transform"):
        raise Unsupported(
            transformer,
            f"method='yeo-johnson' of scikit-learn {sklearn.__version__}",
            "Fit it with scikit-learn 1.8 or later",
        )


def require_samme(booster: Any) -> None:
    """Refuses an AdaBoostClassifier of the algorithm that scikit-learn 1.8 has left out."""
    if getattr(booster, "algorithm", "SAMME") == "SAMME.R":
        raise Unsupported(booster, "algorithm='SAMME.R'", "Fit it with algorithm='SAMME'")
