"""Random projections and kernel approximations: sums with random weights that fit drew."""

from typing import Any

import numpy as np
from sklearn.kernel_approximation import (
    AdditiveChi2Sampler,
    PolynomialCountSketch,
    RBFSampler,
    SkewedChi2Sampler,
)
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from bascule.export import Frame, Graph, Tensor, Unsupported, exporter
from bascule.exporters.columns import in_range, integers
from bascule.exporters.fitted import as_float64, float64

_MOST_COMPONENTS = 4096  # as the operator convolve
_SAMPLE_INTERVALS = {1: 0.8, 2: 0.5, 3: 0.4}


@exporter(GaussianRandomProjection, SparseRandomProjection)
def random_projection(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    """out = x @ components.T. Tier T1. A sparse answer is given dense: the same numbers.

    Source: GaussianRandomProjection.transform, SparseRandomProjection.transform.
    """
    components = step.components_
    components = components.toarray() if hasattr(components, "toarray") else components
    x = graph.validate(step, x, sparse=True)
    return graph.add("linear", x, weights=as_float64(step, "components_", components))


@exporter(RBFSampler)
def rbf_sampler(step: RBFSampler, x: Tensor | Frame, graph: Graph) -> Tensor:
    """out = cos(x @ weights + offset) * sqrt(2 / n_components). Tier T1.

    Source: RBFSampler.transform.
    """
    x = graph.validate(step, x, sparse=True)
    return _cosines(step, x, (2.0 / step.n_components) ** 0.5, graph)


@exporter(SkewedChi2Sampler)
def skewed_chi2_sampler(step: SkewedChi2Sampler, x: Tensor | Frame, graph: Graph) -> Tensor:
    """As RBFSampler, of log(x + skewedness); x at -skewedness or below is refused. Tier T1.

    Source: SkewedChi2Sampler.transform.
    """
    x = graph.validate(step, x)
    width = x.width
    x = in_range(x, -float(step.skewedness), np.inf, graph, is_open=True)
    x = graph.add("log", graph.add("add", x, by=np.full(width, float(step.skewedness))))
    return _cosines(step, x, np.sqrt(2.0) / np.sqrt(step.n_components), graph)


@exporter(AdditiveChi2Sampler)
def additive_chi2_sampler(step: AdditiveChi2Sampler, x: Tensor | Frame, graph: Graph) -> Tensor:
    """sqrt(x * interval), then per step sqrt(2 * x * interval / cosh(pi * j * interval)) times the
    cosine and the sine of j * interval * log(x); 0 stays 0. Tier T1.

    Source: AdditiveChi2Sampler._transform_dense and _transform_sparse.
    """
    if integers(x) is not None:
        raise Unsupported(
            step,
            "whole numbers, to which Python then rounds its answer",
            "Make them floats first, for example with MaxAbsScaler or X.astype('float64')",
        )
    sparse = graph.validate(step, x, sparse=True)
    x = in_range(graph.dense(sparse), 0.0, np.inf, graph)
    width = x.width

    def times(value: Tensor, factor: float) -> Tensor:
        return graph.add("multiply", value, by=np.full(width, factor))

    interval = _interval(step)
    zero, one = times(x, 0.0), graph.add("clip", x, low=np.ones(width), high=np.ones(width))
    logarithm = times(graph.add("log", graph.add("choose", x, x, one)), interval)
    doubled = times(times(x, 2.0), interval)
    blocks = [graph.add("function", times(x, interval), name="sqrt")]
    for j in range(1, step.sample_steps):
        divisor = np.full(width, np.cosh(np.pi * j * interval))
        factor = graph.add("function", graph.add("divide", doubled, by=divisor), name="sqrt")
        angle = times(logarithm, float(j))
        for name in ("cos", "sin"):
            wave = graph.add("function", angle, name=name)
            product = graph.add("combine", factor, wave, how="multiply")
            blocks.append(graph.add("choose", x, product, zero))
    result = blocks[0] if len(blocks) == 1 else graph.add("concat", *blocks)
    return graph.add("to_sparse", result) if sparse.kind == "csr" else result


@exporter(PolynomialCountSketch)
def polynomial_count_sketch(step: PolynomialCountSketch, x: Tensor | Frame, graph: Graph) -> Tensor:
    """`degree` count sketches of sqrt(gamma) * x, with a last column sqrt(coef0), convolved. Tier
    T1: Python multiplies their Fourier transforms.

    Source: PolynomialCountSketch.transform.
    """
    if step.n_components > _MOST_COMPONENTS:
        raise Unsupported(
            step, f"n_components={step.n_components}", f"At most {_MOST_COMPONENTS} are exported"
        )
    x = graph.validate(step, x, sparse=True)
    scaled = graph.add("multiply", x, by=np.full(x.width, np.sqrt(step.gamma)))
    sketches = [_count_sketch(step, scaled, d, graph) for d in range(step.degree)]
    if len(sketches) == 1:  # Python transforms a single one there and back too
        one = np.zeros(step.n_components)
        one[0] = 1.0
        nothing = np.zeros((step.n_components, x.width))
        sketches.append(graph.add("linear", x, weights=nothing, bias=one))
    result = sketches[0]
    for sketch in sketches[1:]:
        result = graph.add("convolve", result, sketch)
    return result


def _count_sketch(step: PolynomialCountSketch, x: Tensor, d: int, graph: Graph) -> Tensor:
    """Each column added to one of the components, or subtracted, in the order of columns."""
    component, sign = np.asarray(step.indexHash_[d]), np.asarray(step.bitHash_[d], np.float64)
    weights = np.zeros((step.n_components, len(sign)))
    weights[component, np.arange(len(sign))] = sign
    bias = None if step.coef0 == 0 else weights[:, -1] * np.sqrt(step.coef0)
    return graph.add("linear", x, weights=weights[:, : x.width].copy(), bias=bias)


def _interval(step: AdditiveChi2Sampler) -> float:
    if step.sample_interval is not None:
        return float(step.sample_interval)
    return _SAMPLE_INTERVALS[step.sample_steps]


def _cosines(step: Any, x: Tensor, factor: float, graph: Graph) -> Tensor:
    weights = float64(step, "random_weights_").T.copy()
    offset = float64(step, "random_offset_")
    x = graph.add("linear", x, weights=weights, bias=offset)
    x = graph.add("function", x, name="cos")
    return graph.add("multiply", x, by=np.full(x.width, float(factor)))
