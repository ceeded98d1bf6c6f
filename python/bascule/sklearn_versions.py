"""Where releases of scikit-learn differ in what a fitted estimator is called: one function each.

Known: 1.5 to 1.9. tests/parity/test_versions.py packs common models on the oldest and the newest.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def allows_nan(estimator: Any) -> bool:
    """Whether the fitted estimator lets NaN pass. Tags are methods since 1.6, a dict before."""
    if hasattr(estimator, "__sklearn_tags__"):
        return bool(estimator.__sklearn_tags__().input_tags.allow_nan)
    return bool(estimator._get_tags()["allow_nan"])


def fill_dtype(imputer: Any) -> np.dtype[Any]:
    """The dtype that a SimpleImputer's fill values are cast to: named `_fill_dtype` since 1.7."""
    return np.dtype(getattr(imputer, "_fill_dtype", imputer._fit_dtype))
