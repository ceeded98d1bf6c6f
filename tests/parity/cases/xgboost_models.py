"""XGBoost."""

from xgboost import XGBClassifier, XGBRegressor

from parity import frames
from parity.case import case, refused

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
refused(
    XGBClassifier(n_estimators=3, booster="dart"),
    XGBClassifier(n_estimators=3, booster="gblinear"),
    on=frames.numeric,
    y="two",
    words="booster=",
)
refused(
    XGBClassifier(n_estimators=3, objective="multi:softmax"),
    on=frames.numeric,
    y="three",
    words="objective='multi:softmax'",
)
refused(XGBRegressor(n_estimators=3), on=frames.numeric, y="two_numbers", words="several targets")
refused(
    XGBRegressor(n_estimators=3, multi_strategy="multi_output_tree", tree_method="hist"),
    on=frames.numeric,
    y="two_numbers",
    words="multi_output_tree",
)
