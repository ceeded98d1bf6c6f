"""Members of an ensemble: what each answers, and how the ensemble reads it."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from bascule.export import Array, Exported, Graph, Outputs, Tensor, Unsupported


def answers_of(step: Any, result: Exported) -> Outputs:
    """The answers of a member that predicts."""
    if not isinstance(result, Outputs) or "predict" not in result:
        raise Unsupported(step, "a member with no 'predict' of one target", "Use predictors")
    return result


def codes_of(step: Any, result: Exported) -> Tensor:
    """The predicted class as its position among the member's own classes."""
    predict = answers_of(step, result)["predict"]
    if predict.kind != "i64":
        raise Unsupported(step, "a member that predicts no class", "Use classifiers as members")
    return predict


def numbers_of(step: Any, result: Exported) -> Tensor:
    """The predicted number; of a classifier the label that it tells, which is a number then."""
    answers = answers_of(step, result)
    predict = answers["predict"]
    if predict.kind != "i64":
        return predict
    raise Unsupported(step, "a member that predicts a class", "Use regressors as members")


def labels_as_numbers(step: Any, result: Exported, graph: Graph) -> Tensor:
    """What a member predicts, as numpy puts it beside other numbers: labels must be numbers."""
    predict = answers_of(step, result)["predict"]
    if predict.kind != "i64":
        return predict
    known = predict.labels or ()
    if any(isinstance(label, str) for label in known):
        raise Unsupported(step, "labels that are texts among numbers", "Fit on numbers as labels")
    values = np.array([float(label) for label in known], dtype=np.float64)
    return graph.add("take", predict, values=values, otherwise=np.array([np.nan]))


def placed(x: Tensor, columns: Array, width: int, graph: Graph) -> Tensor:
    """`x` with its columns at these places of `width`, and 0 in the others."""
    if x.width == width and np.array_equal(columns, np.arange(width)):
        return x
    zero = graph.add("multiply", graph.add("select", x, columns=np.array([0])), by=np.zeros(1))
    source = np.full(width, x.width)
    source[columns] = np.arange(x.width)
    return graph.add("select", graph.add("concat", x, zero), columns=source)


def total(parts: Sequence[Tensor], graph: Graph) -> Tensor:
    """The sum, from the first part on, one after the other."""
    return reduce(lambda a, b: graph.add("combine", a, b, how="add"), parts)
