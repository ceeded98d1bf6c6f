"""PolynomialFeatures: products of columns."""

from itertools import chain

import numpy as np
from sklearn.preprocessing import PolynomialFeatures

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter

_MAX_COLUMNS = 65_536


@exporter(PolynomialFeatures)
def polynomial_features(step: PolynomialFeatures, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Every product of up to `degree` columns, in fit's order. Tier T0.

    Dense: from the last factor to the first. Sparse: from the first to the last.
    Source: PolynomialFeatures.transform, _csr_polynomial_expansion.
    """
    if step.n_output_features_ > _MAX_COLUMNS:
        raise Unsupported(
            step, f"{step.n_output_features_} columns", f"At most {_MAX_COLUMNS} can be given"
        )
    if step.n_output_features_ == 0:
        raise Unsupported(step, "no columns come of these degrees", "Pass include_bias=True")
    x = graph.validate(step, x, sparse=True)
    combinations = list(
        step._combinations(
            n_features=step.n_features_in_,
            min_degree=step._min_degree,
            max_degree=step._max_degree,
            interaction_only=step.interaction_only,
            include_bias=step.include_bias,
        )
    )
    sparse = x.kind == "csr"
    ordered = combinations if sparse else [factors[::-1] for factors in combinations]
    result = graph.add(
        "products",
        graph.dense(x),
        counts=np.array([len(factors) for factors in ordered], np.int64),
        factors=np.fromiter(chain.from_iterable(ordered), np.int64),
    )
    return graph.add("to_sparse", result) if sparse else result
