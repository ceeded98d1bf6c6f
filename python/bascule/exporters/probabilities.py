"""What several classifiers make of their scores: shares, log shares, several labels."""

from typing import Any

import numpy as np

from bascule.export import Graph, Tensor, Unsupported
from bascule.sklearn_versions import shares_of_nothing_are_even

# `greater` than the largest double below 0 is "at least 0", for -0.0 too.
JUST_BELOW_ZERO = float(np.nextafter(0.0, -np.inf))


def share_of_each(proba: Tensor, graph: Graph) -> Tensor:
    """Each of `proba` divided by their sum; where all are 0, one over their number.

    Source: the normalization of LinearClassifierMixin._predict_proba_lr.
    """
    total = graph.add("reduce", proba, how="sum")
    if not shares_of_nothing_are_even():
        return graph.add("combine", proba, total, how="divide")
    all_zero = graph.add("compare", total, how="equal", by=np.zeros(1))
    # Where all are 0 this makes each 1, elsewhere it adds 0.
    proba = graph.add("combine", proba, all_zero, how="add")
    total = graph.add("reduce", proba, how="sum")
    return graph.add("combine", proba, total, how="divide")


def label_columns(step: Any, score: Tensor, than: float, graph: Graph) -> dict[str, Tensor]:
    """Several labels for a row: predict.0, predict.1, ..., 1 where the score is above `than`.

    Source: LabelBinarizer.inverse_transform of an indicator matrix.
    """
    if step._label_binarizer.sparse_input_:
        raise Unsupported(step, "sparse targets", "Fit on y.toarray()")
    outputs = {}
    for k in range(score.width):
        one = graph.add("select", score, columns=np.array([k]))
        outputs[f"predict.{k}"] = graph.labels(graph.add("greater", one, than=than), [0, 1])
    return outputs
