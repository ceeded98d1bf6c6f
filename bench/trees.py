"""Forests: the engine against the own predict of LightGBM, XGBoost and scikit-learn.

    .venv/bin/python bench/trees.py [WORD]

How it is measured: bench/peers/compare.py. LightGBM's fast call for one row goes through its C
interface, with about 1 us of ctypes in it.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from peers.compare import Timer, called, compare, print_head
from sklearn.datasets import make_classification

FEATURES = 40
ROWS = 4096


def main() -> None:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    X, y = make_classification(24_096, FEATURES, n_informative=15, flip_y=0.05, random_state=0)
    X = X.astype(np.float32).astype(np.float64)
    rows = np.ascontiguousarray(X[-ROWS:])
    print_head()
    for name, make in MODELS.items():
        if word in name:
            model = make().fit(X[:-ROWS], y[:-ROWS])
            compare(name, model, rows, peers(model))


def peers(model: Any) -> dict[str, Timer]:
    name = type(model).__module__.split(".")[0]
    if name == "lightgbm":
        booster = model.booster_
        return {
            "LightGBM, one row, C": called(lightgbm_row(booster)),
            "LightGBM": called(lambda x: booster.predict(x, num_threads=1)),
        }
    if name == "xgboost":
        booster = model.get_booster()
        booster.set_param({"nthread": 1})
        return {"XGBoost": called(booster.inplace_predict)}
    return {"scikit-learn": called(model.predict_proba)}


def lightgbm_row(booster: Any) -> Callable[[Any], Any]:
    """LGBM_BoosterPredictForMatSingleRowFast, prepared once as its documentation says."""
    from lightgbm.basic import _LIB  # type: ignore[attr-defined]

    fast = ctypes.c_void_p()
    _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
        booster._handle, 0, 0, -1, 1, FEATURES, b"num_threads=1", ctypes.byref(fast)
    )
    out, size = (ctypes.c_double * 1)(), ctypes.c_int64()
    call = _LIB.LGBM_BoosterPredictForMatSingleRowFast
    call.argtypes = [ctypes.c_void_p] * 4
    size_at, out_at = ctypes.addressof(size), ctypes.addressof(out)
    kept = (booster, out, size)

    def predict(x: Any) -> Any:
        call(fast, x.ctypes.data, size_at, out_at)
        return kept[1]

    return predict


def lightgbm(trees: int, leaves: int) -> Callable[[], Any]:
    def make() -> Any:
        from lightgbm import LGBMClassifier

        return LGBMClassifier(n_estimators=trees, num_leaves=leaves, verbose=-1, n_jobs=2)

    return make


def xgboost(trees: int, depth: int) -> Callable[[], Any]:
    def make() -> Any:
        from xgboost import XGBClassifier

        return XGBClassifier(n_estimators=trees, max_depth=depth, n_jobs=2)

    return make


def histogram(trees: int, leaves: int) -> Callable[[], Any]:
    def make() -> Any:
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            max_iter=trees, max_leaf_nodes=leaves, early_stopping=False
        )

    return make


def forest(trees: int) -> Callable[[], Any]:
    def make() -> Any:
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(trees, random_state=0)

    return make


MODELS: dict[str, Callable[[], Any]] = {
    "LightGBM 100 x 31": lightgbm(100, 31),
    "LightGBM 500 x 63": lightgbm(500, 63),
    "LightGBM 500 x 255": lightgbm(500, 255),
    "XGBoost 100 x depth 6": xgboost(100, 6),
    "HistGradientBoosting 100 x 31": histogram(100, 31),
    "RandomForest 200, unlimited": forest(200),
}


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
