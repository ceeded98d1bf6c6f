"""What a model is given: sparse matrices, float32, integers, booleans."""

import numpy as np
import scipy.sparse as sp
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import Lasso, LogisticRegression, Ridge, RidgeClassifier
from sklearn.multioutput import RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, RobustScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from parity import frames
from parity.case import case, refused
from parity.frames import Sample

_y = frames.numeric.targets
_holey = np.where(
    np.random.default_rng(6).random(frames.numeric.X.shape) < 0.5, 0, frames.numeric.X
)
_csr = Sample("csr", sp.csr_matrix(_holey), _y)
_csr_array = Sample("csr_array", sp.csr_array(_holey), _y)
_float32 = Sample("float32", frames.numeric.X.astype(np.float32), _y)
_float32_missing = Sample("float32_missing", frames.numeric_missing.X.astype(np.float32), _y)
_whole = Sample("whole", np.round(frames.numeric.X).astype(np.int32), _y)
_flags = Sample("flags", frames.numeric.X > 0, _y)

case(
    RidgeClassifier(),
    DecisionTreeClassifier(max_depth=3),
    XGBClassifier(n_estimators=2),
    on=_csr,
    y="three",
)
case(
    make_pipeline(RobustScaler(with_centering=False), Ridge()),
    Lasso(alpha=0.1),
    on=_csr,
    y="number",
)
case(RegressorChain(Ridge()), on=_csr, y="two_numbers")
case(MaxAbsScaler(), StandardScaler(with_mean=False), on=_csr_array)
case(
    DecisionTreeClassifier(max_depth=3),
    HistGradientBoostingClassifier(max_iter=2),
    XGBClassifier(n_estimators=2),
    on=_float32_missing,
    y="two",
)
case(RandomForestClassifier(3, max_depth=3), on=_float32, y="three")
refused(StandardScaler(), on=_float32, words="columns of float32")
refused(
    make_pipeline(MaxAbsScaler(), DecisionTreeClassifier()),
    on=_float32,
    y="two",
    words="columns of float32",
)
case(StandardScaler(), on=_whole)
case(LogisticRegression(), DecisionTreeClassifier(max_depth=3), on=_flags, y="two")
