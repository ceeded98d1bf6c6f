"""LightGBM, CatBoost, and imbalanced-learn's pipelines around such models."""

from typing import Any

import numpy as np
from catboost import CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor
from imblearn.ensemble import (
    BalancedBaggingClassifier,
    BalancedRandomForestClassifier,
    EasyEnsembleClassifier,
    RUSBoostClassifier,
)
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline
from imblearn.under_sampling import RandomUnderSampler
from lightgbm import LGBMClassifier, LGBMRanker, LGBMRegressor
from lightgbm.sklearn import LGBMModel
from sklearn.ensemble import AdaBoostClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from parity import frames
from parity.case import case, refused
from parity.frames import Sample

_FEW: dict[str, Any] = {
    "n_estimators": 6,
    "num_leaves": 7,
    "min_child_samples": 5,
    "min_data_per_group": 5,
    "n_jobs": 1,
    "verbose": -1,
}
_FEW_CAT: dict[str, Any] = {
    "iterations": 6,
    "depth": 3,
    "thread_count": 1,
    "verbose": False,
    "allow_writing_files": False,
}
_FOREST = {"boosting_type": "rf", "subsample": 0.6, "subsample_freq": 1}
_with_zeros = Sample(
    "with_zeros",
    np.where(np.abs(frames.numeric_missing.X) < 0.4, 0.0, frames.numeric_missing.X),
    frames.numeric.targets,
)
_two_labels = Sample(
    "two_labels",
    frames.numeric.X,
    {"y": np.column_stack([frames.numeric.targets["two"], frames.numeric.X[:, 1] > 0]).astype(int)},
)
_numbers_and_booleans = frames.charges[["amount", "age", "vip", "rating"]]


class _SquaredError:
    """An objective of one's own, whose text is the same in every run."""

    def __call__(self, y: Any, raw: Any) -> tuple[Any, Any]:
        return raw - y, np.ones_like(y)

    def __repr__(self) -> str:
        return "squared error"


def lgbm(cls: Any, **params: Any) -> Any:
    return cls(**{**_FEW, **params})


def cat(cls: Any, **params: Any) -> Any:
    return cls(**{**_FEW_CAT, **params})


case(
    lgbm(LGBMClassifier),
    lgbm(LGBMClassifier, boosting_type="dart", sigmoid=0.7123456789),
    lgbm(LGBMClassifier, **_FOREST),
    lgbm(LGBMClassifier, use_missing=False, objective="cross_entropy"),
    on=frames.numeric_missing,
    y="yes_no",
)
case(lgbm(LGBMClassifier), lgbm(LGBMClassifier, **_FOREST), on=frames.numeric_frame, y="words")
case(lgbm(LGBMClassifier, objective="multiclassova", sigmoid=1.3), on=frames.numeric, y="three")
case(lgbm(LGBMClassifier, objective="multiclass", num_class=2), on=frames.float32_frame, y="two")
case(
    lgbm(LGBMRegressor, zero_as_missing=True),
    lgbm(LGBMRegressor, data_sample_strategy="goss"),
    on=_with_zeros,
    y="number",
)
case(
    *(
        lgbm(LGBMRegressor, objective=objective)
        for objective in ("huber", "poisson", "tweedie", "quantile")
    ),
    lgbm(LGBMRegressor, reg_sqrt=True, zero_as_missing=True),
    lgbm(LGBMModel, objective="gamma"),
    on=frames.numeric,
    y="positive",
)
case(lgbm(LGBMRegressor, objective="cross_entropy_lambda"), on=frames.numeric, y="two")
case(
    lgbm(LGBMRegressor, objective=_SquaredError()),
    on=frames.numeric,
    y="number",
)
case(lgbm(LGBMClassifier, cat_smooth=1), on=frames.categorical, y="two")
case(lgbm(LGBMRegressor), on=_numbers_and_booleans, y="number")
case(
    lgbm(LGBMRegressor, cat_smooth=1, zero_as_missing=True),
    on=frames.numeric,
    y="number",
    fit=lambda model, X, y: model.fit(X, y, categorical_feature=[4]),
)
case(
    lgbm(LGBMRegressor, linear_tree=True),
    lgbm(LGBMClassifier, linear_tree=True),
    on=_with_zeros,
    y="three",
)
case(
    lgbm(LGBMClassifier, n_estimators=60, early_stopping_round=2),
    on=frames.numeric,
    y="two",
    fit=lambda model, X, y: model.fit(X, y, eval_X=X, eval_y=y[::-1]),
)
case(
    lgbm(LGBMRanker),
    on=frames.numeric,
    y="three",
    fit=lambda model, X, y: model.fit(X, y, group=[60] * 4),
)
case(
    lgbm(LGBMClassifier),
    on=frames.categorical,
    y="words",
    fit=lambda model, X, y: model.fit(X, y).booster_,
)
case(
    make_pipeline(OneHotEncoder(handle_unknown="ignore"), lgbm(LGBMClassifier)),
    on=frames.texts_and_nulls,
    y="two",
)
refused(
    lgbm(LGBMClassifier, pred_early_stop=True), on=frames.numeric, y="two", words="pred_early_stop"
)
refused(
    lgbm(LGBMClassifier),
    on=Sample("one_class", frames.numeric.X, {"one": np.zeros(frames.ROWS, int)}),
    y="one",
    words="1 classes",
)

