"""Trees and forests."""

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from parity import frames
from parity.case import case, refused
from parity.frames import Sample

case(
    DecisionTreeClassifier(),
    DecisionTreeClassifier(max_leaf_nodes=9),
    ExtraTreeClassifier(),
    RandomForestClassifier(7),
    ExtraTreesClassifier(7),
    on=frames.numeric,
    y="two",
)
case(
    DecisionTreeClassifier(),
    RandomForestClassifier(7),
    ExtraTreesClassifier(7),
    on=frames.numeric_missing,
    y="words",
)
case(
    DecisionTreeRegressor(),
    ExtraTreeRegressor(),
    RandomForestRegressor(7),
    ExtraTreesRegressor(7),
    on=frames.numeric_missing,
    y="number",
)
case(RandomForestRegressor(7, criterion="poisson"), on=frames.numeric, y="positive")
case(DecisionTreeRegressor(criterion="absolute_error"), on=frames.whole_frame, y="number")
case(RandomForestClassifier(5), on=frames.float32_frame, y="two")
refused(
    DecisionTreeRegressor(),
    RandomForestRegressor(3),
    on=frames.numeric,
    y="two_numbers",
    words="2 targets",
)


_two_labels = Sample(
    "two_labels",
    frames.numeric.X,
    {"y": np.column_stack([frames.numeric.targets["two"], frames.numeric.X[:, 1] > 0]).astype(int)},
)
refused(
    DecisionTreeClassifier(),
    RandomForestClassifier(3),
    ExtraTreesClassifier(3),
    on=_two_labels,
    y="y",
    words="2 targets",
)
