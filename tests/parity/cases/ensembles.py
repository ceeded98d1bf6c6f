"""Ensembles of other models."""

from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from parity import frames
from parity.case import case, refused
from parity.frames import Sample

case(
    IsolationForest(n_estimators=6),
    IsolationForest(n_estimators=6, max_features=2, max_samples=40, contamination=0.1),
    on=frames.numeric_missing,
)
case(IsolationForest(n_estimators=2, max_samples=1), on=frames.whole_frame)
case(
    AdaBoostClassifier(n_estimators=6),
    AdaBoostClassifier(LogisticRegression(), n_estimators=3),
    on=frames.whole_frame,
    y="yes_no",
)
case(
    AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=5, learning_rate=0.5),
    AdaBoostClassifier(RandomForestClassifier(2, max_depth=2), n_estimators=2),
    on=frames.numeric,
    y="three",
)
# One stump that knows all ends boosting; n_estimators weights are kept all the same.
case(
    AdaBoostClassifier(n_estimators=6),
    on=Sample("separable", frames.numeric.X, {"two": (frames.numeric.X[:, 0] > 0).astype(int)}),
    y="two",
)
case(
    AdaBoostRegressor(n_estimators=7),
    AdaBoostRegressor(Ridge(), n_estimators=4, loss="square"),
    on=frames.numeric,
    y="number",
)
case(
    BaggingClassifier(n_estimators=4, max_features=0.6, bootstrap_features=True, max_samples=0.1),
    on=frames.numeric_missing,
    y="words",
)
case(
    BaggingClassifier(LogisticRegression(), n_estimators=3, max_features=3),
    BaggingClassifier(RidgeClassifier(), n_estimators=3),
    on=frames.numeric,
    y="two",
)
# Members that do not know every class.
case(
    BaggingClassifier(LogisticRegression(), n_estimators=4, max_samples=5),
    on=frames.whole_frame,
    y="three",
)
case(
    BaggingRegressor(n_estimators=3, max_features=0.7),
    BaggingRegressor(HistGradientBoostingRegressor(max_iter=2), n_estimators=2),
    on=frames.numeric_missing,
    y="number",
)
case(BaggingRegressor(Ridge(), n_estimators=3), on=frames.numeric, y="two_numbers")

_classifiers = [("a", LogisticRegression()), ("b", DecisionTreeClassifier(max_depth=3))]
_regressors = [("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3)), ("c", "drop")]
case(
    VotingClassifier(_classifiers, weights=[1, 2.5]),
    VotingClassifier(_classifiers, voting="soft", weights=[1, 2]),
    VotingClassifier(_classifiers, voting="soft", flatten_transform=False),
    on=frames.whole_frame,
    y="words",
)
case(VotingClassifier(_classifiers), on=frames.numeric, y="yes_no")
case(
    VotingRegressor(_regressors, weights=[1, 2, 3]),
    VotingRegressor([(f"m{i}", DecisionTreeRegressor(max_depth=i + 1)) for i in range(9)]),
    on=frames.numeric,
    y="number",
)
refused(
    VotingRegressor(_regressors, weights=[2, -1, 1]),
    on=frames.numeric,
    y="number",
    words="negative weights",
)
case(
    StackingClassifier(_classifiers, cv=3),
    StackingClassifier(_classifiers, DecisionTreeClassifier(max_depth=3), cv=3, passthrough=True),
    on=frames.whole_frame,
    y="yes_no",
)
case(
    StackingClassifier(_classifiers, DecisionTreeClassifier(max_depth=3), stack_method="predict"),
    on=frames.numeric,
    y="words",
)
case(StackingRegressor(_regressors, Ridge(), passthrough=True), on=frames.numeric, y="number")
