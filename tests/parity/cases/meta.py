"""Meta-estimators: searches, calibration, thresholds, several targets, many classes of two."""

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
    RegressorChain,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from parity import frames
from parity.case import case, refused
from parity.frames import Sample

_y = frames.numeric.targets
_large = (np.abs(_y["number"]) > 1).astype(int)
_several = np.column_stack([_y["two"], _large, _y["three"] > 0])
_unlabelled = np.where(np.arange(frames.ROWS) % 3 == 0, -1, _y["three"])
_targets = Sample(
    "numeric",
    frames.numeric.X,
    {
        **_y,
        "several": _several,
        "constant_first": np.column_stack([np.zeros(frames.ROWS, int), _several]),
        "constant_last": np.column_stack([_several, np.ones(frames.ROWS, int)]),
        "two_words": np.column_stack([_y["words"], _y["yes_no"]]),
        "unlabelled": _unlabelled,
        "nine": np.digitize(_y["number"], np.quantile(_y["number"], np.arange(1, 9) / 9)),
    },
)


def tree() -> DecisionTreeClassifier:
    return DecisionTreeClassifier(max_depth=3)


def boosted() -> XGBClassifier:
    return XGBClassifier(n_estimators=2, max_depth=2)


case(
    GridSearchCV(RidgeClassifier(), {"alpha": [0.1, 1.0]}, cv=2),
    HalvingGridSearchCV(tree(), {"max_depth": [2, 3]}, cv=2),
    RandomizedSearchCV(tree(), {"max_depth": [2, 3]}, n_iter=1, cv=2),
    on=_targets,
    y="yes_no",
)
case(
    HalvingRandomSearchCV(
        StandardScaler(), {"with_mean": [True, False]}, scoring=lambda model, X, y=None: 1.0
    ),
    make_pipeline(FrozenEstimator(StandardScaler().fit(frames.numeric.X)), MinMaxScaler()),
    on=_targets,
)
case(SelfTrainingClassifier(tree()), on=_targets, y="unlabelled")
case(
    GridSearchCV(
        make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()),
        {"logisticregression__C": [0.1, 1.0]},
        cv=2,
    ),
    on=frames.texts_and_nulls,
    y="yes_no",
)
_never_best = GridSearchCV(RidgeClassifier(), {"alpha": [0.1, 1.0]}, cv=2, refit=False)
refused(_never_best, on=_targets, y="two", words="refit=False")

for _method in ("sigmoid", "isotonic"):
    case(
        CalibratedClassifierCV(RidgeClassifier(), cv=2, method=_method),
        CalibratedClassifierCV(tree(), cv=2, method=_method, ensemble=False),
        CalibratedClassifierCV(boosted(), cv=2, method=_method, ensemble=False),
        on=_targets,
        y="two",
    )
    case(
        CalibratedClassifierCV(tree(), cv=3, method=_method),
        CalibratedClassifierCV(RidgeClassifier(), cv=2, method=_method, ensemble=False),
        on=_targets,
        y="words",
    )
for _target in ("two", "words"):
    case(
        CalibratedClassifierCV(RidgeClassifier(), cv=2, method="temperature", ensemble=False),
        CalibratedClassifierCV(tree(), cv=2, method="temperature", ensemble=False),
        on=_targets,
        y=_target,
    )
case(
    CalibratedClassifierCV(
        FrozenEstimator(tree().fit(frames.numeric.X, _y["yes_no"])), method="sigmoid"
    ),
    on=_targets,
    y="yes_no",
)
refused(
    CalibratedClassifierCV(boosted(), cv=2, method="temperature"),
    on=_targets,
    y="two",
    words="method='temperature' on float32",
)

case(
    FixedThresholdClassifier(LogisticRegression(), threshold=0.7, pos_label="no"),
    FixedThresholdClassifier(LogisticRegression(), response_method="decision_function"),
    FixedThresholdClassifier(RidgeClassifier(), threshold=-0.1, pos_label="no"),
    FixedThresholdClassifier(tree(), threshold=np.inf),
    TunedThresholdClassifierCV(tree(), scoring=make_scorer(f1_score, pos_label="yes"), cv=2),
    on=_targets,
    y="yes_no",
)
case(
    FixedThresholdClassifier(boosted(), threshold=0.7, pos_label=0),
    TunedThresholdClassifierCV(RidgeClassifier(), cv=2),
    on=_targets,
    y="two",
)

