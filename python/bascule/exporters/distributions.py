"""QuantileTransformer and PowerTransformer: columns given another distribution."""

import numpy as np
from scipy import stats
from sklearn.preprocessing import PowerTransformer, QuantileTransformer
from sklearn.preprocessing._data import BOUNDS_THRESHOLD

from bascule.export import Array, Frame, Graph, Tensor, Unsupported, exporter
from bascule.exporters.columns import in_range
from bascule.exporters.scalers import standard_scaler
from bascule.sklearn_versions import require_scipy_powers

_EPS = float(np.finfo(np.float64).eps)
_BOXCOX_LOG = 1e-19  # scipy takes the logarithm for smaller lambdas
_BOXCOX_LARGE = 709.78  # and another order of arithmetic where expm1 would overflow


@exporter(QuantileTransformer)
def quantile_transformer(step: QuantileTransformer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """The share of fit's rows below x, from both sides; then the normal distribution's inverse.

    Tier T0; T1 with output_distribution="normal". Of sparse input the stored cells are changed.
    Source: QuantileTransformer._transform_col.
    """
    quantiles = np.asarray(step.quantiles_, np.float64)
    if np.isnan(quantiles).any():
        raise Unsupported(step, "a column that was all missing in fit", "Drop such columns")
    x = graph.validate(step, x, missing=True, sparse=True)
    if x.kind != "csr":
        return _quantile(step, x, quantiles, graph)
    if not step.ignore_implicit_zeros:
        x = in_range(x, 0.0, np.inf, graph)
    cells = graph.dense(x)
    zeros = graph.add("multiply", cells, by=np.zeros(x.width))
    return graph.add(
        "to_sparse", graph.add("choose", cells, _quantile(step, cells, quantiles, graph), zeros)
    )


def _quantile(step: QuantileTransformer, x: Tensor, quantiles: Array, graph: Graph) -> Tensor:
    references = np.asarray(step.references_, np.float64)
    low, high = quantiles[0], quantiles[-1]
    upward = graph.add("interpolate", x, x=quantiles.T.copy(), y=references)
    downward = graph.add(
        "interpolate",
        graph.add("function", x, name="negative"),
        x=-quantiles[::-1].T.copy(),
        y=-references[::-1],
    )
    both = graph.add("combine", upward, downward, how="subtract")
    share = graph.add("multiply", both, by=np.full(x.width, 0.5))
    if step.output_distribution == "uniform":
        above = graph.add("compare", x, how="equal", by=high)
        below = graph.add("compare", x, how="equal", by=low)
    else:
        margin = np.full(x.width, BOUNDS_THRESHOLD)
        above = graph.add("compare", graph.add("add", x, by=margin), how="greater", by=high)
        below = graph.add("compare", graph.add("subtract", x, by=margin), how="less", by=low)
    share = graph.add("choose", above, _constant(share, 1.0, graph), share)
    share = graph.add("choose", below, _constant(share, 0.0, graph), share)
    if step.output_distribution == "uniform":
        return share
    ends = [BOUNDS_THRESHOLD - np.spacing(1), 1 - (BOUNDS_THRESHOLD - np.spacing(1))]
    least, most = (np.full(x.width, stats.norm.ppf(end)) for end in ends)
    return graph.add("clip", graph.add("normal_quantile", share), low=least, high=most)


def _constant(x: Tensor, value: float, graph: Graph) -> Tensor:
    """`value` where x is a number, NaN where it is NaN."""
    whole = np.full(x.width, value)
    return graph.add("clip", x, low=whole, high=whole)


@exporter(PowerTransformer)
def power_transformer(step: PowerTransformer, x: Tensor | Frame, graph: Graph) -> Tensor:
    """Yeo-Johnson or Box-Cox with fit's lambdas, then StandardScaler. Tier T1.

    Box-Cox refuses what is not positive. Source: PowerTransformer.transform,
    scipy.stats.yeojohnson, scipy.special.boxcox.
    """
    lambdas = np.asarray(step.lambdas_, np.float64)
    if np.isnan(lambdas).any():
        raise Unsupported(step, "a column that was all missing in fit", "Drop such columns")
    x = graph.validate(step, x, missing=True)
    require_scipy_powers(step)
    power = _box_cox if step.method == "box-cox" else _yeo_johnson
    x = power(x, lambdas, graph)
    return standard_scaler(step._scaler, x, graph) if step.standardize else x


def _yeo_johnson(x: Tensor, lambdas: Array, graph: Graph) -> Tensor:
    """Each side computes on 0 where the other is taken."""
    zero, infinity = np.zeros(x.width), np.full(x.width, np.inf)
    right = graph.add("clip", x, low=zero, high=infinity)
    left = graph.add("clip", graph.add("function", x, name="negative"), low=zero, high=infinity)
    right = _side(right, np.where(np.abs(lambdas) < _EPS, 0.0, lambdas), graph)
    left = _side(left, np.where(np.abs(lambdas - 2) > _EPS, 2 - lambdas, 0.0), graph)
    left = graph.add("function", left, name="negative")
    positive = graph.add("compare", x, how="greater_equal", by=zero)
    return graph.add("choose", positive, right, left)


def _side(x: Tensor, powers: Array, graph: Graph) -> Tensor:
    """expm1(power * log1p(x)) / power; log1p(x) for the power 0."""
    logarithm = graph.add("function", x, name="log1p")
    return _expm1_over(logarithm, powers, graph)


def _expm1_over(logarithm: Tensor, powers: Array, graph: Graph) -> Tensor:
    if not powers.any():
        return logarithm
    other = np.where(powers == 0, 1.0, powers)
    raised = graph.add("function", graph.add("multiply", logarithm, by=other), name="expm1")
    return _where(powers != 0, graph.add("divide", raised, by=other), logarithm, graph)


def _box_cox(x: Tensor, lambdas: Array, graph: Graph) -> Tensor:
    x = in_range(x, 0.0, np.inf, graph, is_open=True)
    logarithm = graph.add("log", x)
    powers = np.where(np.abs(lambdas) < _BOXCOX_LOG, 0.0, lambdas)
    usual = _expm1_over(logarithm, powers, graph)
    if not powers.any():
        return usual
    other = np.where(powers == 0, 1.0, powers)
    product = graph.add("multiply", logarithm, by=other)
    large = graph.add("exp", graph.add("subtract", product, by=np.log(np.abs(other))))
    large = graph.add("multiply", large, by=np.sign(other))
    large = graph.add("subtract", large, by=1 / other)
    limits = np.where(powers == 0, np.inf, _BOXCOX_LARGE)
    fits = graph.add("compare", product, how="less", by=limits)
    return graph.add("choose", fits, usual, large)


def _where(wanted: Array, yes: Tensor, no: Tensor, graph: Graph) -> Tensor:
    """The columns `wanted` of the one, the others of the other."""
    if wanted.all():
        return yes
    positions = np.arange(len(wanted)) + np.where(wanted, 0, len(wanted))
    return graph.add("select", graph.add("concat", yes, no), columns=positions)
