"""Forests of 40 columns. A goal is the ratio that our aim and the peer's first figure imply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from peers.compare import COLD, Case, Made
from sklearn.datasets import make_classification

FEATURES = 40
TRAIN = 20_000
ROWS = 4096


def made(
    make: Callable[[], Any],
    *,
    classes: int = 2,
    categories: int = 0,
    train: int = TRAIN,
    rows: int = ROWS,
) -> Callable[[], Made]:
    def fit() -> Made:
        X, y = data(train + rows, classes, categories)
        codes = {"categorical_feature": [FEATURES - 2, FEATURES - 1]} if categories else {}
        model = make().fit(X[:train], y[:train], **codes)
        return Made(model, np.ascontiguousarray(X[train:]), (X[:train], y[:train]))

    return fit


def data(rows: int, classes: int, categories: int) -> tuple[Any, Any]:
    """As float32 can hold them; the last two columns are codes where there are categories."""
    X, y = make_classification(
        rows, FEATURES, n_informative=15, n_classes=classes, flip_y=0.05, random_state=0
    )
    X = X.astype(np.float32).astype(np.float64)
    if categories:
        codes = np.argsort(np.argsort(X[:, :2], axis=0), axis=0) * categories // len(X)
        shuffled = np.random.default_rng(0).permutation(categories)
        X[:, -2:] = shuffled[codes]
    return X, y


def lightgbm(trees: int, leaves: int, **more: Any) -> Callable[[], Any]:
    def make() -> Any:
        from lightgbm import LGBMClassifier

        return LGBMClassifier(n_estimators=trees, num_leaves=leaves, verbose=-1, n_jobs=2, **more)

    return make


def xgboost(trees: int, depth: int, **more: Any) -> Callable[[], Any]:
    def make() -> Any:
        from xgboost import XGBClassifier

        return XGBClassifier(n_estimators=trees, max_depth=depth, n_jobs=2, **more)

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

        return RandomForestClassifier(trees, random_state=0, n_jobs=2)

    return make


_C, _ORT, _LEAVES = "LightGBM, C", "ONNX Runtime", "lleaves, C"
_XGB, _XGB_C, _SKLEARN = "XGBoost", "XGBoost, one row, C", "scikit-learn"
_CAT, _POOL = "CatBoost", "CatBoost, Pool made before"
_MANY = (1, 64, 1024)
_LOSSGUIDE = {"max_leaves": 255, "grow_policy": "lossguide", "tree_method": "hist"}

CASES: dict[str, Case] = {
    "LightGBM 100 x 31": Case(
        made(lightgbm(100, 31)),
        (_C, _LEAVES, "tl2cgen, C", "YDF, a model of its own", _ORT),
        (*_MANY, COLD),
        {
            1: {_C: 10, _LEAVES: 2.86},
            64: {_C: 16.8, _LEAVES: 3.5},
            1024: {_C: 16.8, _LEAVES: 3.5},
            COLD: {_C: 4.5},
        },
    ),
    "LightGBM 500 x 63": Case(
        made(lightgbm(500, 63)),
        (_C, _ORT),
        (*_MANY, COLD),
        {1: {_C: 12.5}, 64: {_C: 25, _ORT: 12.7}, 1024: {_C: 25, _ORT: 12.7}, COLD: {_C: 10.2}},
    ),
    "LightGBM 500 x 255": Case(
        made(lightgbm(500, 255)),
        (_C, _ORT),
        (*_MANY, COLD),
        {1: {_C: 12.7}, 64: {_C: 29, _ORT: 18.8}, 1024: {_C: 29, _ORT: 18.8}, COLD: {_C: 8.9}},
        load_ms=35,
    ),
    "LightGBM 5 classes x 100 x 31": Case(
        made(lightgbm(100, 31), classes=5),
        (_C,),
        goals={1: {_C: 17}, 64: {_C: 41}, 1024: {_C: 41}},
    ),
    "LightGBM categories 100 x 31": Case(
        made(lightgbm(100, 31), categories=200),
        (_C,),
        goals={1: {_C: 9.2}, 64: {_C: 16}, 1024: {_C: 16}},
    ),
    "LightGBM linear 100 x 31": Case(made(lightgbm(100, 31, linear_tree=True)), (_C,)),
    "XGBoost 100 x depth 6": Case(
        made(xgboost(100, 6)),
        (_XGB_C, _XGB, _ORT),
        goals={1: {_XGB_C: 2.5, _XGB: 2.5, _ORT: 2.5}, 64: {_XGB: 2.5}, 1024: {_XGB: 2.5}},
    ),
    "XGBoost 500 x 255": Case(
        made(xgboost(500, 0, **_LOSSGUIDE)),
        (_XGB_C, _XGB),
        goals={1: {_XGB_C: 313}, 64: {_XGB: 2.5}, 1024: {_XGB: 2.5}},
    ),
    "XGBoost 5 classes x 100 x 5": Case(
        made(xgboost(100, 5), classes=5),
        (_XGB_C, _XGB),
        goals={1: {_XGB_C: 2.5}, 1024: {_XGB: 23}},
    ),
    "HistGradientBoosting 100 x 31": Case(
        made(histogram(100, 31)), (_SKLEARN,), goals={1024: {_SKLEARN: 2.5}}
    ),
    "HistGradientBoosting 500 x 255": Case(
        made(histogram(500, 255)), (_SKLEARN,), goals={1024: {_SKLEARN: 15}}
    ),
    "RandomForest 200, unlimited": Case(
        made(forest(200), train=100_000, rows=20_000),
        (_ORT, _SKLEARN),
        (1, 64, 1024, 20_000),
        {1: {_ORT: 11.8}, 64: {_ORT: 7.2}},
        load_ms=200,
    ),
    "CatBoost 100 x depth 6": Case(
        made(catboost(100, 6)), (_CAT, _POOL), goals={1: {_CAT: 1040}, 64: {_CAT: 2.5}}
    ),
    "CatBoost 500 x depth 6": Case(
        made(catboost(500, 6)), (_CAT, _POOL), goals={1: {_CAT: 345}, 64: {_CAT: 2.5}}
    ),
}