case(
    MultiOutputRegressor(DecisionTreeRegressor(max_depth=3)),
    MultiOutputRegressor(XGBRegressor(n_estimators=2)),
    RegressorChain(Ridge(), order=[1, 0]),
    RegressorChain(DecisionTreeRegressor(max_depth=3), cv=2),
    on=_targets,
    y="two_numbers",
)
case(
    MultiOutputClassifier(tree()),
    MultiOutputClassifier(RidgeClassifier()),
    on=_targets,
    y="two_words",
)
case(
    MultiOutputClassifier(boosted()),
    ClassifierChain(tree(), order="random"),
    ClassifierChain(RidgeClassifier(), order=[2, 0, 1]),
    ClassifierChain(tree(), chain_method="predict_proba", cv=2),
    ClassifierChain(RidgeClassifier(), chain_method="decision_function"),
    on=_targets,
    y="several",
)

for _target in ("yes_no", "words"):
    case(
        OneVsRestClassifier(RidgeClassifier()),
        OneVsRestClassifier(tree()),
        OneVsOneClassifier(RidgeClassifier()),
        OneVsOneClassifier(tree()),
        OneVsOneClassifier(Ridge()),
        OutputCodeClassifier(RidgeClassifier(), code_size=2),
        OutputCodeClassifier(tree(), code_size=2),
        on=_targets,
        y=_target,
    )
case(OneVsRestClassifier(boosted()), OneVsOneClassifier(boosted()), on=_targets, y="three")
case(OneVsRestClassifier(Ridge()), OneVsRestClassifier(tree()), on=_targets, y="several")
case(OneVsRestClassifier(tree()), on=_targets, y="nine")
refused(OneVsRestClassifier(boosted()), on=_targets, y="nine", words="of 9 classes in float32")
for _target in ("constant_first", "constant_last"):
    case(
        OneVsRestClassifier(tree()),
        OneVsRestClassifier(RidgeClassifier()),
        on=_targets,
        y=_target,
    )

case(
    TransformedTargetRegressor(),
    TransformedTargetRegressor(func=np.log, inverse_func=np.exp),
    TransformedTargetRegressor(DecisionTreeRegressor(), func=np.log1p, inverse_func=np.expm1),
    TransformedTargetRegressor(Ridge(), func=np.sqrt, inverse_func=np.square),
    on=_targets,
    y="positive",
)
case(
    *(
        TransformedTargetRegressor(LinearRegression(), transformer=transformer)
        for transformer in (
            StandardScaler(),
            StandardScaler(with_mean=False, with_std=False),
            MinMaxScaler(),
            RobustScaler(),
            make_pipeline(MaxAbsScaler(), FunctionTransformer(np.arctan, np.tan)),
            QuantileTransformer(n_quantiles=40),
            QuantileTransformer(n_quantiles=40, output_distribution="normal"),
            PowerTransformer(),
        )
    ),
    on=_targets,
    y="two_numbers",
)
case(
    TransformedTargetRegressor(XGBRegressor(n_estimators=2), transformer=StandardScaler()),
    TransformedTargetRegressor(XGBRegressor(n_estimators=2), transformer=MinMaxScaler()),
    on=_targets,
    y="number",
)
case(
    TransformedTargetRegressor(XGBRegressor(n_estimators=2), func=np.sqrt, inverse_func=np.square),
    on=_targets,
    y="positive",
)
refused(
    TransformedTargetRegressor(XGBRegressor(n_estimators=2), func=np.log, inverse_func=np.exp),
    on=_targets,
    y="positive",
    words="inverse_func on a prediction in float32",
)
refused(
    TransformedTargetRegressor(XGBRegressor(n_estimators=2), transformer=PowerTransformer()),
    on=_targets,
    y="number",
    words="the inverse of a prediction in float32",
)
refused(
    TransformedTargetRegressor(transformer=PowerTransformer("box-cox")),
    on=_targets,
    y="positive",
    words="the inverse of method='box-cox'",
)
refused(
    TransformedTargetRegressor(
        transformer=KBinsDiscretizer(4, encode="ordinal", quantile_method="linear"),
        check_inverse=False,
    ),
    on=_targets,
    y="number",
    words="the inverse of transformer=KBinsDiscretizer",
)
_range = {"a_min": -9, "a_max": 9}
refused(
    TransformedTargetRegressor(
        transformer=FunctionTransformer(np.clip, np.clip, kw_args=_range, inv_kw_args=_range),
        check_inverse=False,
    ),
    on=_targets,
    y="number",
    words="inv_kw_args=",
)
