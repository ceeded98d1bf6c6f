"""Feature selection: some of the columns, and what the model inside says of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
)
from sklearn.utils._set_output import _get_output_config

from bascule.export import Exported, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.sklearn_versions import allows_nan


@exporter(
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
)
def selector(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor | Frame:
    """The columns of `get_support()`, in their order. Tier T0.

    All columns are checked, also those that are left out, but of a frame that stays a frame none.
    Source: SelectorMixin.transform.
    """
    return _selected(step, x, graph)


@exporter(RFE, RFECV)
def recursive_elimination(step: RFE, x: Tensor | Frame, graph: Graph) -> Exported:
    """The columns that are left, and the answers of the model that was fitted on them.

    Source: RFE.transform, predict, predict_proba, predict_log_proba, decision_function.
    """
    selected = _selected(step, x, graph)
    result = graph.export(step.estimator_, selected, "estimator")
    if not isinstance(result, Outputs):
        return selected
    outputs = result.of(step)
    outputs["transform"] = graph.matrix(selected)
    return outputs


def _selected(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor | Frame:
    columns = np.flatnonzero(step.get_support())
    if len(columns) == 0:
        raise Unsupported(step, "no column is selected", "Select at least one column")
    output = _get_output_config("transform", step)["dense"]
    if isinstance(x, Frame) and output != "default":
        graph.check_columns(step, x)
        return x.select([int(i) for i in columns])
    # A step before it that gives pandas' frames of numbers is one matrix here.
    is_frame = output == "pandas" and hasattr(step, "feature_names_in_")
    if is_frame or allows_nan(step):
        graph.check_columns(step, x)
        x = graph.matrix(x)  # allow_nan lets infinity pass too
    else:
        x = graph.validate(step, x, sparse=True)
    return graph.add("select", x, columns=columns)
