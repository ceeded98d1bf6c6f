"""The methods of a fitted model: how Python is asked for what an output is named after.

An output is named as the method is, "predict_proba"; "predict_proba.1" is the second of the answers
of a method that gives a list or a tuple, or the second column of a matrix of labels. A method with
an argument of its own has a name of its own: "predict_std" is predict(X, return_std=True)[1].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

_WITH_ARGUMENTS: Mapping[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "predict_std": ("predict", lambda model, X: model.predict(X, return_std=True)[1]),
}


def _predict_xgboost(model: Any, X: Any) -> Any:
    """XGBoost's own model does not take rows, but its DMatrix of them."""
    xgboost = import_module("xgboost")
    return model.predict(xgboost.DMatrix(X, enable_categorical=True))


# Of classes whose method is not simply called with the rows.
_OF_CLASS: Mapping[tuple[str, str, str], Callable[[Any, Any], Any]] = {
    ("xgboost.core", "Booster", "predict"): _predict_xgboost,
}


def method_of(output: str) -> str:
    """The method that an output is a part of: "predict_proba" of "predict_proba.1"."""
    return output.partition(".")[0]


def has(model: Any, output: str) -> bool:
    """Whether the model has the method that the output is named after."""
    method = method_of(output)
    return hasattr(model, _WITH_ARGUMENTS[method][0] if method in _WITH_ARGUMENTS else method)


def call(model: Any, method: str, X: Any) -> Any:
    """The model's own answer."""
    if method in _WITH_ARGUMENTS:
        return _WITH_ARGUMENTS[method][1](model, X)
    own = _OF_CLASS.get((type(model).__module__, type(model).__name__, method))
    return own(model, X) if own is not None else getattr(model, method)(X)


def part(answer: Any, output: str) -> Any:
    """What of a method's answer the output names."""
    _, _, at = output.partition(".")
    if not at:
        return answer
    if isinstance(answer, (list, tuple)):
        return answer[int(at)]
    return np.asarray(answer)[:, int(at)]