case(
    cat(CatBoostClassifier),
    cat(CatBoostClassifier, nan_mode="Max", grow_policy="Lossguide", max_leaves=6),
    on=frames.numeric_missing,
    y="yes_no",
)
case(cat(CatBoostClassifier), on=frames.numeric_frame, y="words")
case(cat(CatBoostClassifier, loss_function="MultiClassOneVsAll"), on=frames.numeric, y="three")
case(cat(CatBoostClassifier, loss_function="MultiLogloss"), on=_two_labels, y="y")
case(
    cat(CatBoostClassifier),
    on=frames.numeric,
    y="two",
    fit=lambda model, X, y: [model.fit(X, y), model.set_probability_threshold(0.3)][0],
)
case(
    *(
        cat(CatBoostRegressor, loss_function=loss)
        for loss in (
            "RMSE",
            "LogLinQuantile",
            "Poisson",
            "Tweedie:variance_power=1.5",
            "RMSEWithUncertainty",
            "MultiQuantile:alpha=0.1,0.5,0.9",
        )
    ),
    on=frames.numeric_missing,
    y="positive",
)
case(
    cat(CatBoostRegressor, loss_function="MultiRMSE", grow_policy="Depthwise"),
    on=frames.numeric,
    y="two_numbers",
)
case(cat(CatBoostRegressor), on=_numbers_and_booleans, y="number")
case(cat(CatBoostRegressor), on=frames.float32_frame, y="number")
_MANY_CTRS = ["Borders", "Buckets", "BinarizedTargetMeanValue", "Counter"]
_charges = frames.charges[["amount", "age", "country", "vip"]]
case(
    cat(CatBoostClassifier, iterations=15, simple_ctr=_MANY_CTRS, combinations_ctr=_MANY_CTRS),
    cat(CatBoostClassifier, iterations=15, nan_mode="Max", one_hot_max_size=9),
    cat(CatBoostClassifier, iterations=9, grow_policy="Depthwise", one_hot_max_size=1),
    on=_charges,
    y="words",
    fit=lambda model, X, y: model.fit(X, y, cat_features=["age", "country", "vip"]),
)
case(
    cat(CatBoostRegressor, iterations=9, cat_features=["country", "decade"]),
    on=frames.categorical[["country", "decade"]],
    y="number",
)
case(CatBoost({**_FEW_CAT, "loss_function": "Logloss"}), on=frames.numeric, y="two")
case(
    cat(CatBoostRanker),
    on=frames.numeric,
    y="three",
    fit=lambda model, X, y: model.fit(X, y, group_id=np.repeat(np.arange(24), 10)),
)
case(
    make_pipeline(OneHotEncoder(handle_unknown="ignore"), cat(CatBoostRegressor)),
    on=frames.texts_and_nulls,
    y="number",
)
refused(
    cat(CatBoostClassifier, classes_count=4, loss_function="MultiClass"),
    on=frames.numeric,
    y="three",
    words="4 classes, of which fit saw 3",
)
refused(
    cat(CatBoostClassifier, text_features=["description"]),
    on=frames.charges[["amount", "description"]],
    y="two",
    words="text features",
)

case(
    Pipeline(
        [
            ("more", RandomOverSampler()),
            ("scale", StandardScaler()),
            ("fewer", RandomUnderSampler()),
            ("model", LogisticRegression()),
        ]
    ),
    Pipeline([("fewer", RandomUnderSampler()), ("model", lgbm(LGBMClassifier))]),
    on=frames.numeric,
    y="yes_no",
)
case(
    BalancedRandomForestClassifier(5),
    BalancedBaggingClassifier(n_estimators=3),
    RUSBoostClassifier(n_estimators=4),
    on=frames.numeric,
    y="words",
)
case(
    EasyEnsembleClassifier(n_estimators=2, estimator=AdaBoostClassifier(n_estimators=3)),
    on=frames.numeric,
    y="yes_no",
)
refused(
    Pipeline([("scale", StandardScaler()), ("more", RandomOverSampler())]),
    on=frames.numeric,
    y="two",
    words="a sampler as its last step",
)
