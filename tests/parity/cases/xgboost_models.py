"""XGBoost."""

from typing import Any

import numpy as np
from xgboost import XGBClassifier, XGBRanker, XGBRegressor, XGBRFClassifier, XGBRFRegressor

from parity import frames
from parity.case import case, refused
from parity.frames import Sample

case(
    XGBClassifier(n_estimators=8),
    XGBClassifier(n_estimators=8, num_parallel_tree=2, subsample=0.7, base_score=0.3),
    on=frames.numeric_missing,
    y="two",
)
case(XGBClassifier(n_estimators=8, missing=-1.0), on=frames.marked_missing, y="two")
case(
    XGBClassifier(n_estimators=5),
    XGBClassifier(n_estimators=5, base_score=[0.1, 0.2, 0.3]),
    XGBClassifier(n_estimators=3, num_parallel_tree=3, subsample=0.7),
    on=frames.numeric_frame,
    y="three",
)
case(XGBClassifier(n_estimators=5), on=frames.float32_frame, y="two")
case(
    *(
        XGBRegressor(n_estimators=6, objective=objective)
        for objective in (
            "reg:squarederror",
            "reg:absoluteerror",
            "reg:pseudohubererror",
            "reg:squaredlogerror",
            "count:poisson",
            "reg:gamma",
            "reg:tweedie",
        )
    ),
    on=frames.numeric_missing,
    y="positive",
)
case(
    XGBRegressor(n_estimators=6, objective="reg:quantileerror", quantile_alpha=0.3),
    on=frames.numeric,
    y="number",
)
case(XGBRegressor(n_estimators=6, objective="reg:logistic"), on=frames.numeric, y="two")
case(
    XGBRegressor(n_estimators=4, objective="survival:cox"),
    XGBRFRegressor(n_estimators=3),
    on=frames.numeric_missing,
    y="positive",
)
case(
    XGBClassifier(n_estimators=3, objective="binary:logitraw"),
    XGBClassifier(n_estimators=3, objective="binary:hinge"),
    XGBClassifier(n_estimators=6, booster="dart", rate_drop=0.5),
    XGBRFClassifier(n_estimators=3),
    on=frames.numeric_missing,
    y="two",
)
case(
    XGBRegressor(n_estimators=3),
    XGBRegressor(n_estimators=3, multi_strategy="multi_output_tree"),
    XGBRegressor(n_estimators=4, booster="dart", rate_drop=0.5, base_score=3.3),
    on=frames.numeric,
    y="two_numbers",
)
case(
    XGBRegressor(n_estimators=3, objective="reg:quantileerror", quantile_alpha=[0.2, 0.8]),
    on=frames.numeric,
    y="number",
)


def two_labels() -> Sample:
    first, second = frames.numeric.targets["two"], frames.numeric.X[:, 1] > 0
    return Sample("labels", frames.numeric.X, {"y": np.column_stack([first, second]).astype(int)})


case(XGBClassifier(n_estimators=3), on=two_labels(), y="y")

case(
    XGBRanker(n_estimators=3),
    on=frames.numeric,
    y="two",
    fit=lambda model, X, y: model.fit(X, y, qid=np.repeat(np.arange(24), 10)),
)


def early_stopped(model: XGBRegressor, X: Any, y: Any) -> XGBRegressor:
    return model.fit(X[:120], y[:120], eval_set=[(X[120:], y[120:])], verbose=False)


case(
    XGBRegressor(n_estimators=30, learning_rate=0.9, early_stopping_rounds=2),
    on=frames.numeric,
    y="number",
    fit=early_stopped,
)
# XGBoost's own model, which is asked with a DMatrix.
case(
    XGBClassifier(n_estimators=3, booster="dart", rate_drop=0.5),
    on=frames.numeric_missing,
    y="three",
    fit=lambda model, X, y: model.fit(X, y).get_booster(),
)

_categories = frames.categorical[["amount", "country", "device", "decade"]]
case(
    XGBClassifier(n_estimators=4, enable_categorical=True),
    XGBClassifier(n_estimators=4, enable_categorical=True, max_cat_to_onehot=100),
    on=_categories,
    y="two",
)
_whole = np.column_stack([frames.numeric_missing.X[:, 0], abs(frames.numeric_missing.X[:, 4])])
case(
    XGBRegressor(n_estimators=4, enable_categorical=True, feature_types=["q", "c"]),
    on=Sample("whole", _whole, frames.numeric.targets),
    y="number",
)
case(XGBClassifier(n_estimators=4, booster="gblinear"), on=frames.numeric_missing, y="two")
case(XGBClassifier(n_estimators=4, booster="gblinear"), on=frames.numeric_frame, y="three")
case(XGBRegressor(n_estimators=4, booster="gblinear"), on=frames.marked_missing, y="number")
refused(
    XGBClassifier(n_estimators=3, objective="multi:softmax"),
    on=frames.numeric,
    y="three",
    words="objective='multi:softmax'",
)
_beyond_ascii = frames.categorical.X[["amount", "country"]].copy()
_beyond_ascii["country"] = _beyond_ascii["country"].cat.rename_categories({"DE": "Köln"})
refused(
    XGBClassifier(n_estimators=3, enable_categorical=True),
    on=Sample("beyond_ascii", _beyond_ascii, frames.categorical.targets),
    y="two",
    words="beyond ASCII",
)
