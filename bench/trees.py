"""Forests: the engine against the own predict of LightGBM, XGBoost, CatBoost and scikit-learn.

    .venv/bin/python bench/trees.py [WORD]

How it is measured: bench/peers/compare.py. The calls that say C go to the library's C interface for
one row, with about 1 us of ctypes in them. `cold` is our single call after 64 MiB of other memory
were written.
"""

from __future__ import annotations

import ctypes
import json
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
    print_head()
    for name, (make, classes, categories) in MODELS.items():
        if word in name:
            X, y = data(classes, categories)
            rows = np.ascontiguousarray(X[-ROWS:])
            codes = {"categorical_feature": [FEATURES - 2, FEATURES - 1]} if categories else {}
            model = make().fit(X[:-ROWS], y[:-ROWS], **codes)
            compare(name, model, rows, peers(model), cold=True)


def data(classes: int, categories: int) -> tuple[Any, Any]:
    """40 columns, as float32 can hold them; the last two are codes where there are categories."""
    X, y = make_classification(
        24_096, FEATURES, n_informative=15, n_classes=classes, flip_y=0.05, random_state=0
    )
    X = X.astype(np.float32).astype(np.float64)
    if categories:
        codes = np.argsort(np.argsort(X[:, :2], axis=0), axis=0) * categories // len(X)
        shuffled = np.random.default_rng(0).permutation(categories)
        X[:, -2:] = shuffled[codes]
    return X, y


def peers(model: Any) -> dict[str, Timer]:
    name = type(model).__module__.split(".")[0]
    if name == "lightgbm":
        booster = model.booster_
        return {
            "LightGBM, one row, C": called(lightgbm_row(booster), address),
            "LightGBM": called(lambda x: booster.predict(x, num_threads=1)),
        }
    if name == "xgboost":
        booster = model.get_booster()
        booster.set_param({"nthread": 1})
        return {
            "XGBoost, one row, C": called(xgboost_row(booster), array_interface),
            "XGBoost": called(booster.inplace_predict),
        }
    if name == "catboost":
        from catboost import Pool

        raw = {"prediction_type": "RawFormulaVal", "thread_count": 1}
        return {
            "CatBoost": called(lambda x: model.predict(x, **raw)),
            "CatBoost, Pool made before": called(lambda x: model.predict(x, **raw), Pool),
        }
    return {"scikit-learn": called(model.predict_proba)}


def address(rows: Any) -> int:
    return int(rows.ctypes.data)


def array_interface(rows: Any) -> bytes:
    return json.dumps(rows.__array_interface__).encode()


def lightgbm_row(booster: Any) -> Callable[[Any], Any]:
    """LGBM_BoosterPredictForMatSingleRowFast, prepared once as its documentation says."""
    from lightgbm.basic import _LIB  # type: ignore[attr-defined]

    fast = ctypes.c_void_p()
    _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
        booster._handle, 0, 0, -1, 1, FEATURES, b"num_threads=1", ctypes.byref(fast)
    )
    out, size = (ctypes.c_double * booster.num_model_per_iteration())(), ctypes.c_int64()
    call = _LIB.LGBM_BoosterPredictForMatSingleRowFast
    call.argtypes = [ctypes.c_void_p] * 4
    size_at, out_at = ctypes.addressof(size), ctypes.addressof(out)
    kept = (booster, out, size)

    def predict(row: int) -> Any:
        call(fast, row, size_at, out_at)
        return kept[1]

    return predict


def xgboost_row(booster: Any) -> Callable[[Any], Any]:
    """XGBoosterPredictFromDense: what inplace_predict calls."""
    from xgboost.core import _LIB

    config = json.dumps(
        {"type": 0, "training": False, "iteration_begin": 0, "iteration_end": 0,
         "missing": float("nan"), "strict_shape": False, "cache_id": 0}
    ).encode()  # fmt: skip
    shape, result = ctypes.POINTER(ctypes.c_uint64)(), ctypes.POINTER(ctypes.c_float)()
    dimensions = ctypes.c_uint64()
    out = (ctypes.byref(shape), ctypes.byref(dimensions), ctypes.byref(result))

    def predict(row: bytes) -> Any:
        if _LIB.XGBoosterPredictFromDense(booster.handle, row, config, None, *out) != 0:
            raise SystemExit("XGBoosterPredictFromDense fails")
        return result

    return predict


def lightgbm(trees: int, leaves: int, **more: Any) -> Callable[[], Any]:
    def make() -> Any:
        from lightgbm import LGBMClassifier

        return LGBMClassifier(n_estimators=trees, num_leaves=leaves, verbose=-1, n_jobs=2, **more)

    return make


def xgboost(trees: int, depth: int) -> Callable[[], Any]:
    def make() -> Any:
        from xgboost import XGBClassifier

        return XGBClassifier(n_estimators=trees, max_depth=depth, n_jobs=2)

    return make


def catboost(trees: int, depth: int) -> Callable[[], Any]:
    def make() -> Any:
        from catboost import CatBoostClassifier

        return CatBoostClassifier(
            iterations=trees, depth=depth, verbose=False, thread_count=2, allow_writing_files=False
        )

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


# How to make it, classes, and categories of each of its last two columns.
MODELS: dict[str, tuple[Callable[[], Any], int, int]] = {
    "LightGBM 100 x 31": (lightgbm(100, 31), 2, 0),
    "LightGBM 500 x 63": (lightgbm(500, 63), 2, 0),
    "LightGBM 500 x 255": (lightgbm(500, 255), 2, 0),
    "LightGBM 5 classes x 100 x 31": (lightgbm(100, 31), 5, 0),
    "LightGBM categories 100 x 31": (lightgbm(100, 31), 2, 200),
    "LightGBM linear 100 x 31": (lightgbm(100, 31, linear_tree=True), 2, 0),
    "XGBoost 100 x depth 6": (xgboost(100, 6), 2, 0),
    "XGBoost 5 classes x 100 x 5": (xgboost(100, 5), 5, 0),
    "HistGradientBoosting 100 x 31": (histogram(100, 31), 2, 0),
    "HistGradientBoosting 500 x 255": (histogram(500, 255), 2, 0),
    "RandomForest 200, unlimited": (forest(200), 2, 0),
    "CatBoost 100 x depth 6": (catboost(100, 6), 2, 0),
    "CatBoost 500 x depth 6": (catboost(500, 6), 2, 0),
}


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
