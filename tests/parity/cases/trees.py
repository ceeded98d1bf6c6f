"""Trees and forests."""

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    RandomTreesEmbedding,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
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
case(RandomForestRegressor(40, max_depth=3, n_jobs=2), on=frames.numeric, y="number")
case(RandomForestRegressor(7, criterion="poisson"), on=frames.numeric, y="positive")
case(
    DecisionTreeRegressor(criterion="absolute_error", ccp_alpha=0.01),
    DecisionTreeRegressor(monotonic_cst=[1, 0, 0, -1, 0]),
    on=frames.whole_frame,
    y="number",
)
case(RandomForestClassifier(5), on=frames.float32_frame, y="two")
case(
    DecisionTreeRegressor(max_depth=5),
    RandomForestRegressor(3, max_depth=4),
    on=frames.numeric_missing,
    y="two_numbers",
)


def _two_labels(first: str, second: str) -> Sample:
    targets = frames.numeric.targets
    return Sample(
        "two_labels",
        frames.numeric_missing.X,
        {"y": np.column_stack([targets[first], targets[second]])},
    )


case(
    DecisionTreeClassifier(max_depth=4),
    RandomForestClassifier(3, max_depth=4, class_weight="balanced"),
    on=_two_labels("two", "three"),
    y="y",
)
case(
    ExtraTreesClassifier(3, max_depth=4, criterion="entropy"),
    on=_two_labels("yes_no", "words"),
    y="y",
)
case(
    RandomTreesEmbedding(4, max_depth=3),
    RandomTreesEmbedding(4, max_depth=3, sparse_output=False),
    on=frames.whole_frame,
)
case(make_pipeline(RandomTreesEmbedding(4), LogisticRegression()), on=frames.numeric, y="two")
refused(
    RandomForestClassifier(3),
    on=Sample("many", frames.numeric.X, {"y": (frames.numeric.X[:, [0] * 21] > 0).astype(int)}),
    y="y",
    words="21 targets",
)
