"""Boosting."""

from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor

from parity import frames
from parity.case import case, refused

case(
    GradientBoostingClassifier(n_estimators=8),
    GradientBoostingClassifier(n_estimators=8, loss="exponential", init="zero"),
    on=frames.numeric,
    y="yes_no",
)
case(
    GradientBoostingClassifier(n_estimators=6),
    GradientBoostingClassifier(n_estimators=6, init="zero", subsample=0.7),
    on=frames.whole_frame,
    y="words",
)
case(
    *(
        GradientBoostingRegressor(n_estimators=8, loss=loss)
        for loss in ("squared_error", "absolute_error", "huber", "quantile")
    ),
    on=frames.numeric,
    y="number",
)
_forest = RandomForestClassifier(3, max_depth=4)
case(
    GradientBoostingClassifier(n_estimators=4, init=_forest),
    GradientBoostingClassifier(n_estimators=4, init=DummyClassifier(strategy="most_frequent")),
    GradientBoostingClassifier(n_estimators=4, init=_forest, loss="exponential"),
    on=frames.numeric,
    y="two",
)
case(GradientBoostingClassifier(n_estimators=3, init=_forest), on=frames.numeric, y="three")
case(
    GradientBoostingRegressor(n_estimators=4, init=DecisionTreeRegressor(max_depth=3)),
    on=frames.whole_frame,
    y="number",
)
refused(
    GradientBoostingClassifier(n_estimators=3, init=LogisticRegression()),
    on=frames.numeric,
    y="two",
    words="init=LogisticRegression(...), which Python runs in float32",
)
refused(
    GradientBoostingClassifier(n_estimators=3, init=DummyClassifier(strategy="uniform")),
    on=frames.numeric,
    y="two",
    words="which is random",
)
case(HistGradientBoostingClassifier(max_iter=10), on=frames.numeric_missing, y="yes_no")
case(HistGradientBoostingClassifier(max_iter=6), on=frames.numeric_frame, y="words")
case(HistGradientBoostingClassifier(max_iter=6), on=frames.float32_frame, y="two")
case(
    *(
        HistGradientBoostingRegressor(max_iter=8, loss=loss)
        for loss in ("squared_error", "absolute_error", "poisson", "gamma")
    ),
    HistGradientBoostingRegressor(max_iter=8, loss="quantile", quantile=0.3),
    on=frames.numeric_missing,
    y="positive",
)
_five_columns = frames.charges[["amount", "country", "device", "vip", "rating"]]
case(HistGradientBoostingClassifier(max_iter=6), on=frames.categorical, y="two")
case(
    HistGradientBoostingClassifier(max_iter=4, categorical_features=["country", "device"]),
    on=_five_columns,
    y="words",
)
case(
    HistGradientBoostingRegressor(
        max_iter=6,
        categorical_features=[False] * 4 + [True],
        monotonic_cst=[1, 0, 0, -1, 0],
        interaction_cst="pairwise",
    ),
    on=frames.numeric_missing,
    y="number",
)
case(
    HistGradientBoostingRegressor(max_iter=6, categorical_features=[0, 1]),
    on=frames.categorical[["country", "rating"]],
    y="positive",
)
