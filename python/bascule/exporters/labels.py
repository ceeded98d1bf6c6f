"""LabelEncoder, LabelBinarizer and MultiLabelBinarizer: a column of labels to numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.preprocessing import LabelBinarizer, LabelEncoder, MultiLabelBinarizer

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter
from bascule.exporters.columns import exact_floats, in_range
from bascule.exporters.fitted import float64

_FEWEST = 3  # classes: of two, scikit-learn looks at the whole batch
_INT64_END = 2.0**63


@exporter(LabelEncoder)
def label_encoder(step: LabelEncoder, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The position of the label among the classes; an unknown or missing one refuses the row.

    Tier T0. Source: LabelEncoder.transform.
    """
    dtype = np.asarray(step.classes_).dtype
    if dtype.kind == "U":
        raise Unsupported(
            step,
            f"labels held as {dtype.str}, to which numpy cuts longer texts",
            "Fit on a pandas Series, or use OrdinalEncoder",
        )
    column = _labels(step, x, graph)
    if dtype.kind in "iu":
        column = graph.add("function", column, name="trunc")  # as numpy casts to integers
    return graph.add("cast", _codes(step, column, graph, refuse_unknown=True))


@exporter(LabelBinarizer)
def label_binarizer(step: LabelBinarizer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """One column per class: `pos_label` in the label's own, `neg_label` elsewhere. Tier T0.

    Source: LabelBinarizer.transform, label_binarize.
    """
    if step.y_type_.startswith("multilabel") or len(step.classes_) < _FEWEST:
        raise Unsupported(
            step,
            "fewer than three classes, or several labels for a row: the number of columns then "
            "depends on the whole batch",
            "Use OneHotEncoder(drop='if_binary')",
        )
    column = _labels(step, x, graph)
    if column.kind == "f64":
        column = _whole(graph.add("check_finite", column, columns=list(column.columns)), graph)
    code = _codes(step, column, graph, refuse_unknown=False)
    count = len(step.classes_)
    values = np.where(np.eye(count, dtype=np.bool_), float(step.pos_label), float(step.neg_label))
    otherwise = np.full(count, float(step.neg_label))
    result = graph.add("take", code, values=values, otherwise=otherwise)
    return graph.add("to_sparse", result) if step.sparse_output else result


@exporter(MultiLabelBinarizer)
def multi_label_binarizer(step: MultiLabelBinarizer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Per class 1 where the row's list holds it; labels that fit has not seen are ignored. T0.

    Source: MultiLabelBinarizer.transform and _transform.
    """
    if isinstance(x, Frame) or x.kind != "tokens":
        raise Unsupported(
            step,
            "rows that are no lists of texts",
            "Give each row as a list of its labels",
        )
    classes = step.classes_.tolist()
    if not classes or not all(isinstance(label, str) for label in classes):
        raise Unsupported(step, "classes that are no texts", "Make every label a str")
    x = graph.add("count_tokens", x, vocabulary=classes, binary=True)
    return replace(x if step.sparse_output else graph.add("to_dense", x), dtype="int64")


def _labels(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The one column that `x` has, a text or a float64."""
    if x.width != 1:
        raise Unsupported(step, f"{x.width} columns", "Pass the one column of labels")
    column = x[0] if isinstance(x, Frame) else x
    if np.asarray(step.classes_).dtype.kind == "f":
        float64(step, "classes_")
    texts = all(isinstance(label, str) for label in step.classes_)
    if (column.kind == "string") != texts:
        raise Unsupported(
            step, f"a column of {column.kind}, unlike its classes", "Pass what it was fitted on"
        )
    if texts:
        return column
    if column.kind == "f64":
        return graph.add("select", column, columns=np.array([0]))
    return graph.add("cast", column)


def _codes(step: Any, column: Tensor, graph: Graph, *, refuse_unknown: bool) -> Tensor:
    classes = [label.item() if isinstance(label, np.generic) else label for label in step.classes_]
    texts = column.kind == "string"
    return graph.add(
        "lookup_string" if texts else "lookup_number",
        column,
        categories=classes if texts else exact_floats(step, classes, "class"),
        missing=-1,
        refuse_unknown=refuse_unknown,
        refuse_missing=True,
        column=column.column,
    )


def _whole(x: Tensor, graph: Graph) -> Tensor:
    """`x`, refusing rows that are no int64: scikit-learn takes them for a continuous target."""
    x = in_range(x, -_INT64_END, float(np.nextafter(_INT64_END, 0)), graph)
    rest = graph.add("combine", x, graph.add("function", x, name="trunc"), how="subtract")
    rest = in_range(rest, 0.0, 0.0, graph)
    return graph.add("combine", x, rest, how="add")
