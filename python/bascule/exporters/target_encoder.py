"""TargetEncoder: a category becomes the mean of the target that fit saw with it."""

import numpy as np
from sklearn.preprocessing import TargetEncoder

from bascule.export import Frame, Graph, Tensor, exporter
from bascule.exporters.categories import codes
from bascule.exporters.columns import single_columns


@exporter(TargetEncoder)
def target_encoder(step: TargetEncoder, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Per column: position among the categories, then its mean, one per class of more than two.

    Unknown categories get the mean of the whole target. Tier T0.
    Source: TargetEncoder.transform and _transform_X_ordinal.
    """
    parts = []
    classes = len(step.classes_) if step.target_type_ == "multiclass" else 1
    mean = np.atleast_1d(np.asarray(step.target_mean_, np.float64))
    for position, column in enumerate(single_columns(step, x, graph)):
        code = codes(step, x, column, position, False, graph)
        means = step.encodings_[position * classes : (position + 1) * classes]
        values = np.column_stack(means).astype(np.float64)
        parts.append(
            graph.add("take", code, values=values if classes > 1 else values[:, 0], otherwise=mean)
        )
    return parts[0] if len(parts) == 1 else graph.add("concat", *parts)
