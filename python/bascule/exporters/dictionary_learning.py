"""Dictionary learning: rows as sums of few atoms."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import DictionaryLearning, MiniBatchDictionaryLearning, SparseCoder

from bascule.export import Array, Frame, Graph, Tensor, Unsupported, exporter
from bascule.exporters.fitted import as_float64


@exporter(DictionaryLearning, MiniBatchDictionaryLearning)
def dictionary_learning(
    step: DictionaryLearning | MiniBatchDictionaryLearning, x: Tensor | Frame, graph: Graph
) -> Tensor:
    """The code of a row. "omp" is T2, "threshold" T1; the others are refused.

    Source: _BaseSparseCoding._transform, _sparse_encode_precomputed, _gram_omp.
    """
    alpha = step.alpha if step.transform_alpha is None else step.transform_alpha
    return _code(step, step.components_, alpha, x, graph)


@exporter(SparseCoder)
def sparse_coder(step: SparseCoder, x: Tensor | Frame, graph: Graph) -> Tensor:
    """As DictionaryLearning, with a given dictionary."""
    return _code(step, step.dictionary, step.transform_alpha, x, graph)


def _code(step: Any, atoms: Any, alpha: float | None, x: Tensor | Frame, graph: Graph) -> Tensor:
    atoms = np.asarray(atoms)
    atoms = as_float64(step, "the dictionary", atoms if atoms.dtype.kind == "f" else atoms * 1.0)
    how = step.transform_algorithm
    if how not in ("omp", "threshold"):
        raise Unsupported(
            step,
            f"transform_algorithm={how!r}",
            "Use transform_algorithm='omp' or 'threshold'",
        )
    x = graph.validate(step, x)
    products = graph.add("linear", x, weights=np.ascontiguousarray(atoms))
    if how == "omp":
        code = graph.add(
            "matching_pursuit", products, gram=np.dot(atoms, atoms.T), most=_most(step, atoms)
        )
    else:
        code = _thresholded(step, products, 1.0 if alpha is None else float(alpha), graph)
    if not step.split_sign:
        return code
    negative = _kept(code, -np.inf, 0.0, graph)
    return graph.add(
        "concat",
        _kept(code, 0.0, np.inf, graph),
        graph.add("multiply", negative, by=np.full(code.width, -1.0)),
    )


def _most(step: Any, atoms: Array) -> int:
    """How many atoms a row may have. Source: _sparse_encode."""
    given = step.transform_n_nonzero_coefs
    count, width = atoms.shape
    return int(min(max(width / 10, 1), count) if given is None else given)


def _thresholded(step: Any, products: Tensor, alpha: float, graph: Graph) -> Tensor:
    """sign(p) max(|p| - alpha, 0), as max(p - alpha, 0) - max(-p - alpha, 0): the same bits."""
    by = np.full(products.width, alpha)
    above = _kept(graph.add("subtract", products, by=by), 0.0, np.inf, graph)
    if step.positive_code:
        return above
    turned = graph.add("multiply", products, by=np.full(products.width, -1.0))
    below = _kept(graph.add("subtract", turned, by=by), 0.0, np.inf, graph)
    return graph.add("combine", above, below, how="subtract")


def _kept(x: Tensor, low: float, high: float, graph: Graph) -> Tensor:
    return graph.add("clip", x, low=np.full(x.width, low), high=np.full(x.width, high))
