"""Linear models."""

import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier

from parity import frames
from parity.case import case, refused
from parity.frames import Sample

case(
    LinearRegression(),
    Ridge(alpha=0.5),
    LinearRegression(fit_intercept=False),
    on=frames.numeric,
    y="number",
)
case(LinearRegression(), Ridge(), on=frames.whole_frame, y="two_numbers")
case(
    LogisticRegression(),
    LogisticRegression(solver="liblinear"),
    LogisticRegression(l1_ratio=1, C=0.1, solver="saga", max_iter=300),
    LogisticRegression(fit_intercept=False),
    RidgeClassifier(),
    on=frames.numeric,
    y="two",
)
case(LogisticRegression(), RidgeClassifier(), on=frames.whole_frame, y="yes_no")
case(LogisticRegression(), RidgeClassifier(), on=frames.numeric, y="words")
refused(
    RidgeClassifier(),
    on=Sample(
        "two_labels",
        frames.numeric.X,
        {
            "y": np.column_stack(
                [frames.numeric.targets["two"], frames.numeric.targets["three"] > 0]
            ).astype(int)
        },
    ),
    y="y",
    words="several labels",
)
